// What a hand-over says: its log lines, and its part of a zone's status.

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "secondary/hand_over_runner.h"
#include "secondary/reload_command.h"

namespace twinzone::secondary {

namespace {

using control::ZoneState;
using What = HandOverEvent::What;
using View = HandOver::View;

service::Reason reason_of(What what) {
    switch (what) {
        case What::taken: return service::Reason::handed_over;
        case What::failed: return service::Reason::hand_over_failed;
        case What::put_back: return service::Reason::hand_over_taken_back;
        case What::behind: return service::Reason::hand_over_lost;
    }
    return service::Reason::hand_over_failed;
}

ZoneState state_of(View::State state) {
    switch (state) {
        case View::State::in_step: return ZoneState::current;
        case View::State::handing_over: return ZoneState::transferring;
        case View::State::behind: return ZoneState::stale;
        case View::State::failed: return ZoneState::failed;
    }
    return ZoneState::failed;
}

// The worse of what is known of the primaries' side and of the server's; the primaries' where both
// are as bad.
bool is_worse(ZoneState server, ZoneState ours) {
    const auto rank = [](ZoneState state) {
        switch (state) {
            case ZoneState::current: return 0;
            case ZoneState::transferring: return 1;
            case ZoneState::loading:
            case ZoneState::stale: return 2;
            case ZoneState::failed: return 3;
            case ZoneState::frozen:
            case ZoneState::held:
            case ZoneState::expired: return 4;  // an operator is asked for more than the server is
        }
        return 4;
    };
    return rank(server) > rank(ours);
}

}  // namespace

void HandOverRunner::log(const HandOverEvent& event) {
    const auto at = numbers_.find(event.zone);
    if (at == numbers_.end()) {
        return;
    }
    const config::Output& output = zones_.at(at->second).output;
    observe::EventFacts facts;
    if (output.verify) {
        facts.remote = output.verify->addresses.front().to_text();
        facts.key = output.verify->key ? output.verify->key->name().to_text() : "";
    }
    facts.file = output.path;
    facts.detail = event.why;
    facts.from = event.from == event.to ? std::nullopt : event.from;
    facts.to = event.to;
    if (event.what == What::taken) {
        facts.note = fmt::format("{:.2f} s", std::chrono::duration<double>(event.took).count());
    }
    daemon_.events().record(daemon_.loop().now(), event.zone, reason_of(event.what),
                            std::move(facts));
    if (event.what == What::taken) {
        daemon_.handle_well(event.zone, service::Trouble::hand_over);
    } else if (event.what == What::failed) {
        daemon_.handle_trouble(event.zone, service::Trouble::hand_over, event.why);
    }
}

std::string HandOverRunner::problem(const dns::Name& zone) const {
    const std::optional<View> view = core_.view(zone);
    return view ? view->why : std::string{};
}

void HandOverRunner::describe(control::ZoneStatus& status, const dns::Name& zone) const {
    const std::optional<View> view = core_.view(zone);
    const auto at = numbers_.find(zone);
    if (!view || at == numbers_.end()) {
        return;
    }
    const Served& served = zones_.at(at->second);
    const ZoneState state = state_of(view->state);
    if (served.output.verify) {
        control::ServedStatus fact;
        fact.server = served.output.verify->addresses.front().to_text();
        fact.serial = view->serial;
        fact.since = view->serial ? std::optional{view->since} : std::nullopt;
        fact.error = state == ZoneState::failed || state == ZoneState::stale ? view->why : "";
        status.served = std::move(fact);
    } else if (state == ZoneState::current && status.state == state && !served.words.empty()) {
        status.reason =
            fmt::format("not verified, as no server is asked: {}",
                        view->reload_words.empty() ? "its file is in place" : view->reload_words);
    }
    if (is_worse(state, status.state)) {
        status.state = state;
        status.reason = view->why;
    }
    if (state == ZoneState::current) {
        return;
    }
    const UnixTime now = daemon_.loop().now().unix;
    status.lag = view->lacks_since
                     ? std::optional{std::max(status.lag.value_or(seconds{0}),
                                              std::max(now - *view->lacks_since, seconds{0}))}
                     : std::nullopt;
}

}  // namespace twinzone::secondary
