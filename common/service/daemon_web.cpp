// What the daemon gives its web side.

#include <fmt/format.h>

#include "common/service/daemon.h"
#include "common/service/why.h"

namespace twinzone::service {

namespace {

// Newest first.
std::vector<web::DecisionRow> decision_rows(const std::vector<KeptDecision>& kept) {
    std::vector<web::DecisionRow> rows;
    rows.reserve(kept.size());
    for (auto each = kept.rbegin(); each != kept.rend(); ++each) {
        const ReasonWords& words = words_of(each->decision.reason);
        rows.push_back({.at = each->at,
                        .times = each->times,
                        .level = std::string{observe::to_string(words.level)},
                        .text = std::string{words.sentence},
                        .detail = facts_text(each->decision)});
    }
    return rows;
}

// The steps that the journal holds, newest first.
void read_history(const zone::Snapshot& snapshot, web::ZoneDetails& details) {
    const Result<std::vector<zone::HistoryStep>> steps = snapshot.all_history();
    if (!steps) {
        details.versions_missing = steps.error().detail();
        return;
    }
    if (steps->empty()) {
        details.versions_missing = "The version in service is the only one that is known.";
    }
    for (auto step = steps->rbegin(); step != steps->rend(); ++step) {
        if (details.versions.size() == web::kMaxVersionRows) {
            return;
        }
        details.versions.push_back({.from = step->from.serial,
                                    .to = step->to.serial,
                                    .added = step->added,
                                    .removed = step->removed,
                                    .at = step->committed,
                                    .source = step->source});
    }
}

}  // namespace

void Daemon::start_web() {
    if (web_) {
        return;
    }
    web_ = std::make_unique<WebService>(
        loop_, *store_, metrics_,
        WebService::Sources{
            .head = [this] { return status_without_zones(); },
            .zone_at = [this](std::size_t place) { return zone_status_at(place); },
            .zone_named = [this](std::string_view name) { return zone_status_of(name); },
            .details = [this](std::string_view name) { return zone_details(name); }});
}

Result<void> Daemon::listen_web() {
    for (const Endpoint& at : config_.web) {
        start_web();
        if (Result<void> listening = web_->listen(at); !listening) {
            return listening;
        }
        log_->server(observe::Level::info, fmt::format("web listening on {}", at.to_text()));
    }
    return {};
}

std::optional<control::ZoneStatus> Daemon::zone_status_of(std::string_view name) const {
    const Result<dns::Name> zone = dns::Name::from_text(name);
    const std::optional<std::size_t> place = zone ? place_of(*zone) : std::nullopt;
    return place ? zone_status_at(*place) : std::nullopt;
}

WebService::MakeDetails Daemon::zone_details(std::string_view name) {
    const Result<dns::Name> zone = dns::Name::from_text(name);
    Result<std::shared_ptr<const zone::Snapshot>> snapshot =
        zone ? store_->snapshot(*zone) : fail(zone.error());
    return
        [snapshot = std::move(snapshot), decisions = zone ? decision_rows(events_.book().of(*zone))
                                                          : std::vector<web::DecisionRow>{}] {
            web::ZoneDetails details;
            details.decisions = decisions;
            if (snapshot) {
                read_history(**snapshot, details);
            }
            return details;
        };
}

}  // namespace twinzone::service
