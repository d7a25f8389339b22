#include "common/control/history.h"

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/control/json_text.h"

namespace twinzone::control {

namespace {

std::string to_json(const HistoryVersion& version) {
    if (!version.step) {
        return fmt::format(
            R"({{"serial":{},"previous":null,"committed":null,"added":null,"removed":null,)"
            R"("source":null}})",
            version.serial.value());
    }
    const HistoryStep& step = *version.step;
    return fmt::format(
        R"({{"serial":{},"previous":{},"committed":{},"added":{},"removed":{},"source":{}}})",
        version.serial.value(), step.previous.value(), json_text(to_rfc3339(step.committed)),
        step.added, step.removed, json_text(step.source));
}

// A source is ours or an address, but it comes from the disk.
std::string printable(std::string_view text) {
    std::string out;
    for (const char each : text) {
        out += static_cast<unsigned char>(each) < 0x20 || each == 0x7f ? '?' : each;
    }
    return out;
}

}  // namespace

std::string to_json(const History& history) {
    std::string text = fmt::format(R"({{"zone":{},"versions":[)", json_text(history.zone));
    std::string_view comma;
    for (const HistoryVersion& version : history.versions) {
        text += fmt::format("{}{}", comma, to_json(version));
        comma = ",";
    }
    return text + "]}\n";
}

std::string to_table(const History& history) {
    std::string text = fmt::format("{:>10}  {:<20}  {:>8}  {:>8}  {}\n", "SERIAL", "COMMITTED",
                                   "ADDED", "REMOVED", "SOURCE");
    for (const HistoryVersion& version : history.versions) {
        if (const auto& step = version.step) {
            text += fmt::format("{:>10}  {:<20}  {:>8}  {:>8}  {}\n", version.serial.value(),
                                to_rfc3339(step->committed), fmt::format("+{}", step->added),
                                fmt::format("-{}", step->removed), printable(step->source));
        } else {
            text +=
                fmt::format("{:>10}  {}\n", version.serial.value(), "the oldest that can be shown");
        }
    }
    return text;
}

}  // namespace twinzone::control
