#include <algorithm>
#include <limits>
#include <utility>

#include "common/store/content.h"
#include "common/store/writer.h"

namespace twinzone::store {

namespace {

// What a group deletes beside its commits, so that sweeping goes on under load.
constexpr std::size_t kGroupSweepEntries = 128;

std::vector<std::string> owe_notify_of(const Job& job) {
    const auto* commit = std::get_if<zone::Commit>(&job.work);
    return commit != nullptr ? commit->owe_notify : std::vector<std::string>{};
}

Completion complete(Job& job, Result<zone::Committed> result) {
    return Completion{.zone_key = std::move(job.zone_key),
                      .done = std::move(job.done),
                      .result = std::move(result),
                      .owe_notify = owe_notify_of(job)};
}

Result<void> put_owed(Batch& batch, ByteView zone_key, const std::vector<std::string>& remotes) {
    for (const std::string& remote : remotes) {
        if (Result<void> put = batch.txn().put(Table::owed, owed_key(zone_key, remote), {}); !put) {
            return put;
        }
    }
    return {};
}

Result<void> check_remotes(ByteView zone_key, const std::vector<std::string>& remotes) {
    for (const std::string& remote : remotes) {
        if (zone_key.size() + remote.size() > kMaxKeyBytes) {
            return fail(Errc::limit, "the name of a remote is too long to be kept");
        }
    }
    return {};
}

}  // namespace

bool Writer::is_held(const Job& job) const {
    return std::any_of(large_jobs_.begin(), large_jobs_.end(),
                       [&](const JobPtr& large) { return large->zone_key == job.zone_key; });
}

void Writer::fail_jobs(std::span<JobPtr> jobs, const Error& error) {
    std::vector<Completion> completions;
    for (const JobPtr& job : jobs) {
        if (job && !std::holds_alternative<ForgetOwed>(job->work)) {
            completions.push_back(complete(*job, fail(error)));
        }
    }
    deliver(std::move(completions));
}

// Groups, one after the other. A group that cannot be committed is tried again job by job, so that
// only what is at fault fails.
void Writer::run_jobs(std::span<JobPtr> jobs) {
    std::size_t alone_left = 0;
    while (!jobs.empty()) {
        if (slot_.broken()) {
            fail_jobs(jobs, {Errc::store_io, "the disk failed before this was written"});
            return;
        }
        const bool sweeps = alone_left == 0 && !sweeper_.done() && !sweep_stuck_;
        const GroupResult group =
            run_group(alone_left > 0 ? jobs.first(1) : jobs, sweeps ? kGroupSweepEntries : 0);
        std::size_t over = group.taken;
        if (!group.committed) {
            const Error& error = group.committed.error();
            if (error.code() == Errc::store_io) {
                break_store(jobs.first(group.taken), error);
            } else if (alone_left > 0 || (group.taken <= 1 && !sweeps)) {
                fail_jobs(jobs.first(group.taken), error);
            } else {
                sweep_stuck_ = sweep_stuck_ || sweeps;
                alone_left = group.taken;
                over = 0;
            }
        }
        jobs = jobs.subspan(over);
        alone_left -= std::min(alone_left, over);
    }
}

Writer::GroupResult Writer::run_group(std::span<JobPtr> jobs, std::size_t sweep_entries) {
    const EnvironmentPtr env = slot_.get();
    Result<Batch> batch = Batch::begin(env);
    if (!batch) {
        return {jobs.size(), fail(std::move(batch).error())};
    }
    GroupResult group;
    std::vector<Outcome> outcomes;
    outcomes.reserve(jobs.size());
    while (group.taken < jobs.size() && batch->written() < kGroupBytes) {
        if (jobs[group.taken] && is_proposed(outcomes, jobs[group.taken]->zone_key)) {
            break;  // the content that is agreed to must not be changed again before
        }
        JobPtr& job = jobs[group.taken++];
        if (!job) {
            continue;  // a large one, put aside by an earlier try
        }
        group.committed = run_job(*batch, job, outcomes);
        if (!group.committed) {
            return group;
        }
    }
    written_ += batch->written();
    group.committed = commit_group(*batch, sweep_entries, std::move(outcomes));
    return group;
}

// An error is the batch's: it is lost. A job's own error goes into its outcome.
Result<void> Writer::run_job(Batch& batch, JobPtr& job, std::vector<Outcome>& out) {
    if (is_held(*job)) {
        held_.push_back(std::move(job));
        return {};
    }
    if (std::holds_alternative<zone::Commit>(job->work)) {
        return run_commit(batch, job, out);
    }
    if (const auto* forget = std::get_if<ForgetOwed>(&job->work)) {
        const Result<bool> erased =
            batch.txn().erase(Table::owed, owed_key(job->zone_key, forget->remote));
        return erased ? Result<void>{} : fail(erased.error());
    }
    return run_drop(batch, *job, out);
}

Result<void> Writer::run_commit(Batch& batch, JobPtr& job, std::vector<Outcome>& out) {
    auto& commit = std::get<zone::Commit>(job->work);
    Result<void> ready = check_remotes(job->zone_key, commit.owe_notify);
    if (auto* replace = std::get_if<zone::ReplaceWith>(&commit.change); ready && replace) {
        ready = make_replayable(*replace, options_.directory);
    }
    Result<Plan> plan = ready ? make_plan(batch, commit) : fail(std::move(ready).error());
    if (plan && plan->large) {
        job->verdict = plan->verdict;
        job->compares = plan->compares;
        large_jobs_.push_back(std::move(job));
        return {};
    }
    Result<void> room;
    if (plan && plan->bytes() > 0) {
        room = batch.room_for(plan->bytes());
    }
    if (!plan || !room) {
        Error error = plan ? std::move(room).error() : std::move(plan).error();
        if (error.code() == Errc::store_io) {
            return fail(std::move(error));
        }
        out.push_back({.job = job.get(), .result = fail(std::move(error))});
        return {};
    }
    Result<std::optional<Proposal>> proposal = propose(batch, *job, *plan);
    if (!proposal) {
        return fail(std::move(proposal).error());
    }
    if (Result<void> written = write_plan(batch, job->zone_key, limits_of(job->zone_key), *plan);
        !written) {
        return written;
    }
    Outcome outcome{.job = job.get(), .result = std::move(plan->result)};
    if (*proposal) {
        (*proposal)->content = std::make_unique<ContentCursor>(batch.txn(), plan->record.content);
        outcome.proposal = std::move(*proposal);
    }
    if (plan->hold.changed) {
        outcome.hold = plan->hold.record.hold;
    }
    if (plan->writes_zone) {
        if (Result<void> put = put_owed(batch, job->zone_key, commit.owe_notify); !put) {
            return put;
        }
        outcome.resident = Completion::Resident::set;
        outcome.record = encode(plan->record);
    }
    out.push_back(std::move(outcome));
    return {};
}

Result<void> Writer::run_drop(Batch& batch, Job& job, std::vector<Outcome>& out) {
    Result<std::optional<ZoneRecord>> record = batch.zone(job.zone_key);
    if (!record) {
        return fail(std::move(record).error());
    }
    if (*record) {
        Result<void> done = retire_content(batch, **record, 0);
        if (done) {
            done = cut_history(batch, **record);
        }
        if (!done) {
            return done;
        }
    }
    const Result<bool> erased = batch.txn().erase(Table::zones, job.zone_key);
    if (!erased) {
        return fail(erased.error());
    }
    const Result<HoldRecord> hold = batch.hold(job.zone_key);
    Result<void> dropped = hold ? Result<void>{} : fail(hold.error());
    if (dropped && hold->hold.held) {
        dropped = batch.begin_sweep(hold->content.item);
    }
    if (dropped) {
        dropped = batch.put_hold(job.zone_key, {});
    }
    if (!dropped) {
        return dropped;
    }
    const Result<std::size_t> owed =
        erase_prefix(batch.txn(), Table::owed, job.zone_key, std::numeric_limits<int>::max());
    if (!owed) {
        return fail(owed.error());
    }
    zone::Committed result;
    result.changed = *erased;
    out.push_back({.job = &job,
                   .result = std::move(result),
                   .resident = Completion::Resident::removed,
                   .hold = zone::ZoneHold{}});
    return {};
}

// Sweeps a little, commits, and tells what came of it.
Result<void> Writer::commit_group(Batch& batch, std::size_t sweep_entries,
                                  std::vector<Outcome> outcomes) {
    std::size_t swept = 0;
    if (sweep_entries > 0) {
        const Result<std::size_t> swept_now = sweeper_.sweep(batch, sweep_entries);
        if (!swept_now) {
            sweep_stuck_ = true;
            return fail(swept_now.error());
        }
        swept = *swept_now;
    }
    if (Result<void> agreed = have_agreed(outcomes); !agreed) {
        return agreed;
    }
    if (Result<void> committed = batch.commit(); !committed) {
        return committed;
    }
    sweeper_.finished(swept);
    for (const SweepItem item : batch.sweeps()) {
        sweeper_.add(item);
    }
    sweep_stuck_ = false;
    const Clock::time_point synced = Clock::now();
    std::vector<Completion> completions;
    completions.reserve(outcomes.size());
    for (Outcome& outcome : outcomes) {
        Completion completion = complete(*outcome.job, std::move(outcome.result));
        completion.resident = outcome.resident;
        completion.record = std::move(outcome.record);
        completion.hold = std::move(outcome.hold);
        if (std::holds_alternative<zone::Commit>(outcome.job->work)) {
            completion.took = synced - outcome.job->submitted;
        }
        completions.push_back(std::move(completion));
    }
    deliver(std::move(completions));
    return {};
}

// One transaction of the large job whose turn it is.
void Writer::run_large() {
    Job& job = *large_jobs_.front();
    auto& commit = std::get<zone::Commit>(job.work);
    if (!large_) {
        large_ = std::make_unique<LargeReplace>(
            commit, LargeReplace::Options{job.verdict, job.compares, limits_of(job.zone_key)});
    }
    const EnvironmentPtr env = slot_.get();
    Result<Batch> batch = Batch::begin(env);
    Result<std::optional<Proposal>> proposal =
        batch ? propose_large(*batch, job) : fail(batch.error());
    Result<bool> last = proposal ? large_->write_chunk(env, *batch) : fail(proposal.error());
    Result<void> done = last ? Result<void>{} : fail(last.error());
    const bool in_service = done && *last && !large_->result().held;
    if (in_service) {
        done = put_owed(*batch, job.zone_key, commit.owe_notify);
    }
    if (done) {
        std::vector<Outcome> outcomes;
        if (*last) {
            outcomes.push_back({.job = &job, .result = large_->result(), .hold = large_->hold()});
            if (in_service) {
                outcomes.back().resident = Completion::Resident::set;
                outcomes.back().record = encode(large_->record());
                outcomes.back().proposal = finish_large(*batch, std::move(*proposal));
            }
        }
        written_ += batch->written();
        done = commit_group(*batch, 0, std::move(outcomes));
    }
    if (!done && done.error().code() == Errc::store_io) {
        break_store({}, done.error());
        return;
    }
    if (!done) {
        // What it has written stays named for the sweep, from its first transaction on.
        if (large_->content() != 0) {
            sweeper_.add({SweepItem::Kind::content, large_->content()});
        }
        fail_jobs({&large_jobs_.front(), 1}, done.error());
    }
    if (!done || *last) {
        end_large();
    }
}

// The jobs of its zone, held back so far, go on.
void Writer::end_large() {
    large_.reset();
    large_jobs_.pop_front();
    const std::lock_guard guard{mutex_};
    for (auto job = held_.rbegin(); job != held_.rend(); ++job) {
        if (std::holds_alternative<ForgetOwed>((*job)->work)) {
            ++forgets_;
        }
        queue_.push_front(std::move(*job));
    }
    held_.clear();
}

void Writer::run_sweep() {
    if (sweeper_.done() || sweep_stuck_) {
        return;
    }
    Result<Batch> batch = Batch::begin(slot_.get());
    const Result<void> swept =
        batch ? commit_group(*batch, kSweepEntries, {}) : fail(std::move(batch).error());
    if (!swept) {
        sweep_stuck_ = true;
        if (swept.error().code() == Errc::store_io) {
            break_store({}, swept.error());
        }
    }
}

}  // namespace twinzone::store
