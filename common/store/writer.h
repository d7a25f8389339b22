// The writer thread: owns the write transaction, commits in groups, sweeps when there is nothing
// else to do, and gets the store back after the disk failed.
//
//   serving --EIO or failed sync--> broken --no snapshot left, reopened, checked--> serving
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "common/store/large_replace.h"
#include "common/store/plan.h"
#include "common/store/store.h"
#include "common/store/sweeper.h"

namespace twinzone::store {

// A group of commits that shares one sync ends at whichever comes first.
inline constexpr std::size_t kGroupJobs = 4096;
inline constexpr std::uint64_t kGroupBytes = std::uint64_t{32} << 20;

// Octets of content after which memory is given back, once there is nothing to do.
inline constexpr std::uint64_t kMuchWritten = std::uint64_t{8} << 20;

// How long forgotten NOTIFYs wait for a commit that takes them along.
inline constexpr std::chrono::seconds kForgetDelay{5};

// How often a broken store tries to come back.
inline constexpr std::chrono::milliseconds kReopenInterval{500};

struct DropZone {};
struct ForgetOwed {
    std::string remote;
};

struct Job {
    Bytes zone_key;
    std::variant<zone::Commit, DropZone, ForgetOwed> work;
    zone::VersionStore::Done done{};   // empty: nobody waits
    std::optional<Verdict> verdict{};  // the guard's, on content that is written by LargeReplace
    bool compares = false;             // Plan::compares
    std::chrono::steady_clock::time_point submitted{};
};

// What a job did, on its way to the loop thread.
struct Completion {
    Bytes zone_key;
    zone::VersionStore::Done done{};
    Result<zone::Committed> result = zone::Committed{};
    enum class Resident : std::uint8_t { same, set, removed };
    Resident resident = Resident::same;
    Bytes record{};                         // Resident::set: what the zone is now
    std::optional<zone::ZoneHold> hold{};   // what holds it back now, where that changed
    std::vector<std::string> owe_notify{};  // what the commit was given, whatever came of it
    std::optional<Duration> took{};         // of a commit that was synced: since it was submitted
    bool found = false;  // after reopening: what the zone is now, and the NOTIFYs in owe_notify are
                         // owed
};

// The environment, and who may use it. Thread-safe.
class EnvironmentSlot {
  public:
    explicit EnvironmentSlot(EnvironmentPtr env) noexcept : env_(std::move(env)) {}

    // nullptr while the store is broken.
    [[nodiscard]] EnvironmentPtr get() const;
    void set_broken();
    [[nodiscard]] bool broken() const;

    // Gives up the environment for reopening; false while others still use it.
    [[nodiscard]] bool release();
    void set(EnvironmentPtr env);

  private:
    mutable std::mutex mutex_;
    EnvironmentPtr env_;
    bool broken_ = false;
};

// A store opened again after a failure, checked, and what is to be swept in it.
struct Reopened {
    EnvironmentPtr env;
    std::vector<SweepItem> leftovers;
};

class Writer {
  public:
    struct Options {
        std::string directory;
        JournalLimits journal;
        std::function<void()> wake;
        std::function<Result<Reopened>()> reopen;
        Agree agree;  // empty: nobody is asked
        std::vector<SweepItem> leftovers;
    };

    Writer(EnvironmentSlot& slot, Options options);

    // Does what is queued, but gives up a LargeReplace; then ends the thread.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void submit(Job job);
    [[nodiscard]] std::vector<Completion> take_completions();
    void set_limits(ByteView zone_key, const JournalLimits& limits);

    // Waits until there is nothing to do or completions are there; true where there is nothing to
    // do at all. Forgotten NOTIFYs are written at once.
    [[nodiscard]] bool wait_idle();

    [[nodiscard]] std::size_t unswept() const noexcept { return unswept_; }

  private:
    using JobPtr = std::unique_ptr<Job>;
    using Jobs = std::vector<JobPtr>;
    using Clock = std::chrono::steady_clock;

    // What a job of a group did; told to nobody before the group is committed.
    struct Outcome {
        Job* job = nullptr;
        Result<zone::Committed> result = zone::Committed{};
        Completion::Resident resident = Completion::Resident::same;
        Bytes record{};
        std::optional<zone::ZoneHold> hold{};
        std::optional<Proposal> proposal{};  // to be agreed to before
    };
    struct GroupResult {
        std::size_t taken = 0;  // jobs from the front that it tried
        Result<void> committed;
    };

    // writer.cpp: the thread and its queue
    void run();
    [[nodiscard]] Jobs take_jobs();
    [[nodiscard]] bool has_own_work() const;
    [[nodiscard]] bool has_jobs_due() const;
    void wait_for_work(std::unique_lock<std::mutex>& lock);
    void serve(Jobs jobs);
    void deliver(std::vector<Completion> completions);
    void break_store(std::span<JobPtr> jobs, const Error& error);
    void try_reopen();

    // writer_jobs.cpp: what it does with them
    void run_jobs(std::span<JobPtr> jobs);
    GroupResult run_group(std::span<JobPtr> jobs, std::size_t sweep_entries);
    Result<void> run_job(Batch& batch, JobPtr& job, std::vector<Outcome>& out);
    Result<void> run_commit(Batch& batch, JobPtr& job, std::vector<Outcome>& out);
    static Result<void> run_drop(Batch& batch, Job& job, std::vector<Outcome>& out);
    Result<void> commit_group(Batch& batch, std::size_t sweep_entries,
                              std::vector<Outcome> outcomes);
    void run_large();
    void end_large();
    void run_sweep();
    void fail_jobs(std::span<JobPtr> jobs, const Error& error);

    // writer_agreement.cpp: who must agree to it first. nullopt where nobody is asked.
    Result<std::optional<Proposal>> propose(const Batch& batch, const Job& job,
                                            const Plan& plan) const;
    Result<std::optional<Proposal>> propose_large(const Batch& batch, const Job& job) const;
    std::optional<Proposal> finish_large(const Batch& batch,
                                         std::optional<Proposal> proposal) const;
    [[nodiscard]] static bool is_proposed(const std::vector<Outcome>& outcomes, ByteView zone_key);
    Result<void> have_agreed(std::vector<Outcome>& outcomes) const;

    [[nodiscard]] bool is_held(const Job& job) const;

    [[nodiscard]] JournalLimits limits_of(ByteView zone_key) const;

    EnvironmentSlot& slot_;
    Options options_;

    mutable std::mutex mutex_;  // guards what follows, up to the blank line
    std::condition_variable work_;
    std::condition_variable idle_;
    std::deque<JobPtr> queue_;
    std::size_t forgets_ = 0;                     // of queue_
    std::optional<Clock::time_point> forget_by_;  // when these are due
    std::vector<Completion> completions_;
    std::unordered_map<std::string, JournalLimits> limits_;  // where not the default
    bool stopping_ = false;
    bool busy_ = true;    // working on what it has taken, or has more of its own to do
    bool hurry_ = false;  // somebody waits for idle

    // The writer thread's own.
    std::deque<JobPtr> large_jobs_;  // the first has begun where large_ is there
    std::unique_ptr<LargeReplace> large_;
    Jobs held_;  // of zones that have a job in large_jobs_: a zone's jobs stay in order
    Sweeper sweeper_;
    bool sweep_stuck_ = false;   // it failed: tried again after the next commit
    std::vector<Bytes> unsure_;  // zones whose commit may or may not have reached the disk

    std::atomic<std::size_t> unswept_{0};
    std::uint64_t written_ = 0;  // since memory was last given back; writer thread only
    std::thread thread_;         // last: it uses all of the above
};

}  // namespace twinzone::store
