#include "common/service/verdict.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/control/json_text.h"

namespace twinzone::service {

namespace {

std::string records(std::uint64_t count) {
    return fmt::format("{} record{}", count, count == 1 ? "" : "s");
}

std::string serial_text(const std::optional<dns::Serial>& serial) {
    return serial ? std::to_string(serial->value()) : "null";
}

std::string in_words(const ServerVerdict& verdict) {
    switch (verdict.finding) {
        case Finding::same: return fmt::format("same as {}", verdict.server);
        case Finding::differs:
            return fmt::format("differs from {}: {} only here, {} only there", verdict.server,
                               records(verdict.only_here), records(verdict.only_there));
        case Finding::other_serial:
            return fmt::format("{} has serial {}", verdict.server, serial_text(verdict.serial));
        case Finding::refused:
            return fmt::format("{} allows no AXFR: not compared", verdict.server);
        case Finding::no_answer:
            return fmt::format("no answer from {}: {}", verdict.server, verdict.why);
    }
    return {};
}

std::string to_json(const ServerVerdict& verdict) {
    std::vector<std::string> lines;
    for (const std::string& line : verdict.differences) {
        lines.push_back(control::json_text(line));
    }
    return fmt::format(
        R"({{"server":{},"role":"{}","result":"{}","serial":{},"only_here":{},"only_there":{},)"
        R"("differences":[{}],"why":{}}})",
        control::json_text(verdict.server), verdict.is_primary ? "primary" : "output",
        to_string(verdict.finding), serial_text(verdict.serial), verdict.only_here,
        verdict.only_there, fmt::join(lines, ","), control::json_text(verdict.why));
}

}  // namespace

std::string_view to_string(Finding finding) noexcept {
    switch (finding) {
        case Finding::same: return "same";
        case Finding::differs: return "differs";
        case Finding::other_serial: return "other-serial";
        case Finding::refused: return "refused";
        case Finding::no_answer: return "no-answer";
    }
    return "?";
}

bool ZoneVerdict::is_good() const noexcept {
    const bool is_compared =
        std::any_of(servers.begin(), servers.end(),
                    [](const ServerVerdict& each) { return each.finding == Finding::same; });
    return is_compared &&
           std::all_of(servers.begin(), servers.end(), [](const ServerVerdict& each) {
               return each.finding == Finding::same || each.finding == Finding::refused;
           });
}

std::string to_text(const ZoneVerdict& verdict) {
    const std::string zone = verdict.zone.to_text();
    if (!verdict.serial) {
        return fmt::format("{} has no version yet\n", zone);
    }
    std::string text;
    for (const ServerVerdict& server : verdict.servers) {
        text += fmt::format("{} {}: {}\n", zone, verdict.serial->value(), in_words(server));
        for (const std::string& line : server.differences) {
            text += fmt::format("  {}\n", line);
        }
        if (server.only_here + server.only_there > server.differences.size()) {
            text += "  …\n";
        }
    }
    return text;
}

std::string to_json(const ZoneVerdict& verdict) {
    std::vector<std::string> servers;
    for (const ServerVerdict& server : verdict.servers) {
        servers.push_back(to_json(server));
    }
    return fmt::format(R"({{"zone":{},"serial":{},"ok":{},"servers":[{}]}})",
                       control::json_text(verdict.zone.to_text()), serial_text(verdict.serial),
                       verdict.is_good(), fmt::join(servers, ","));
}

}  // namespace twinzone::service
