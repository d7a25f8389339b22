// Time and events of a simulation. One World has one seed, and everything that happens follows from
// it: the order of events, every delay, every fault. Nothing reads a real clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"

namespace twinzone::sim {

class World {
  public:
    World(std::uint64_t seed, bool trace) : random_(seed), trace_(trace) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // The monotonic clock starts at an arbitrary moment, the wall clock at 2026-01-01.
    [[nodiscard]] Now now() const noexcept;

    // The wall clock is set forward or back; the monotonic one goes on.
    void set_clock(seconds by);

    // By how much it was set back so far, all steps together.
    [[nodiscard]] seconds set_back() const noexcept { return set_back_; }

    // Since the world began: what run() counts by.
    [[nodiscard]] Duration elapsed() const noexcept { return time_; }

    [[nodiscard]] Random& random() noexcept { return random_; }

    // True in `percent` of all calls.
    [[nodiscard]] bool chance(unsigned percent) noexcept { return random_.below(100) < percent; }

    // Between the two, evenly.
    [[nodiscard]] Duration between(Duration least, Duration most) noexcept;

    // Runs `what` after `delay`; events of one moment run in the order they were scheduled. It is
    // an event of the host whose event runs now.
    void after(Duration delay, std::function<void()> what);
    // An event of another host; 0: of nobody's.
    using HostNumber = std::uint32_t;
    void after_at(HostNumber host, Duration delay, std::function<void()> what);
    // Runs it now, as an event of the host's.
    void run_as(HostNumber host, const std::function<void()>& what);

    // A host's process is stopped: its events wait until it goes on, however late.
    void pause(HostNumber host);
    void resume(HostNumber host);
    [[nodiscard]] bool is_paused(HostNumber host) const { return paused_.contains(host); }

    // Runs events up to `until`, calling `check` after each; ends early where check() is false.
    void run(Duration until, const std::function<bool()>& check);

    // A fault happened: counted by kind, no part of the trace.
    void count(std::string_view fault);
    using FaultCounts = std::map<std::string, std::uint64_t, std::less<>>;
    [[nodiscard]] const FaultCounts& faults() const noexcept { return faults_; }

    [[nodiscard]] std::size_t events_run() const noexcept { return events_run_; }

    // A line of the trace; part of trace_hash() whether it is printed or not.
    void note(const std::string& what);
    [[nodiscard]] std::uint64_t trace_hash() const noexcept { return trace_hash_; }

  private:
    Random random_;
    bool trace_;
    Duration time_{0};
    seconds wall_offset_{0};
    seconds set_back_{0};
    FaultCounts faults_;
    std::uint64_t last_event_ = 0;
    std::size_t events_run_ = 0;
    std::uint64_t trace_hash_ = 0;
    struct Event {
        HostNumber host = 0;
        std::function<void()> what;
    };
    std::map<std::pair<Duration, std::uint64_t>, Event> events_;
    std::map<HostNumber, std::vector<Event>> paused_;
    HostNumber current_ = 0;  // whose event runs
};

}  // namespace twinzone::sim
