#include "tests/sim/model_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/zone/diff_pages.h"
#include "common/zone/version_encoder.h"

namespace twinzone::sim {

namespace {

class VectorCursor final : public zone::PageCursor {
  public:
    explicit VectorCursor(std::vector<ByteView> pages) : pages_(std::move(pages)) {}

    Result<std::optional<ByteView>> next() override {
        return at_ < pages_.size() ? std::optional{pages_[at_++]} : std::nullopt;
    }

  private:
    std::vector<ByteView> pages_;
    std::size_t at_ = 0;
};

class ModelSnapshot final : public zone::Snapshot {
  public:
    explicit ModelSnapshot(std::shared_ptr<const StoredVersion> content)
        : content_(std::move(content)) {}

    const zone::Version& version() const noexcept override { return content_->version; }

    std::string source() const override { return content_->source; }

    std::unique_ptr<zone::PageCursor> pages() const override { return pages_of(*content_); }

    Result<std::optional<std::vector<zone::HistoryStep>>> history(
        dns::Serial serial) const override {
        std::vector<zone::HistoryStep> steps;
        if (serial == content_->version.serial()) {
            return std::optional{steps};
        }
        const std::optional<std::size_t> first = step_from(serial);
        if (!first) {
            return std::optional<std::vector<zone::HistoryStep>>{};
        }
        for (std::size_t i = *first; i < content_->history.size(); ++i) {
            steps.push_back(content_->history[i]->head);
        }
        return std::optional{std::move(steps)};
    }

    Result<std::unique_ptr<zone::PageCursor>> history_pages(dns::Serial serial) const override {
        const std::optional<std::size_t> first = step_from(serial);
        if (!first) {
            return std::unique_ptr<zone::PageCursor>{};
        }
        std::vector<ByteView> pages;
        for (std::size_t i = *first; i < content_->history.size(); ++i) {
            pages.insert(pages.end(), content_->history[i]->pages.begin(),
                         content_->history[i]->pages.end());
        }
        return std::unique_ptr<zone::PageCursor>{std::make_unique<VectorCursor>(std::move(pages))};
    }

    Result<std::vector<zone::HistoryStep>> all_history() const override {
        std::vector<zone::HistoryStep> steps;
        for (const auto& step : content_->history) {
            steps.push_back(step->head);
        }
        return steps;
    }

    Result<std::unique_ptr<zone::PageCursor>> step_pages(std::size_t back) const override {
        const auto& step = content_->history.at(content_->history.size() - 1 - back);
        return std::unique_ptr<zone::PageCursor>{std::make_unique<VectorCursor>(
            std::vector<ByteView>(step->pages.begin(), step->pages.end()))};
    }

  private:
    std::optional<std::size_t> step_from(dns::Serial serial) const {
        for (std::size_t i = content_->history.size(); i > 0; --i) {
            if (content_->history[i - 1]->head.from.serial == serial) {
                return i - 1;
            }
        }
        return std::nullopt;
    }

    std::shared_ptr<const StoredVersion> content_;
};

// `before` with the difference applied, checked as the production store checks it.
Result<zone::RecordList> patched(const zone::RecordList& before, const zone::Diff& diff,
                                 zone::Committed& counts) {
    zone::RecordList after;
    std::size_t removed = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (removed < diff.removed.size() &&
            zone::compare_canonical(diff.removed[removed], before[i]) == 0) {
            ++removed;
        } else {
            after.append(before[i]);
        }
    }
    if (removed != diff.removed.size()) {
        return fail(Errc::transfer_diverged, "a removed record is not there");
    }
    const std::size_t kept = after.size();
    for (std::size_t i = 0; i < diff.added.size(); ++i) {
        after.append(diff.added[i]);
    }
    counts.already_there += after.sort_unique();
    counts.removed += diff.removed.size();
    counts.added += after.size() - kept;
    return after;
}

std::shared_ptr<const StoredStep> make_step(const zone::Diff& diff, const zone::Commit& commit) {
    auto step = std::make_shared<StoredStep>();
    Result<std::vector<Bytes>> pages = zone::encode_diff_pages(diff);
    TWINZONE_ASSERT(pages.has_value());
    step->pages = std::move(*pages);
    step->head.from = diff.from;
    step->head.to = diff.to;
    step->head.removed = diff.removed.size();
    step->head.added = diff.added.size();
    for (const Bytes& page : step->pages) {
        step->head.wire_bytes += page.size();
    }
    step->head.committed = commit.now;
    step->head.source = commit.source;
    return step;
}

}  // namespace

std::unique_ptr<zone::PageCursor> pages_of(const StoredVersion& version) {
    return std::make_unique<VectorCursor>(
        std::vector<ByteView>(version.pages.begin(), version.pages.end()));
}

Result<std::optional<dns::RecordView>> ListStream::next() {
    return at_ < list_.size() ? std::optional{list_[at_++]} : std::nullopt;
}

zone::Digest digest_of(const dns::SoaRecord& soa, const zone::RecordList& records) {
    zone::Digest digest;
    digest.add(soa.record().view());
    for (std::size_t i = 0; i < records.size(); ++i) {
        digest.add(records[i]);
    }
    return digest;
}

std::shared_ptr<StoredVersion> make_version(const dns::SoaRecord& soa, zone::RecordList records) {
    records.sort_unique();
    auto out = std::make_shared<StoredVersion>();
    ListStream stream{records};
    zone::VersionEncoder encoder{soa, stream};
    while (true) {
        Result<std::optional<zone::EncodedPage>> page = encoder.next();
        TWINZONE_ASSERT(page.has_value());
        if (!*page) {
            break;
        }
        out->pages.push_back(std::move((*page)->message));
    }
    out->version = encoder.version();
    out->records = std::move(records);
    return out;
}

ModelStore::ModelStore(World& world, ModelDisk& disk, const StoreFaults& faults, Events events)
    : world_(world), disk_(disk), faults_(faults), events_(std::move(events)) {
    for (const auto& [text, held] : disk_.zones) {
        show(*dns::Name::from_text(text));
    }
}

void ModelStore::show(const dns::Name& zone) {
    const ModelDisk::HeldZone& held = disk_.zones.at(zone.to_text());
    Visible& visible = visible_[zone.to_text()];
    visible.content = held.content;
    visible.hold = held.hold;
    visible.state.zone = zone;
    visible.state.timers = held.timers;
    visible.state.version = held.content ? std::optional{held.content->version} : std::nullopt;
}

const zone::ZoneState* ModelStore::find(dns::NameView zone) const {
    const auto at = visible_.find(zone.to_text());
    return at == visible_.end() ? nullptr : &at->second.state;
}

const zone::ZoneHold* ModelStore::hold(dns::NameView zone) const {
    const auto at = visible_.find(zone.to_text());
    return at == visible_.end() || at->second.hold.empty() ? nullptr : &at->second.hold;
}

std::shared_ptr<const StoredVersion> ModelStore::served(const dns::Name& zone) const {
    const auto at = visible_.find(zone.to_text());
    return at == visible_.end() ? nullptr : at->second.content;
}

Result<std::shared_ptr<const zone::Snapshot>> ModelStore::snapshot(dns::NameView zone) {
    if (broken_) {
        return fail(Errc::store_io, "the store waits to be opened again after a disk error");
    }
    const auto at = visible_.find(zone.to_text());
    if (at == visible_.end() || !at->second.content) {
        return fail(Errc::not_found, "no version");
    }
    return std::shared_ptr<const zone::Snapshot>{
        std::make_shared<ModelSnapshot>(at->second.content)};
}

void ModelStore::submit(zone::Commit commit, Done done) {
    ++in_flight_[commit.zone.to_text()];
    queue_.push_back({std::move(commit), std::move(done)});
    start_next();
}

// One writer: commits reach the disk one after the other, each after its time. A life that ended
// writes no more.
void ModelStore::start_next() {
    if (busy_ || queue_.empty()) {
        return;
    }
    busy_ = true;
    world_.after(world_.between(microseconds{300}, faults_.most_commit_time),
                 [weak = weak_from_this()] {
                     if (const std::shared_ptr<ModelStore> self = weak.lock()) {
                         self->begin_front();
                     }
                 });
}

void ModelStore::begin_front() {
    if (queue_.front().commit.shared && events_.agree && !broken_) {
        ask_agreement();
    } else {
        finish_front();
    }
}

void ModelStore::finish_front() {
    Pending pending = std::move(queue_.front());
    queue_.pop_front();
    Result<zone::Committed> result = attempt(pending.commit);
    agreed_.reset();
    complete(std::move(pending), std::move(result));
}

void ModelStore::complete(Pending pending, Result<zone::Committed> result) {
    busy_ = false;
    // The completion reaches the loop a little later: a crash in between leaves a synced version
    // that nobody was told of.
    world_.after(world_.between(microseconds{10}, milliseconds{2}),
                 [weak = weak_from_this(), zone = pending.commit.zone,
                  done = std::move(pending.done), result = std::move(result)]() mutable {
                     if (const std::shared_ptr<ModelStore> self = weak.lock()) {
                         if (result) {
                             self->show(zone);
                         }
                         --self->in_flight_[zone.to_text()];
                         self->settle_owed(zone.to_text(), result && result->changed);
                         done(std::move(result));
                         self->events_.on_completion();
                     }
                 });
    start_next();
}

Result<zone::Committed> ModelStore::apply(zone::Commit& commit) {
    Result<Prepared> prepared = agreed_ ? *std::exchange(agreed_, std::nullopt) : prepare(commit);
    if (!prepared) {
        return fail(std::move(prepared).error());
    }
    return write(commit, *std::move(prepared));
}

zone::Committed ModelStore::write(const zone::Commit& commit, Prepared prepared) {
    const bool serves_anew = prepared.result.changed && !prepared.result.held &&
                             !std::holds_alternative<zone::DropHeld>(commit.change) &&
                             !std::holds_alternative<zone::SetFrozen>(commit.change);
    if (serves_anew) {
        for (const std::string& remote : commit.owe_notify) {
            disk_.owed.emplace(commit.zone.to_text(), remote);
        }
    }
    disk_.zones[commit.zone.to_text()] = std::move(prepared.held);
    return std::move(prepared.result);
}

// On a copy of the zone: nothing is changed where it fails.
Result<ModelStore::Prepared> ModelStore::prepare(zone::Commit& commit) {
    ModelDisk::HeldZone held = disk_.zones[commit.zone.to_text()];
    const std::shared_ptr<const StoredVersion> before = held.content;
    const bool touches_content = !std::holds_alternative<zone::TouchTimers>(commit.change);
    Result<zone::Committed> result = change_hold(held, commit);
    if (!result) {
        return fail(std::move(result).error());
    }
    if (result->changed) {
        return Prepared{.held = std::move(held), .result = *std::move(result)};
    }
    const std::optional<dns::Serial> serial =
        held.content ? std::optional{held.content->version.serial()} : std::nullopt;
    if (serial != commit.base) {
        return fail(Errc::transfer_diverged, "base serial moved");
    }
    if (touches_content && held.hold.frozen_since) {
        return fail(Errc::zone_frozen, "the zone is frozen");
    }
    if (auto* replace_with = std::get_if<zone::ReplaceWith>(&commit.change)) {
        result = replace(held, *replace_with, commit);
    } else if (const auto* diffs = std::get_if<zone::ApplyDiffs>(&commit.change)) {
        result = apply_diffs(held, *diffs, commit);
    } else if (const auto* publish = std::get_if<zone::PublishHeld>(&commit.change)) {
        result = publish_held(held, *publish);
    }
    if (!result) {
        return fail(std::move(result).error());
    }
    if (result->changed && commit.expected && held.content->version.digest != *commit.expected) {
        return fail(Errc::transfer_diverged, "another version came of it");
    }
    if (result->changed) {
        judge(held, before, commit, *result);
    }
    if (!result->held) {
        held.timers = commit.timers.value_or(held.timers);
        result->version = held.content ? std::optional{held.content->version} : std::nullopt;
    }
    return Prepared{.held = std::move(held), .result = *std::move(result)};
}

Result<zone::Committed> ModelStore::replace(ModelDisk::HeldZone& held, zone::ReplaceWith& change,
                                            const zone::Commit& commit) {
    zone::RecordList records;
    while (true) {
        Result<std::optional<dns::RecordView>> record = change.records->next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            break;
        }
        records.append(**record);
    }
    const std::shared_ptr<StoredVersion> next = make_version(change.soa, std::move(records));
    next->source = commit.source;
    zone::Committed out;
    out.changed = !held.content || held.content->version.digest != next->version.digest;
    if (held.content && out.changed) {
        ListStream before{held.content->records};
        ListStream after{next->records};
        Result<std::optional<zone::Diff>> diff =
            zone::diff(held.content->version.soa, before, change.soa, after, std::size_t{1} << 24);
        TWINZONE_ASSERT(diff && *diff);
        next->history = held.content->history;
        next->history.push_back(make_step(**diff, commit));
        out.removed = (*diff)->removed.size();
        out.added = (*diff)->added.size();
    }
    while (next->history.size() > faults_.max_history) {
        next->history.pop_front();
    }
    if (out.changed) {
        held.content = next;
    }
    return out;
}

Result<zone::Committed> ModelStore::apply_diffs(ModelDisk::HeldZone& held,
                                                const zone::ApplyDiffs& change,
                                                const zone::Commit& commit) {
    zone::Committed out;
    out.changed = true;
    std::shared_ptr<const StoredVersion> current = held.content;
    for (const zone::Diff& diff : change.diffs) {
        if (!current || !dns::same_rdata(current->version.soa, diff.from)) {
            return fail(Errc::transfer_diverged, "the difference starts at another version");
        }
        Result<zone::RecordList> records = patched(current->records, diff, out);
        if (!records) {
            return fail(std::move(records).error());
        }
        const std::shared_ptr<StoredVersion> next = make_version(diff.to, std::move(*records));
        next->source = commit.source;
        next->history = current->history;
        next->history.push_back(make_step(diff, commit));
        while (next->history.size() > faults_.max_history) {
            next->history.pop_front();
        }
        current = next;
    }
    held.content = current;
    return out;
}

// DropHeld and SetFrozen; other changes leave all as it is and say "not changed".
Result<zone::Committed> ModelStore::change_hold(ModelDisk::HeldZone& held,
                                                const zone::Commit& commit) {
    zone::Committed out;
    out.version = held.content ? std::optional{held.content->version} : std::nullopt;
    if (const auto* freeze = std::get_if<zone::SetFrozen>(&commit.change)) {
        held.hold.frozen_since = freeze->frozen ? std::optional{commit.now} : std::nullopt;
        out.changed = true;
    } else if (const auto* drop = std::get_if<zone::DropHeld>(&commit.change)) {
        if (held.hold.held && held.hold.held->version.serial() == drop->serial) {
            held.hold.rejected =
                drop->reject ? std::optional{zone::RejectedVersion{held.next->version, commit.now}}
                             : std::nullopt;
            held.hold.held.reset();
            held.next.reset();
        } else if (held.hold.rejected && held.hold.rejected->version.serial() == drop->serial) {
            held.hold.rejected.reset();
        } else {
            return fail(Errc::not_found, "no such version is held");
        }
        out.changed = true;
    }
    return out;
}

Result<zone::Committed> ModelStore::publish_held(ModelDisk::HeldZone& held,
                                                 const zone::PublishHeld& change) {
    if (!held.next || held.next->version.serial() != change.serial) {
        return fail(Errc::not_found, "no such version is held");
    }
    held.content = held.next;
    zone::Committed out;
    out.changed = true;
    return out;
}

// New content: into service, or held where the guard is against it.
void ModelStore::judge(ModelDisk::HeldZone& held, std::shared_ptr<const StoredVersion> before,
                       const zone::Commit& commit, zone::Committed& result) {
    held.hold.held.reset();
    held.hold.rejected.reset();
    held.next.reset();
    if (!before || !commit.guard) {
        return;
    }
    ListStream old{before->records};
    ListStream now{held.content->records};
    const Result<zone::Losses> losses = zone::count_losses(commit.zone, old, now);
    TWINZONE_ASSERT(losses.has_value());
    const auto reason = zone::judge(*commit.guard, before->version.records, *losses);
    if (!reason) {
        return;
    }
    held.next = held.content;
    held.hold.held = zone::HeldVersion{.version = held.next->version,
                                       .base = before->version.serial(),
                                       .reason = *reason,
                                       .lost = losses->records,
                                       .removed = losses->removed,
                                       .added = losses->added,
                                       .since = commit.now,
                                       .source = commit.source};
    held.content = std::move(before);
    result = zone::Committed{};
    result.version = held.content->version;
    result.held = held.hold.held;
}

std::vector<zone::VersionStore::Owed> ModelStore::owed_notifies() const {
    std::vector<Owed> out;
    for (const auto& [zone, remote] : disk_.owed) {
        out.push_back({.zone = *dns::Name::from_text(zone), .remote = remote});
    }
    return out;
}

}  // namespace twinzone::sim
