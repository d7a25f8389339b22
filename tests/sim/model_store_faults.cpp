// How the model disk fails.

#include "tests/sim/model_store.h"

namespace twinzone::sim {

Result<zone::Committed> ModelStore::attempt(zone::Commit& commit) {
    if (broken_) {
        return fail(Errc::store_io, "the store waits to be opened again after a disk error");
    }
    if (world_.chance(faults_.failure_percent)) {
        world_.count("disk full");
        return fail(Errc::disk_full, "no space left");
    }
    if (world_.chance(faults_.io_percent)) {
        break_disk(commit);
        return fail(Errc::store_io, "input/output error");
    }
    return apply(commit);
}

// The sync failed: what was to be synced may be on the disk or not (store.h tells the rule).
void ModelStore::break_disk(zone::Commit& commit) {
    world_.count("disk error");
    broken_ = true;
    unsure_.insert(commit.zone.to_text());
    if (world_.chance(50)) {
        static_cast<void>(apply(commit));
    }
    world_.after(world_.between(milliseconds{10}, seconds{20}), [weak = weak_from_this()] {
        if (const std::shared_ptr<ModelStore> self = weak.lock()) {
            self->mend_disk();
        }
    });
}

void ModelStore::mend_disk() {
    broken_ = false;
    for (const std::string& text : std::exchange(unsure_, {})) {
        const dns::Name zone = *dns::Name::from_text(text);
        const std::shared_ptr<const StoredVersion> before = served(zone);
        if (!disk_.zones.contains(text)) {
            continue;
        }
        show(zone);
        const std::shared_ptr<const StoredVersion> after = served(zone);
        if (after && (!before || after->version.digest != before->version.digest)) {
            events_.on_found(zone, after->version);
        }
    }
}

void ModelStore::crash() {
    if (busy_ && !broken_ && !queue_.empty() && world_.chance(50)) {
        world_.count("crash with a commit on its way, whole");
        static_cast<void>(apply(queue_.front().commit));
    } else if (busy_) {
        world_.count("crash with a commit on its way, lost");
    }
}

}  // namespace twinzone::sim
