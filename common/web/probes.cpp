#include "common/web/probes.h"

#include <iterator>

#include <fmt/format.h>

namespace twinzone::web {

namespace {

bool is_ready(const control::ZoneStatus& zone) {
    switch (zone.state) {
        case control::ZoneState::current: return true;
        case control::ZoneState::transferring:
        case control::ZoneState::frozen: return zone.serial.has_value();
        case control::ZoneState::stale:
        case control::ZoneState::held:
        case control::ZoneState::expired:
        case control::ZoneState::failed:
        case control::ZoneState::loading: return false;
    }
    return false;
}

std::string one_line(std::string text) {
    for (char& c : text) {
        c = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return text;
}

}  // namespace

Probe liveness(bool store_is_broken) {
    if (store_is_broken) {
        return {.passed = false, .text = "the store is broken: its disk failed\n"};
    }
    return {.passed = true, .text = "ok\n"};
}

Probe readiness(const Facts& facts) {
    std::size_t missing = 0;
    std::string lines;
    for (const control::ZoneStatus& zone : facts.status.zones) {
        if (is_ready(zone) || ++missing > kMaxProbeLines) {
            continue;
        }
        fmt::format_to(std::back_inserter(lines), "{} {}{}{}\n", zone.zone,
                       control::to_string(zone.state), zone.reason.empty() ? "" : ": ",
                       one_line(zone.reason));
    }
    if (missing == 0) {
        return {.passed = true,
                .text = fmt::format("ok: {} zones ready\n", facts.status.zones.size())};
    }
    if (missing > kMaxProbeLines) {
        fmt::format_to(std::back_inserter(lines), "… and {} more\n", missing - kMaxProbeLines);
    }
    return {.passed = false, .text = std::move(lines)};
}

}  // namespace twinzone::web
