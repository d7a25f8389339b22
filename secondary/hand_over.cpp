#include "secondary/hand_over.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "secondary/hand_over_parts.h"

namespace twinzone::secondary {

HandOver::HandOver(zone::VersionStore& store, std::uint64_t seed)
    : store_(store),
      random_(seed),
      questions_(seed + 1),
      files_{.most = kMaxFiles},
      commands_{.most = kMaxCommands} {}

HandOver::~HandOver() = default;

HandOver::Zone* HandOver::find(dns::NameView zone) {
    const auto at = zones_.find(dns::Name{zone});
    return at == zones_.end() ? nullptr : at->second.get();
}

HandOver::Zone* HandOver::find(std::uint32_t zone) {
    const auto at = by_number_.find(zone);
    return at == by_number_.end() ? nullptr : at->second;
}

const zone::Version* HandOver::version_of(const Zone& zone) const {
    const zone::ZoneState* state = store_.find(zone.name);
    return state != nullptr && state->version ? &*state->version : nullptr;
}

ServerQuestions::Target HandOver::target_of(const Zone& zone) {
    return {.zone = zone.number, .name = zone.name, .server = zone.output.verify};
}

std::uint32_t HandOver::add_zone(Now now, const config::Zone& settings, const FileState& file) {
    TWINZONE_ASSERT(settings->output.mode != config::OutputMode::none);
    auto made = std::make_unique<Zone>();
    Zone& zone = *made;
    zone.name = settings.name;
    zone.output = settings.output();
    zone.refresh = settings->refresh;
    zone.number = ++last_number_;
    zone.file = file;
    zone.is_file_served = !file.has_previous;
    by_number_.emplace(zone.number, &zone);
    const bool is_new = zones_.emplace(zone.name, std::move(made)).second;
    TWINZONE_ASSERT(is_new);
    const zone::Version* version = version_of(zone);
    if (version == nullptr) {
        return zone.number;
    }
    const bool is_written = !zone.is_file() || file.serial == version->serial();
    if (is_written && zone.output.verify) {
        begin_check(now, zone);
    } else if (is_written && !file.has_previous) {
        zone.target = zone.taken = version->serial();  // nobody can be asked for more
    } else {
        begin(now, zone);
    }
    return zone.number;
}

void HandOver::remove_zone(dns::NameView name) {
    Zone* zone = find(name);
    if (zone == nullptr) {
        return;
    }
    busy_ -= zone->attempt ? 1U : 0U;
    questions_.forget(zone->number);
    due_.erase(zone->number);
    by_number_.erase(zone->number);
    zones_.erase(dns::Name{name});
}

void HandOver::handle_published(Now now, dns::NameView name) {
    Zone* zone = find(name);
    const zone::Version* version = zone == nullptr ? nullptr : version_of(*zone);
    if (version == nullptr) {
        return;
    }
    if (zone->lacks.size() == kMaxLacks) {
        zone->lacks.erase(zone->lacks.begin() + 1);  // the oldest tells the lag
    }
    zone->lacks.push_back({version->serial(), now.unix});
    zone->file.serial.reset();  // of another version from now on, also where the serial is the same
    if (!zone->attempt || zone->attempt->stage == Stage::checking) {
        begin(now, *zone);
        return;
    }
    if (zone->is_file() || zone->attempt->stage != Stage::asking) {
        zone->attempt->is_again = true;
        return;
    }
    // The server that follows us can be told at once.
    zone->target = version->serial();
    zone->attempt->pause = kFirstPause;
    zone->attempt->notify_pause = kFirstNotifyPause;
    tell(now, *zone);
    due_.set(zone->number, now.instant + kFirstPause);
}

void HandOver::refresh(Now now, dns::NameView name) {
    Zone* zone = find(name);
    if (zone == nullptr || zone->attempt || version_of(*zone) == nullptr) {
        return;
    }
    if (zone->error.empty() && zone->output.verify) {
        begin_check(now, *zone);
    } else if (!zone->error.empty()) {
        zone->failures = 0;  // what the operator mended is tried as if for the first time
        begin(now, *zone);
    }
}

void HandOver::handle_timeout(Now now) {
    questions_.handle_timeout(now);
    read_answers(now);
    while (const std::optional<std::uint32_t> number = due_.pop_due(now.instant)) {
        if (Zone* zone = find(*number)) {
            step(now, *zone);
        }
    }
}

std::optional<Instant> HandOver::next_timeout() const {
    const std::optional<Instant> due = due_.next();
    const std::optional<Instant> question = questions_.next_timeout();
    if (!due || !question) {
        return due ? due : question;
    }
    return std::min(*due, *question);
}

void HandOver::handle_message(Now now, service::AttemptId attempt,
                              std::span<std::uint8_t> message) {
    questions_.handle_message(now, attempt, message);
    read_answers(now);
}

void HandOver::handle_failure(Now now, service::AttemptId attempt, const Error& error) {
    questions_.handle_failure(attempt, error);
    read_answers(now);
}

void HandOver::read_answers(Now now) {
    while (const auto refused = questions_.poll_refused()) {
        Zone* zone = find(refused->zone);
        if (zone != nullptr && zone->attempt) {
            zone->attempt->notify_answer = refused->why;
        }
    }
    do {
        while (const auto served = questions_.poll_served()) {
            Zone* zone = find(served->zone);
            if (zone != nullptr && zone->attempt) {
                zone->attempt->is_asked = false;
                handle_served(now, *zone, served->serial);
            }
        }
        ask_waiting(now);
    } while (questions_.has_served());
}

std::optional<HandOverAction> HandOver::poll_action() {
    if (std::optional<service::FollowerAction> question = questions_.poll_action()) {
        return std::visit(
            [](auto&& action) { return HandOverAction{std::forward<decltype(action)>(action)}; },
            std::move(*question));
    }
    if (actions_.empty()) {
        return std::nullopt;
    }
    std::optional<HandOverAction> action{std::move(actions_.front())};
    actions_.pop_front();
    return action;
}

std::optional<HandOverEvent> HandOver::poll_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    std::optional<HandOverEvent> event{std::move(events_.front())};
    events_.pop_front();
    return event;
}

void HandOver::enter(Gate& gate, HandOverAction action) {
    if (gate.running == gate.most) {
        gate.waiting.push_back(std::move(action));
        return;
    }
    ++gate.running;
    actions_.push_back(std::move(action));
}

void HandOver::leave(Gate& gate) {
    --gate.running;
    if (!gate.waiting.empty()) {
        ++gate.running;
        actions_.push_back(std::move(gate.waiting.front()));
        gate.waiting.pop_front();
    }
}

std::optional<HandOver::View> HandOver::view(dns::NameView name) const {
    const auto at = zones_.find(dns::Name{name});
    const zone::Version* version = at == zones_.end() ? nullptr : version_of(*at->second);
    if (version == nullptr) {
        return std::nullopt;
    }
    const Zone& zone = *at->second;
    View view;
    view.serial = zone.served;
    view.since = zone.served_since;
    view.reload_words = zone.reload_words;
    if (!zone.lacks.empty()) {
        view.lacks_since = zone.lacks.front().since;
    }
    if (!zone.error.empty()) {
        view.state = zone.is_behind ? View::State::behind : View::State::failed;
        view.why = zone.error;
    } else if (zone.taken == version->serial()) {
        view.state = View::State::in_step;
    } else {
        view.state = View::State::handing_over;
        view.why = zone.output.verify
                       ? fmt::format("serial {} is being handed to {}", version->serial().value(),
                                     zone.server())
                       : fmt::format("serial {} is being handed over", version->serial().value());
    }
    return view;
}

bool HandOver::invariants_hold() const {
    std::size_t busy = 0;
    for (const auto& [name, zone] : zones_) {
        busy += zone->attempt ? 1U : 0U;
        const bool waits =
            zone->attempt && !zone->attempt->is_asked &&
            (zone->attempt->stage == Stage::asking || zone->attempt->stage == Stage::settling ||
             zone->attempt->stage == Stage::checking);
        const bool is_watched = !zone->attempt && version_of(*zone) != nullptr &&
                                (zone->output.verify || !zone->error.empty());
        if ((waits || is_watched) && !due_.contains(zone->number)) {
            return false;
        }
    }
    return busy == busy_;
}

}  // namespace twinzone::secondary
