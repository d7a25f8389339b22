#include "common/control/promotion_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace twinzone::control {

namespace {

std::string serial_text(const PromotedZone& zone) {
    return zone.serial ? fmt::format(", serial {}", zone.serial->value()) : std::string{};
}

std::string line_of(const PromotedZone& zone, bool undo) {
    if (!zone.problem.empty()) {
        return fmt::format("{} failed: {}\n", zone.zone, zone.problem);
    }
    if (undo) {
        return fmt::format("{} {}{}\n", zone.zone,
                           zone.was_so ? "was not promoted" : "follows its primaries again",
                           serial_text(zone));
    }
    return fmt::format("{} {}{}{}\n", zone.zone, zone.was_so ? "was promoted before" : "promoted",
                       serial_text(zone),
                       zone.file.empty() ? "" : fmt::format(", zone file {}", zone.file));
}

std::string next_steps(const PromotionReport& report) {
    return fmt::format(
        "\n"
        "These zones are no longer followed: no primary is asked, and they do not expire.\n"
        "{}"
        "To edit them, let twinzone-primary take over the same store:\n"
        "  1. stop the secondary:  systemctl disable --now twinzone-secondary\n"
        "  2. start the primary:   twinzone-primary serve -c {}\n"
        "     (for good: copy it to /etc/twinzone/primary.yaml, systemctl enable --now "
        "twinzone-primary)\n"
        "  3. edit a zone file in {}, raise its serial, save it\n"
        "The secondaries behind go on by IXFR from the serials they have.\n"
        "To follow the primaries again instead:  twinzone-secondary promote --undo\n",
        report.serving ? "This secondary goes on serving and announcing them with the same serials "
                         "and history.\n"
                       : "",
        report.configuration, report.folder);
}

}  // namespace

bool PromotionReport::ok() const noexcept {
    return problem.empty() && std::all_of(zones.begin(), zones.end(), [](const PromotedZone& zone) {
               return zone.problem.empty();
           });
}

std::string to_text(const PromotionReport& report) {
    std::string text;
    for (const PromotedZone& zone : report.zones) {
        text += line_of(zone, report.undo);
    }
    if (!report.problem.empty()) {
        text += fmt::format("configuration not written: {}\n", report.problem);
    }
    if (!report.configuration.empty()) {
        text += next_steps(report);
    }
    for (const std::string& note : report.notes) {
        text += fmt::format("note: {}\n", note);
    }
    return text;
}

std::string to_json(const PromotionReport& report) {
    nlohmann::ordered_json zones = nlohmann::ordered_json::array();
    for (const PromotedZone& zone : report.zones) {
        nlohmann::ordered_json entry;
        entry["zone"] = zone.zone;
        entry["serial"] = zone.serial ? nlohmann::ordered_json(zone.serial->value())
                                      : nlohmann::ordered_json(nullptr);
        entry["promoted"] = zone.problem.empty() ? nlohmann::ordered_json(!report.undo)
                                                 : nlohmann::ordered_json(nullptr);
        entry["file"] = zone.file;
        entry["problem"] = zone.problem;
        zones.push_back(std::move(entry));
    }
    nlohmann::ordered_json out;
    out["zones"] = std::move(zones);
    out["folder"] = report.folder;
    out["configuration"] = report.configuration;
    out["problem"] = report.problem;
    out["notes"] = report.notes;
    return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace twinzone::control
