#include "common/service/service_notifier.h"

#include <cstdint>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace twinzone::service {

namespace {

// A turn of counting, and how many zones it looks at: a millisecond or so of the loop's time, so
// that a million zones are counted in minutes and nobody waits for it.
constexpr Duration kCountInterval = seconds{1};
constexpr std::size_t kZonesPerTurn = 2000;

// A manager that has gone cannot be told so, and one that is there acts on our silence by itself:
// hence nothing is done about an error.
void tell(const std::string& text) {
    static_cast<void>(::sd_notify(0, text.c_str()));
}

bool has_listener() {
    return std::getenv("NOTIFY_SOCKET") != nullptr;
}

// How often the manager wants a sign of life, halved as sd_watchdog_enabled(3) advises.
std::optional<Duration> alive_interval() {
    std::uint64_t limit_microseconds = 0;
    if (::sd_watchdog_enabled(0, &limit_microseconds) <= 0) {
        return std::nullopt;
    }
    return microseconds{static_cast<std::int64_t>(limit_microseconds / 2)};
}

}  // namespace

ServiceNotifier::ServiceNotifier(net::Loop& loop, ZoneAt zone_at)
    : loop_(loop), zone_at_(std::move(zone_at)), alive_timer_(loop), zones_timer_(loop) {}

void ServiceNotifier::ready() {
    if (!has_listener()) {
        return;
    }
    tell("READY=1");
    if (std::exchange(started_, true)) {
        return;
    }
    if (const std::optional<Duration> interval = alive_interval()) {
        tell_alive(*interval);
    }
    count_zones();
}

void ServiceNotifier::reloading() {
    // The time is for managers from 253 on (Type=notify-reload); older ones pass it over.
    const auto since_start = loop_.now().instant.since_start();
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     std::chrono::floor<microseconds>(since_start).count()));
}

void ServiceNotifier::stopping() {
    zones_timer_.cancel();
    tell("STOPPING=1\nSTATUS=stopping");
}

void ServiceNotifier::tell_alive(Duration interval) {
    tell("WATCHDOG=1");
    alive_timer_.arm_after(interval, [this, interval] { tell_alive(interval); });
}

void ServiceNotifier::count_zones() {
    for (std::size_t counted = 0; counted < kZonesPerTurn; ++counted) {
        const std::optional<control::ZoneStatus> status = zone_at_(place_);
        if (!status) {
            tell_zones();
            break;
        }
        tally_.add(*status);
        ++place_;
    }
    zones_timer_.arm_after(kCountInterval, [this] { count_zones(); });
}

void ServiceNotifier::tell_zones() {
    std::string text = std::exchange(tally_, ZoneTally{}).to_text();
    place_ = 0;
    if (text != told_) {
        tell("STATUS=" + text);
        told_ = std::move(text);
    }
}

}  // namespace twinzone::service
