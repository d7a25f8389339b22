#include "common/store/writer.h"

#include <iterator>
#include <utility>

#include "common/base/memory.h"
#include "common/store/keys.h"
#include "common/store/open_store.h"

namespace twinzone::store {

namespace {

// What a zone is now, after the store was opened again.
Result<Completion> find_again(const Batch& batch, const Bytes& key,
                              const std::vector<Bytes>& owed) {
    const Result<std::optional<ZoneRecord>> record = batch.zone(key);
    Result<HoldRecord> hold = batch.hold(key);
    if (!record || !hold) {
        return fail(!record ? record.error() : hold.error());
    }
    Completion completion{.zone_key = key, .found = true};
    for (const Bytes& entry : owed) {
        if (starts_with(entry, key)) {
            completion.owe_notify.emplace_back(as_text(ByteView{entry}.subspan(key.size())));
        }
    }
    completion.resident = *record ? Completion::Resident::set : Completion::Resident::removed;
    if (*record) {
        completion.record = encode(**record);
    }
    completion.hold = std::move(hold->hold);
    return completion;
}

}  // namespace

EnvironmentPtr EnvironmentSlot::get() const {
    const std::lock_guard guard{mutex_};
    return broken_ ? nullptr : env_;
}

void EnvironmentSlot::set_broken() {
    const std::lock_guard guard{mutex_};
    broken_ = true;
}

bool EnvironmentSlot::broken() const {
    const std::lock_guard guard{mutex_};
    return broken_;
}

bool EnvironmentSlot::release() {
    const std::lock_guard guard{mutex_};
    // Nobody but a holder can make another holder: once only ours is left, it stays the only one.
    if (env_ && env_.use_count() > 1) {
        return false;
    }
    env_.reset();
    return true;
}

void EnvironmentSlot::set(EnvironmentPtr env) {
    const std::lock_guard guard{mutex_};
    env_ = std::move(env);
    broken_ = false;
}

Writer::Writer(EnvironmentSlot& slot, Options options) : slot_(slot), options_(std::move(options)) {
    for (const SweepItem item : options_.leftovers) {
        sweeper_.add(item);
    }
    unswept_ = sweeper_.size();
    thread_ = std::thread{[this] { run(); }};
}

Writer::~Writer() {
    {
        const std::lock_guard guard{mutex_};
        stopping_ = true;
    }
    work_.notify_all();
    thread_.join();
}

void Writer::submit(Job job) {
    job.submitted = Clock::now();
    {
        const std::lock_guard guard{mutex_};
        if (std::holds_alternative<ForgetOwed>(job.work)) {
            ++forgets_;
            if (!forget_by_) {
                forget_by_ = Clock::now() + kForgetDelay;
            }
        }
        queue_.push_back(std::make_unique<Job>(std::move(job)));
    }
    work_.notify_all();
}

std::vector<Completion> Writer::take_completions() {
    const std::lock_guard guard{mutex_};
    return std::exchange(completions_, {});
}

void Writer::set_limits(ByteView zone_key, const JournalLimits& limits) {
    const std::lock_guard guard{mutex_};
    const std::string key{as_text(zone_key)};
    if (limits == options_.journal) {
        limits_.erase(key);
    } else {
        limits_.insert_or_assign(key, limits);
    }
}

JournalLimits Writer::limits_of(ByteView zone_key) const {
    const std::lock_guard guard{mutex_};
    const auto found = limits_.find(std::string{as_text(zone_key)});
    return found == limits_.end() ? options_.journal : found->second;
}

bool Writer::wait_idle() {
    std::unique_lock lock{mutex_};
    hurry_ = true;
    work_.notify_all();
    idle_.wait(lock, [this] { return !completions_.empty() || (queue_.empty() && !busy_); });
    hurry_ = false;
    return completions_.empty();
}

// Requires: mutex_. Forgotten NOTIFYs alone are no reason for a sync until they are due.
bool Writer::has_jobs_due() const {
    if (queue_.size() > forgets_) {
        return true;
    }
    return forgets_ > 0 && (hurry_ || stopping_ || (forget_by_ && Clock::now() >= *forget_by_));
}

bool Writer::has_own_work() const {
    return !slot_.broken() && (!large_jobs_.empty() || (!sweeper_.done() && !sweep_stuck_));
}

void Writer::wait_for_work(std::unique_lock<std::mutex>& lock) {
    busy_ = false;
    idle_.notify_all();
    const auto ready = [this] { return stopping_ || has_jobs_due(); };
    if (written_ >= kMuchWritten) {  // a large zone was read and sorted for that
        written_ = 0;
        lock.unlock();
        give_free_memory_back();
        lock.lock();
        if (ready()) {
            return;
        }
    }
    if (slot_.broken()) {
        work_.wait_for(lock, kReopenInterval, ready);
    } else if (forget_by_) {
        work_.wait_until(lock, *forget_by_, ready);
    } else {
        // Woken by submit(): the first forgotten NOTIFY sets a time to wait until.
        work_.wait(lock, [&] { return ready() || forget_by_.has_value(); });
    }
}

void Writer::run() {
    std::unique_lock lock{mutex_};
    for (;;) {
        if (!has_own_work() && !has_jobs_due() && !stopping_) {
            wait_for_work(lock);
        }
        if (stopping_ && queue_.empty()) {
            break;
        }
        Jobs jobs;
        if (has_jobs_due()) {
            jobs = take_jobs();
        }
        busy_ = true;
        lock.unlock();
        serve(std::move(jobs));
        lock.lock();
    }
    busy_ = false;
    idle_.notify_all();
}

// Requires: mutex_.
Writer::Jobs Writer::take_jobs() {
    Jobs jobs;
    while (!queue_.empty() && jobs.size() < kGroupJobs) {
        if (std::holds_alternative<ForgetOwed>(queue_.front()->work)) {
            --forgets_;
        }
        Jobs& to = is_held(*queue_.front()) ? held_ : jobs;
        to.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    if (forgets_ == 0) {
        forget_by_.reset();
    }
    return jobs;
}

void Writer::serve(Jobs jobs) {
    if (slot_.broken()) {
        const Error error{Errc::store_io, "the store waits to be opened again after a disk error"};
        fail_jobs(jobs, error);
        try_reopen();
        return;
    }
    if (!jobs.empty()) {
        run_jobs(jobs);
    }
    if (!large_jobs_.empty() && !slot_.broken()) {
        run_large();
    }
    if (jobs.empty() && !slot_.broken()) {
        run_sweep();
    }
    unswept_ = sweeper_.size();
}

void Writer::deliver(std::vector<Completion> completions) {
    if (completions.empty()) {
        return;
    }
    {
        const std::lock_guard guard{mutex_};
        std::move(completions.begin(), completions.end(), std::back_inserter(completions_));
    }
    idle_.notify_all();
    if (options_.wake) {
        options_.wake();
    }
}

// The commit of `jobs` that failed with `error` may have reached the disk or not. From here on
// nothing is written and no snapshot given, until the environment is gone and opened again.
void Writer::break_store(std::span<JobPtr> jobs, const Error& error) {
    slot_.set_broken();
    Jobs lost{std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end())};
    std::move(large_jobs_.begin(), large_jobs_.end(), std::back_inserter(lost));
    std::move(held_.begin(), held_.end(), std::back_inserter(lost));
    large_.reset();
    large_jobs_.clear();
    held_.clear();
    for (const JobPtr& job : lost) {
        if (job) {
            unsure_.push_back(job->zone_key);
        }
    }
    fail_jobs(lost, error);
}

void Writer::try_reopen() {
    if (!slot_.release()) {
        return;
    }
    Result<Reopened> reopened = options_.reopen();
    if (!reopened) {
        return;
    }
    // What the failed commits left behind: their zones as they now are.
    const Result<Batch> batch = Batch::begin(reopened->env);
    if (!batch) {
        return;
    }
    const Result<std::vector<Bytes>> owed = load_owed(reopened->env);
    if (!owed) {
        return;
    }
    std::vector<Completion> completions;
    completions.reserve(unsure_.size());
    for (const Bytes& key : unsure_) {
        Result<Completion> found = find_again(*batch, key, *owed);
        if (!found) {
            return;  // tried again as a whole: a zone must not seem gone
        }
        completions.push_back(*std::move(found));
    }
    unsure_.clear();
    sweeper_ = Sweeper{};
    for (const SweepItem item : reopened->leftovers) {
        sweeper_.add(item);
    }
    sweep_stuck_ = false;
    slot_.set(reopened->env);
    deliver(std::move(completions));
}

}  // namespace twinzone::store
