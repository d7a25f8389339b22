#include "tests/sim/world.h"

#include <algorithm>
#include <cstdio>

namespace twinzone::sim {

namespace {

constexpr Duration kMonotonicStart = hours{1000};
constexpr std::int64_t kWallStart = 1'767'225'600;  // 2026-01-01T00:00:00Z

}  // namespace

Now World::now() const noexcept {
    return {.instant = Instant{kMonotonicStart + time_},
            .unix = UnixTime{kWallStart + std::chrono::floor<seconds>(time_).count() +
                             wall_offset_.count()}};
}

void World::set_clock(seconds by) {
    count(by < seconds{0} ? "clock set back" : "clock set forward");
    wall_offset_ += by;
    set_back_ += std::max(seconds{0}, -by);
}

void World::count(std::string_view fault) {
    const auto at = faults_.find(fault);
    if (at == faults_.end()) {
        faults_.emplace(fault, 1);
    } else {
        ++at->second;
    }
}

Duration World::between(Duration least, Duration most) noexcept {
    const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + Duration{static_cast<Duration::rep>(random_.below(span))};
}

void World::after(Duration delay, std::function<void()> what) {
    after_at(current_, delay, std::move(what));
}

void World::after_at(HostNumber host, Duration delay, std::function<void()> what) {
    events_.emplace(std::pair{time_ + std::max(delay, Duration{0}), ++last_event_},
                    Event{.host = host, .what = std::move(what)});
}

void World::run_as(HostNumber host, const std::function<void()>& what) {
    const HostNumber before = std::exchange(current_, host);
    what();
    current_ = before;
}

void World::pause(HostNumber host) {
    count("process stopped for a while");
    paused_.try_emplace(host);
}

void World::resume(HostNumber host) {
    const auto at = paused_.find(host);
    if (at == paused_.end()) {
        return;
    }
    for (Event& event : at->second) {
        events_.emplace(std::pair{time_, ++last_event_}, std::move(event));
    }
    paused_.erase(at);
}

void World::run(Duration until, const std::function<bool()>& check) {
    while (!events_.empty() && events_.begin()->first.first <= until) {
        auto event = events_.extract(events_.begin());
        time_ = event.key().first;
        const auto paused = paused_.find(event.mapped().host);
        if (paused != paused_.end()) {
            paused->second.push_back(std::move(event.mapped()));
            continue;
        }
        run_as(event.mapped().host, event.mapped().what);
        ++events_run_;
        if (!check()) {
            return;
        }
    }
    time_ = std::max(time_, until);
}

// FNV-1a over all lines and their moments.
void World::note(const std::string& what) {
    const auto mix = [this](std::uint64_t value) {
        trace_hash_ = (trace_hash_ ^ value) * 0x100000001b3U;
    };
    mix(static_cast<std::uint64_t>(time_.count()));
    for (const char c : what) {
        mix(static_cast<unsigned char>(c));
    }
    if (trace_) {
        std::printf("%10.6f %s\n", std::chrono::duration<double>(time_).count(), what.c_str());
    }
}

}  // namespace twinzone::sim
