#include "common/service/gated_store.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include "common/service/zonemd_stream.h"
#include "common/store/plan.h"
#include "common/store/record_sorter.h"
#include "common/zone/condense.h"
#include "common/zone/page_records.h"
#include "common/zone/patched_stream.h"

namespace twinzone::service {

namespace {

// At a time; libuv's pool has four threads, and zone files are read there too.
constexpr std::size_t kMaxTasks = 2;

// Between looks at the clock.
constexpr std::uint64_t kLookRecords = 4096;

bool brings_content(const zone::Commit& commit) {
    return std::holds_alternative<zone::ReplaceWith>(commit.change) ||
           std::holds_alternative<zone::ApplyDiffs>(commit.change);
}

}  // namespace

// Shared with the pool.
struct GatedStore::Task {
    zone::Commit commit;
    Done done;
    std::shared_ptr<const zone::Snapshot> base;  // of ApplyDiffs
    std::string directory;
    Duration time_limit{0};
    Judged judged;
    std::atomic<bool> is_unwanted = false;
    std::mutex mutex;  // held while it runs

    void run() {
        const std::lock_guard guard{mutex};
        if (is_unwanted) {
            return;
        }
        began_ = Clock::now();
        judged.findings = judge();
        judged.took = Clock::now() - began_;
        base.reset();
    }

  private:
    using Clock = std::chrono::steady_clock;

    Result<zone::CheckFindings> judge() {
        if (auto* replace = std::get_if<zone::ReplaceWith>(&commit.change)) {
            return judge_content(*replace);
        }
        const auto& diffs = std::get<zone::ApplyDiffs>(commit.change).diffs;
        Result<zone::Diff> joined = zone::condense(diffs);
        if (!joined) {
            return fail(std::move(joined).error());
        }
        const dns::SoaRecord soa = joined->to;
        zone::PatchedStream content{std::make_unique<zone::PageRecords>(base->pages()),
                                    std::move(*joined)};
        return check(soa, content);
    }

    Result<zone::CheckFindings> judge_content(zone::ReplaceWith& replace) {
        if (Result<void> ready = store::make_replayable(replace, directory); !ready) {
            return fail(std::move(ready).error());
        }
        if (judged.wanted.zonemd == config::ZonemdMode::generate) {
            if (Result<void> made = make_zonemd(replace); !made) {
                return fail(std::move(made).error());
            }
        }
        Result<zone::CheckFindings> findings = check(replace.soa, *replace.records);
        Result<void> rewound = rewind(replace);
        return rewound ? std::move(findings) : fail(std::move(rewound).error());
    }

    static Result<void> rewind(const zone::ReplaceWith& replace) {
        return static_cast<store::SortedStream&>(*replace.records).rewind();
    }

    // One pass more: a digest stands at the apex, before all that it is of.
    Result<void> make_zonemd(zone::ReplaceWith& replace) {
        zone::ZonemdMaker maker{replace.soa};
        Result<void> read = walk(*replace.records, [&maker](const dns::RecordView& record) {
            maker.add(record);
            return Result<void>{};
        });
        if (!read) {
            return read;
        }
        std::unique_ptr<store::SortedStream> records{
            static_cast<store::SortedStream*>(replace.records.release())};
        replace.records = std::make_unique<ZonemdStream>(std::move(records), maker.finish());
        return rewind(replace);
    }

    Result<zone::CheckFindings> check(const dns::SoaRecord& soa, zone::RecordStream& content) {
        judged.serial = soa.serial;
        judged.expire = soa.expire;
        zone::CheckWanted wanted;
        wanted.zonemd_is_must = judged.wanted.zonemd == config::ZonemdMode::require;
        wanted.zonemd = wanted.zonemd_is_must || judged.wanted.zonemd == config::ZonemdMode::verify;
        if (judged.wanted.dnssec) {
            wanted.dnssec = judged.at;
        }
        zone::ContentCheck check{soa, wanted};
        Result<void> read =
            walk(content, [&check](const dns::RecordView& record) { return check.add(record); });
        Result<zone::CheckFindings> findings =
            read ? check.finish() : fail(std::move(read).error());
        judged.at_fault = check.at_fault();
        return findings;
    }

    template <class Take>
    Result<void> walk(zone::RecordStream& content, Take take) {
        for (std::uint64_t count = 1;; ++count) {
            const Result<std::optional<dns::RecordView>> record = content.next();
            if (!record) {
                return fail(record.error());
            }
            if (!*record) {
                return {};
            }
            if (Result<void> taken = take(**record); !taken) {
                return taken;
            }
            if (count % kLookRecords != 0) {
                continue;
            }
            if (is_unwanted) {
                return fail(Errc::cancelled, "stopping");
            }
            if (Clock::now() - began_ > time_limit) {
                return fail(Errc::transfer_limit,
                            "checking the content took longer than the limit transfer-time");
            }
        }
    }

    Clock::time_point began_;
};

GatedStore::GatedStore(net::Loop& loop, store::Store& store, std::string directory, Report report)
    : loop_(loop), store_(store), directory_(std::move(directory)), report_(std::move(report)) {}

GatedStore::~GatedStore() {
    for (const std::shared_ptr<Task>& task : running_) {
        task->is_unwanted = true;
    }
    for (const std::shared_ptr<Task>& task : running_) {
        const std::lock_guard wait{task->mutex};
        task->base.reset();
    }
}

void GatedStore::set_zone(const config::Zone& zone) {
    WantedOfZone wanted{.zonemd = zone->zonemd, .dnssec = zone->dnssec};
    if (wanted.zonemd == config::ZonemdMode::generate && !zone.has_source_file()) {
        wanted.zonemd = config::ZonemdMode::off;  // what we make of our own (a catalog)
    }
    if (wanted.is_nothing()) {
        remove_zone(zone.name);
    } else {
        wanted_.insert_or_assign(zone.name, wanted);
    }
}

void GatedStore::remove_zone(dns::NameView zone) {
    wanted_.erase(dns::Name{zone});
    warnings_.erase(dns::Name{zone});
}

std::string GatedStore::warning(dns::NameView zone) const {
    const auto at = warnings_.find(dns::Name{zone});
    const zone::ZoneState* state = at == warnings_.end() ? nullptr : store_.find(zone);
    const bool is_of_it =
        state != nullptr && state->version && state->version->serial() == at->second.serial;
    return is_of_it ? at->second.text : std::string{};
}

void GatedStore::submit(zone::Commit commit, Done done) {
    const auto wanted = wanted_.find(commit.zone);
    if (wanted == wanted_.end() || !brings_content(commit)) {
        store_.submit(std::move(commit), std::move(done));
        return;
    }
    auto task = std::make_shared<Task>();
    if (std::holds_alternative<zone::ApplyDiffs>(commit.change)) {
        Result<std::shared_ptr<const zone::Snapshot>> base = store_.snapshot(commit.zone);
        // What does not fit is the store's to refuse.
        if (!base || (*base)->version().serial() != commit.base) {
            store_.submit(std::move(commit), std::move(done));
            return;
        }
        task->base = std::move(*base);
    }
    task->judged.zone = commit.zone;
    task->judged.wanted = wanted->second;
    task->judged.at = commit.now;
    task->commit = std::move(commit);
    task->done = std::move(done);
    task->directory = directory_;
    task->time_limit = time_limit_;
    waiting_.push_back(std::move(task));
    start_tasks();
}

void GatedStore::start_tasks() {
    while (running_.size() < kMaxTasks && !waiting_.empty()) {
        const std::shared_ptr<Task> task = std::move(waiting_.front());
        waiting_.pop_front();
        running_.push_back(task);
        loop_.work([task] { task->run(); }, [this, task] { handle_judged(task); });
    }
}

void GatedStore::handle_judged(const std::shared_ptr<Task>& task) {
    running_.erase(std::find(running_.begin(), running_.end(), task));
    if (task->judged.findings) {
        report_(task->judged);
        note_warning(task->judged);
        // The writer must come to the very content that was judged.
        task->commit.expected = task->judged.findings->digest;
        store_.submit(std::move(task->commit), std::move(task->done));
    } else {
        task->done(fail(task->judged.findings.error()));
        report_(task->judged);
    }
    start_tasks();
}

void GatedStore::note_warning(const Judged& judged) {
    std::string text = warning_of(judged);
    if (text.empty()) {
        warnings_.erase(judged.zone);
    } else {
        warnings_.insert_or_assign(judged.zone, Warning{judged.serial, std::move(text)});
    }
}

}  // namespace twinzone::service
