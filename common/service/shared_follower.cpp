#include "common/service/shared_follower.h"

#include <utility>

#include <fmt/format.h>

#include "common/zone/diff_pages.h"
#include "common/zone/page_records.h"

namespace twinzone::service {

namespace {

// Zones that are brought in step side by side: their commits share a sync.
constexpr std::size_t kMaxTasks = 64;

// Before what failed here is tried again.
constexpr Duration kRetry = seconds{2};

class PagesInMemory final : public zone::PageCursor {
  public:
    explicit PagesInMemory(std::vector<Bytes> pages) : pages_(std::move(pages)) {}

    Result<std::optional<ByteView>> next() override {
        return next_ == pages_.size() ? std::optional<ByteView>{}
                                      : std::optional<ByteView>{pages_[next_++]};
    }

  private:
    std::vector<Bytes> pages_;
    std::size_t next_ = 0;
};

Result<std::vector<zone::Diff>> diffs_of(std::vector<Bytes> pages) {
    return zone::read_diffs(std::make_unique<PagesInMemory>(std::move(pages)));
}

}  // namespace

struct SharedFollower::Fetch {
    dns::Name zone;
    shared::SnapshotPlace place;
    std::unique_ptr<ContentIntake> records;
};

std::optional<shared::Mark> SharedFollower::mark_here(const dns::Name& zone) const {
    const zone::ZoneState* state = parts_.store.find(zone);
    return state != nullptr && state->version ? std::optional{shared::mark_of(*state->version)}
                                              : std::nullopt;
}

std::string SharedFollower::problem() const {
    if (failed_.empty()) {
        return {};
    }
    const auto& [zone, why] = *failed_.begin();
    return fmt::format("{}: {}", zone.to_text(), why);
}

void SharedFollower::look() {
    if (looking_) {
        look_again_ = true;
        return;
    }
    looking_ = true;
    look_again_ = false;
    parts_.questions.ask_bulk(
        shared::ask_heads(sequence_),
        [this](Now now, const Result<shared::Rows>& rows, const std::string&) {
            handle_heads(now, rows ? shared::read_heads(*rows) : fail(rows.error()));
        });
}

void SharedFollower::handle_heads(Now now, const Result<std::vector<shared::Head>>& heads) {
    looking_ = false;
    if (!heads) {
        retry_ = retry_.value_or(now.instant + kRetry);
        look_failed_ = true;
        return;
    }
    for (const shared::Head& head : *heads) {
        sequence_ = head.sequence;
        const std::optional<dns::Name> zone = parts_.zones.ours(head.zone);
        if (!zone) {
            continue;
        }
        met_.insert(*zone);
        if (mark_here(*zone) != head.mark) {
            put(*zone);
        }
    }
    const bool is_full = heads->size() == static_cast<std::size_t>(shared::kMaxHeads);
    if (is_full || look_again_) {
        look();
    }
    start();  // also what waited for a connection
    check_idle(now);
}

void SharedFollower::put(const dns::Name& zone) {
    failed_.erase(zone);
    const auto busy = tasks_.find(zone);
    if (busy != tasks_.end()) {
        busy->second.again = true;
    } else if (queued_.insert(zone).second) {
        waiting_.push_back(zone);
        start();
    }
}

void SharedFollower::put_unmet() {
    for (const dns::Name& zone : parts_.zones.all()) {
        if (!met_.contains(zone) && mark_here(zone)) {
            put(zone);
        }
    }
}

void SharedFollower::when_idle(Now now, std::function<void(Now now)> then) {
    idle_ = std::move(then);
    check_idle(now);
}

void SharedFollower::start() {
    while (is_ready_ && tasks_.size() < kMaxTasks && !waiting_.empty()) {
        const dns::Name zone = waiting_.front();
        waiting_.pop_front();
        queued_.erase(zone);
        tasks_.emplace(zone, Task{});
        begin(zone);
    }
}

void SharedFollower::begin(const dns::Name& zone) {
    Task& task = tasks_.at(zone);
    task.again = false;
    const std::optional<shared::Mark> before = std::exchange(task.from, mark_here(zone));
    // What did not fit that version says nothing of the one that is here now.
    task.wants_snapshot = task.wants_snapshot && task.from == before;
    parts_.questions.ask_bulk(
        shared::ask_position(zone, task.from),
        [this, zone](Now now, const Result<shared::Rows>& rows, const std::string&) {
            handle_position(now, zone, rows ? shared::read_position(*rows) : fail(rows.error()));
        });
}

void SharedFollower::handle_position(Now now, const dns::Name& zone,
                                     const Result<shared::Position>& position) {
    const auto task = tasks_.find(zone);
    if (task == tasks_.end()) {
        return;
    }
    if (!position) {
        fail_zone(now, zone, position.error());
        return;
    }
    if (!position->zone_is_known) {
        finish(now, zone);
        if (mark_here(zone)) {
            parts_.on_unknown(now, zone);
        }
        return;
    }
    met_.insert(zone);
    const bool leads_on = position->version_is_known && !task->second.wants_snapshot;
    if (leads_on && position->steps.empty()) {
        finish(now, zone);
    } else if (leads_on && !position->steps.front().is_whole) {
        fetch_steps(zone, position->steps);
    } else {
        fetch_snapshot(zone);
    }
}

// Up to the first that is whole content.
void SharedFollower::fetch_steps(const dns::Name& zone, const std::vector<shared::Step>& steps) {
    std::size_t count = 1;
    while (count < steps.size() && !steps[count].is_whole) {
        ++count;
    }
    const shared::Step& last = steps[count - 1];
    parts_.questions.ask_bulk(
        shared::ask_step_pages(zone, steps.front().number, last.number),
        [this, zone, last](Now now, const Result<shared::Rows>& rows, const std::string&) {
            if (rows) {
                apply_steps(now, zone, last, shared::read_pages(*rows));
            } else {
                fail_zone(now, zone, rows.error());
            }
        });
}

void SharedFollower::apply_steps(Now now, const dns::Name& zone, const shared::Step& last,
                                 std::vector<Bytes> pages) {
    Result<std::vector<zone::Diff>> diffs = diffs_of(std::move(pages));
    if (!diffs || diffs->empty()) {
        fail_zone(now, zone,
                  diffs ? Error{Errc::internal, "PostgreSQL gave no pages of a difference"}
                        : diffs.error());
        return;
    }
    zone::Commit change;
    change.base = diffs->front().from.serial;
    change.change = zone::ApplyDiffs{*std::move(diffs)};
    change.expected = last.to.digest;
    change.source = last.source;
    commit(now, zone, std::move(change), Reason::history_published);
}

void SharedFollower::commit(Now now, const dns::Name& zone, zone::Commit commit, Reason reason) {
    if (!parts_.zones.ours(zone)) {  // it went meanwhile
        finish(now, zone);
        return;
    }
    const zone::ZoneState* state = parts_.store.find(zone);
    commit.zone = zone;
    commit.now = now.unix;
    commit.timers =
        zone::ZoneTimers{.last_success = commit.now,
                         .expires = UnixTime{},
                         .promoted = state != nullptr ? state->timers.promoted : UnixTime{}};
    const std::optional<dns::Serial> from = commit.base;
    parts_.questions.commit(
        std::move(commit),
        [this, zone, from, reason](Now then, const Result<zone::Committed>& committed) {
            if (committed && committed->changed) {
                observe::EventFacts facts;
                facts.from = from;
                facts.to = committed->version->serial();
                facts.added = committed->added;
                facts.removed = committed->removed;
                facts.digest = committed->version->digest.to_text();
                parts_.events.emplace_back(
                    ZoneShared{.zone = zone, .reason = reason, .facts = std::move(facts)});
            }
            handle_committed(then, zone, committed);
        });
}

void SharedFollower::handle_committed(Now now, const dns::Name& zone,
                                      const Result<zone::Committed>& committed) {
    const auto task = tasks_.find(zone);
    if (task == tasks_.end()) {
        return;
    }
    if (committed) {
        task->second.wants_snapshot = false;
        begin(zone);  // more may follow
    } else if (committed.error().code() == Errc::transfer_diverged ||
               committed.error().code() == Errc::store_corrupt) {
        // Another commit was quicker; or our content is not what its digest says.
        const bool is_stuck = mark_here(zone) == task->second.from;
        if (is_stuck && task->second.wants_snapshot) {
            fail_zone(now, zone, committed.error());
        } else {
            task->second.wants_snapshot = is_stuck;
            begin(zone);
        }
    } else {
        fail_zone(now, zone, committed.error());
    }
}

void SharedFollower::finish(Now now, const dns::Name& zone) {
    const auto task = tasks_.find(zone);
    const bool again = task->second.again;
    tasks_.erase(task);
    if (again) {
        put(zone);
    }
    start();
    check_idle(now);
}

void SharedFollower::fail_zone(Now now, const dns::Name& zone, const Error& error) {
    const auto [at, is_new] = failed_.try_emplace(zone, error.detail());
    if (is_new && error.code() != Errc::peer_unreachable) {
        ZoneShared event{.zone = zone, .reason = Reason::history_failed, .facts = {}};
        event.facts.detail = error.detail();
        parts_.events.emplace_back(std::move(event));
    }
    at->second = error.detail();
    retry_ = retry_.value_or(now.instant + kRetry);
    tasks_.at(zone).again = false;
    finish(now, zone);
}

void SharedFollower::handle_time(Now now) {
    if (!retry_ || now.instant < *retry_) {
        return;
    }
    retry_.reset();
    if (!is_ready_) {
        retry_ = now.instant + kRetry;
        return;
    }
    const auto failed = failed_;
    for (const auto& [zone, why] : failed) {
        put(zone);
    }
    if (std::exchange(look_failed_, false)) {
        look();
    }
}

void SharedFollower::check_idle(Now now) {
    if (idle_ && !looking_ && waiting_.empty() && tasks_.empty()) {
        std::exchange(idle_, nullptr)(now);
    }
}

void SharedFollower::fetch_snapshot(const dns::Name& zone) {
    parts_.questions.ask_bulk(
        shared::ask_snapshot(zone),
        [this, zone](Now now, const Result<shared::Rows>& rows, const std::string&) {
            Result<std::optional<shared::SnapshotPlace>> place =
                rows ? shared::read_snapshot(*rows) : fail(rows.error());
            if (!place || !*place) {
                fail_zone(now, zone,
                          place ? Error{Errc::not_found, "the history has no whole content"}
                                : place.error());
                return;
            }
            fetch_pages(now, std::make_shared<Fetch>(Fetch{.zone = zone,
                                                           .place = **std::move(place),
                                                           .records = parts_.intakes.open()}));
        });
}

void SharedFollower::fetch_pages(Now now, const std::shared_ptr<Fetch>& fetch) {
    if (fetch->place.run.pages == 0) {
        apply_snapshot(now, fetch);
        return;
    }
    parts_.questions.ask_bulk(shared::ask_pages(fetch->place.run, shared::kMaxPages),
                              [this, fetch](Now then, const Result<shared::Rows>& rows,
                                            const std::string&) { take_pages(then, fetch, rows); });
}

void SharedFollower::take_pages(Now now, const std::shared_ptr<Fetch>& fetch,
                                const Result<shared::Rows>& rows) {
    if (!rows || rows->empty()) {
        fail_zone(now, fetch->zone,
                  rows ? Error{Errc::not_found, "a newer snapshot took its place"} : rows.error());
        return;
    }
    fetch->place.run.first += static_cast<std::int64_t>(rows->size());
    fetch->place.run.pages -= static_cast<std::int64_t>(rows->size());
    zone::PageRecords records{std::make_unique<PagesInMemory>(shared::read_pages(*rows))};
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = records.next();
        Result<void> added;
        if (record && *record) {
            added = fetch->records->add(**record);
        }
        if (!record || !added) {
            fail_zone(now, fetch->zone, !record ? record.error() : added.error());
            return;
        }
        if (!*record) {
            break;
        }
    }
    fetch_pages(now, fetch);
}

void SharedFollower::apply_snapshot(Now now, const std::shared_ptr<Fetch>& fetch) {
    const std::optional<shared::Mark> here = mark_here(fetch->zone);
    if (here != tasks_.at(fetch->zone).from) {  // a version of our own came meanwhile
        begin(fetch->zone);
        return;
    }
    zone::Commit change;
    change.base = here ? std::optional{here->serial} : std::nullopt;
    change.change = zone::ReplaceWith{.soa = fetch->place.soa, .records = fetch->records->finish()};
    change.expected = fetch->place.mark.digest;
    change.source = "the shared history";
    commit(now, fetch->zone, std::move(change),
           here ? Reason::history_snapshot : Reason::history_published);
}

}  // namespace twinzone::service
