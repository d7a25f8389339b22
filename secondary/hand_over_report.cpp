// What a hand-over says: its log lines, and its part of a zone's status.

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "secondary/hand_over_runner.h"
#include "secondary/reload_command.h"

namespace twinzone::secondary {

namespace {

using control::ZoneState;
using observe::Level;
using What = HandOverEvent::What;
using View = HandOver::View;

std::string serials(const HandOverEvent& event) {
    if (!event.to) {
        return {};
    }
    return event.from && event.from != event.to
               ? fmt::format(", serial {} -> {}", event.from->value(), event.to->value())
               : fmt::format(", serial {}", event.to->value());
}

// "hand-over, outgoing, file F, remote 127.0.0.1@53, key k1."
std::string to_whom(const config::Output& output) {
    std::string text = "hand-over, outgoing";
    if (output.mode == config::OutputMode::file) {
        text += fmt::format(", file {}", output.path);
    }
    if (output.verify) {
        text += fmt::format(", remote {}", output.verify->addresses.front().to_text());
        if (output.verify->key) {
            text += fmt::format(", key {}", output.verify->key->name().to_text());
        }
    }
    return text;
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
    const Served& zone = zones_.at(at->second);
    const std::string name = event.zone.to_text();
    const std::string whom = to_whom(zone.output);
    const std::string end = fmt::format("{}, {:.2f} s", serials(event),
                                        std::chrono::duration<double>(event.took).count());
    observe::Log& log = daemon_.log();
    switch (event.what) {
        case What::taken: {
            const std::string by = event.why.empty() ? "" : fmt::format(", {}", event.why);
            log.zone(Level::info, name, fmt::format("{}{}, finished{}", whom, by, end));
            daemon_.handle_well(event.zone, service::Trouble::hand_over);
            return;
        }
        case What::failed:
            log.zone(Level::warning, name, fmt::format("{}, failed: {}{}", whom, event.why, end));
            daemon_.handle_trouble(event.zone, service::Trouble::hand_over, event.why);
            return;
        case What::put_back:
            log.zone(Level::notice, name,
                     fmt::format("{}, previous file put back{}", whom, serials(event)));
            return;
        case What::behind:
            log.zone(Level::warning, name,
                     fmt::format("{}, no longer served: {}{}", whom, event.why, serials(event)));
            return;
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
