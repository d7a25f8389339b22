// What the model store's writer asks others about before it commits.

#include <utility>

#include "tests/sim/model_store.h"

namespace twinzone::sim {

// As the writer does it: ready to be written, and nothing else goes on meanwhile.
void ModelStore::ask_agreement() {
    const zone::Commit& commit = queue_.front().commit;
    const std::shared_ptr<const StoredVersion> before = disk_.zones[commit.zone.to_text()].content;
    Result<Prepared> prepared = prepare(queue_.front().commit);
    if (!prepared) {
        Pending pending = std::move(queue_.front());
        queue_.pop_front();
        complete(std::move(pending), fail(std::move(prepared).error()));
        return;
    }
    agreed_ = *std::move(prepared);
    if (!agreed_->result.changed) {
        finish_front();
        return;
    }
    const StoredVersion& version = *agreed_->held.content;
    std::vector<store::Proposal> proposals(1);
    proposals[0].zone = commit.zone;
    proposals[0].before = before ? std::optional{before->version} : std::nullopt;
    proposals[0].version = version.version;
    proposals[0].source = commit.source;
    if (before && !version.history.empty()) {
        proposals[0].steps = version.history.back()->pages;
    }
    proposals[0].content = pages_of(version);
    agreeing_ = true;
    events_.agree(std::move(proposals), [weak = weak_from_this()](const Result<void>& agreed) {
        if (const std::shared_ptr<ModelStore> self = weak.lock()) {
            self->handle_agreed(agreed);
        }
    });
}

// The sync comes after it: a crash in between leaves a version that is part of the history alone.
void ModelStore::handle_agreed(const Result<void>& agreed) {
    agreeing_ = false;
    if (!agreed) {
        agreed_.reset();
        Pending pending = std::move(queue_.front());
        queue_.pop_front();
        complete(std::move(pending), fail(agreed.error()));
        return;
    }
    world_.after(world_.between(microseconds{300}, faults_.most_commit_time),
                 [weak = weak_from_this()] {
                     if (const std::shared_ptr<ModelStore> self = weak.lock()) {
                         self->finish_front();
                     }
                 });
}

}  // namespace twinzone::sim
