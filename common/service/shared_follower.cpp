#include "common/service/shared_follower.h"

#include <utility>

#include <fmt/format.h>

#include "common/service/daemon.h"
#include "common/store/record_sorter.h"
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
    store::RecordSorter sorter;
};

SharedFollower::SharedFollower(Daemon& daemon, shared::Link& link,
                               std::function<void(const dns::Name& zone)> on_unknown)
    : daemon_(daemon),
      link_(link),
      on_unknown_(std::move(on_unknown)),
      retry_timer_(daemon.loop()) {}

std::optional<shared::Mark> SharedFollower::mark_here(const dns::Name& zone) const {
    const zone::ZoneState* state = daemon_.store().find(zone);
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
    link_.ask_bulk(shared::ask_heads(sequence_),
                   [this](const Result<shared::Rows>& rows, const std::string&) {
                       handle_heads(rows ? shared::read_heads(*rows) : fail(rows.error()));
                   });
}

void SharedFollower::handle_heads(const Result<std::vector<shared::Head>>& heads) {
    looking_ = false;
    if (!heads) {
        return;  // told when the connection is there again
    }
    for (const shared::Head& head : *heads) {
        sequence_ = head.sequence;
        if (!daemon_.is_shared(head.zone)) {
            continue;
        }
        met_.insert(head.zone);
        if (mark_here(head.zone) != head.mark) {
            put(head.zone);
        }
    }
    const bool is_full = heads->size() == static_cast<std::size_t>(shared::kMaxHeads);
    if (is_full || look_again_) {
        look();
    }
    start();  // also what waited for a connection
    check_idle();
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
    for (const config::Zone& zone : daemon_.zones()) {
        if (daemon_.is_shared(zone.name) && !met_.contains(zone.name) && mark_here(zone.name)) {
            put(zone.name);
        }
    }
}

void SharedFollower::when_idle(std::function<void()> then) {
    idle_ = std::move(then);
    check_idle();
}

void SharedFollower::start() {
    while (link_.is_ready() && tasks_.size() < kMaxTasks && !waiting_.empty()) {
        const dns::Name zone = std::move(waiting_.front());
        waiting_.pop_front();
        queued_.erase(zone);
        tasks_.emplace(zone, Task{});
        begin(zone);
    }
}

void SharedFollower::begin(const dns::Name& zone) {
    Task& task = tasks_.at(zone);
    task.again = false;
    task.from = mark_here(zone);
    link_.ask_bulk(shared::ask_position(zone, task.from),
                   [this, zone](const Result<shared::Rows>& rows, const std::string&) {
                       handle_position(zone,
                                       rows ? shared::read_position(*rows) : fail(rows.error()));
                   });
}

void SharedFollower::handle_position(const dns::Name& zone,
                                     const Result<shared::Position>& position) {
    const auto task = tasks_.find(zone);
    if (task == tasks_.end()) {
        return;
    }
    if (!position) {
        fail_zone(zone, position.error());
        return;
    }
    if (!position->zone_is_known) {
        finish(zone);
        if (mark_here(zone)) {
            on_unknown_(zone);
        }
        return;
    }
    met_.insert(zone);
    const bool leads_on = position->version_is_known && !task->second.wants_snapshot;
    if (leads_on && position->steps.empty()) {
        finish(zone);
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
    const shared::Step last = steps[count - 1];
    link_.ask_bulk(shared::ask_step_pages(zone, steps.front().number, last.number),
                   [this, zone, last](const Result<shared::Rows>& rows, const std::string&) {
                       if (rows) {
                           apply_steps(zone, last, shared::read_pages(*rows));
                       } else {
                           fail_zone(zone, rows.error());
                       }
                   });
}

void SharedFollower::apply_steps(const dns::Name& zone, const shared::Step& last,
                                 std::vector<Bytes> pages) {
    Result<std::vector<zone::Diff>> diffs = diffs_of(std::move(pages));
    if (!diffs || diffs->empty()) {
        fail_zone(zone, diffs ? Error{Errc::internal, "PostgreSQL gave no pages of a difference"}
                              : diffs.error());
        return;
    }
    zone::Commit change;
    change.base = diffs->front().from.serial;
    change.change = zone::ApplyDiffs{*std::move(diffs)};
    change.expected = last.to.digest;
    change.source = last.source;
    commit(zone, std::move(change), Reason::history_published);
}

void SharedFollower::commit(const dns::Name& zone, zone::Commit commit, Reason reason) {
    if (!daemon_.is_shared(zone)) {  // it went meanwhile
        finish(zone);
        return;
    }
    const zone::ZoneState* state = daemon_.store().find(zone);
    commit.zone = zone;
    commit.now = daemon_.loop().now().unix;
    commit.timers =
        zone::ZoneTimers{.last_success = commit.now,
                         .expires = UnixTime{},
                         .promoted = state != nullptr ? state->timers.promoted : UnixTime{}};
    const std::optional<dns::Serial> from = commit.base;
    daemon_.submit_agreed(
        std::move(commit), [this, zone, from, reason](const Result<zone::Committed>& committed) {
            if (committed && committed->changed) {
                observe::EventFacts facts;
                facts.from = from;
                facts.to = committed->version->serial();
                facts.added = committed->added;
                facts.removed = committed->removed;
                facts.digest = committed->version->digest.to_text();
                daemon_.events().record(daemon_.loop().now(), zone, reason, std::move(facts));
            }
            handle_committed(zone, committed);
        });
}

void SharedFollower::handle_committed(const dns::Name& zone,
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
            fail_zone(zone, committed.error());
        } else {
            task->second.wants_snapshot = is_stuck;
            begin(zone);
        }
    } else {
        fail_zone(zone, committed.error());
    }
}

void SharedFollower::finish(const dns::Name& zone) {
    const auto task = tasks_.find(zone);
    const bool again = task->second.again;
    tasks_.erase(task);
    if (again) {
        put(zone);
    }
    start();
    check_idle();
}

void SharedFollower::fail_zone(const dns::Name& zone, const Error& error) {
    const auto [at, is_new] = failed_.try_emplace(zone, error.detail());
    if (is_new && error.code() != Errc::peer_unreachable) {
        daemon_.events().record(daemon_.loop().now(), zone, Reason::history_failed,
                                {.detail = error.detail()});
    }
    at->second = error.detail();
    retry_later();
    tasks_.at(zone).again = false;
    finish(zone);
}

void SharedFollower::retry_later() {
    if (retry_timer_.is_armed()) {
        return;
    }
    retry_timer_.arm_after(kRetry, [this] {
        if (!link_.is_ready()) {
            retry_later();
            return;
        }
        const auto failed = failed_;
        for (const auto& [zone, why] : failed) {
            put(zone);
        }
    });
}

void SharedFollower::check_idle() {
    if (idle_ && !looking_ && waiting_.empty() && tasks_.empty()) {
        std::exchange(idle_, nullptr)();
    }
}

void SharedFollower::fetch_snapshot(const dns::Name& zone) {
    link_.ask_bulk(shared::ask_snapshot(zone), [this, zone](const Result<shared::Rows>& rows,
                                                            const std::string&) {
        Result<std::optional<shared::SnapshotPlace>> place =
            rows ? shared::read_snapshot(*rows) : fail(rows.error());
        if (!place || !*place) {
            fail_zone(zone, place ? Error{Errc::not_found, "the history has no whole content"}
                                  : place.error());
            return;
        }
        fetch_pages(std::make_shared<Fetch>(
            Fetch{zone, **std::move(place), store::RecordSorter{daemon_.config().store_path}}));
    });
}

void SharedFollower::fetch_pages(const std::shared_ptr<Fetch>& fetch) {
    if (fetch->place.run.pages == 0) {
        apply_snapshot(fetch);
        return;
    }
    link_.ask_bulk(shared::ask_pages(fetch->place.run, shared::kMaxPages),
                   [this, fetch](const Result<shared::Rows>& rows, const std::string&) {
                       take_pages(fetch, rows);
                   });
}

void SharedFollower::take_pages(const std::shared_ptr<Fetch>& fetch,
                                const Result<shared::Rows>& rows) {
    if (!rows || rows->empty()) {
        fail_zone(fetch->zone,
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
            added = fetch->sorter.add(**record);
        }
        if (!record || !added) {
            fail_zone(fetch->zone, !record ? record.error() : added.error());
            return;
        }
        if (!*record) {
            break;
        }
    }
    fetch_pages(fetch);
}

void SharedFollower::apply_snapshot(const std::shared_ptr<Fetch>& fetch) {
    Result<std::unique_ptr<store::SortedStream>> records = fetch->sorter.finish();
    if (!records) {
        fail_zone(fetch->zone, records.error());
        return;
    }
    const std::optional<shared::Mark> here = mark_here(fetch->zone);
    zone::Commit change;
    change.base = here ? std::optional{here->serial} : std::nullopt;
    change.change = zone::ReplaceWith{.soa = fetch->place.soa, .records = *std::move(records)};
    change.expected = fetch->place.mark.digest;
    change.source = "the shared history";
    commit(fetch->zone, std::move(change),
           here ? Reason::history_snapshot : Reason::history_published);
}

}  // namespace twinzone::service
