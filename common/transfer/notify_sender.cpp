#include "common/transfer/notify_sender.h"

#include <algorithm>
#include <utility>

#include "common/base/assert.h"

namespace twinzone::transfer {

namespace {

constexpr unsigned kMaxStepsPerPoll = 1024;
constexpr std::uint32_t kMaxDoublings = 16;  // 2 s become a day and a half

// Room for so many entries is kept while nothing is owed.
constexpr std::size_t kKeptEntries = 1024;

bool is_of_repeats(std::size_t line) noexcept {
    return line % 2 == 1;
}

NotifyVerdict verdict_of(dns::Rcode rcode) noexcept {
    switch (rcode) {
        case dns::Rcode::no_error: return NotifyVerdict::delivered;
        case dns::Rcode::serv_fail: return NotifyVerdict::retrying;
        // RFC 1996 §3.12: it got the message and will not act on it; saying it again is no use.
        default: return NotifyVerdict::refused;
    }
}

}  // namespace

dns::Message notify_message(const dns::SoaRecord& soa, std::uint16_t id) {
    dns::Message message;
    message.header.id = id;
    message.header.opcode = dns::Opcode::notify;
    message.header.aa = true;
    message.question = dns::Question{soa.owner, dns::RrType::soa, dns::RrClass::in};
    message.answer.push_back(soa.record());
    return message;
}

NotifySender::NotifySender(const NotifyLimits& limits, std::uint64_t seed)
    : limits_(limits), random_(seed) {}

void NotifySender::handle_committed(Instant now, std::uint32_t zone, std::uint32_t target,
                                    dns::Serial serial) {
    const std::uint32_t slot = slot_for(zone, target);
    Entry& entry = entries_[slot];
    const bool changed = entry.serial != serial;
    entry.serial = serial;
    // The first message is on its way: its answer comes first, or patience of a round trip or so.
    if (entry.state == State::in_flight && entry.attempts == 1) {
        if (changed && !std::exchange(entry.newer, true)) {
            const Instant sent = due_.due(slot) - patience(entry.attempts);
            due_.set(slot, std::max(now, sent + limits_.round_trip));
        }
        return;
    }
    start_over(now, slot);
}

void NotifySender::handle_owed(Instant now, std::uint32_t zone, std::uint32_t target,
                               dns::Serial serial) {
    if (find(zone, target)) {
        return;  // a newer version is being announced already
    }
    const std::uint32_t slot = slot_for(zone, target);
    entries_[slot].serial = serial;
    entries_[slot].old = true;
    const auto spread = static_cast<std::uint64_t>(Duration{limits_.restart_spread}.count());
    due_.set(slot, now + Duration{static_cast<std::int64_t>(random_.below(spread + 1))});
}

std::optional<NotifyResult> NotifySender::handle_answer(Instant now, std::uint32_t zone,
                                                        std::uint32_t target, std::uint16_t id,
                                                        dns::Rcode rcode) {
    const std::optional<std::uint32_t> found = find(zone, target);
    if (!found) {
        return std::nullopt;
    }
    const std::uint32_t slot = *found;
    Entry& entry = entries_[slot];
    if (entry.state != State::in_flight || entry.id != id) {
        return std::nullopt;
    }
    NotifyResult result{zone, target, entry.serial, verdict_of(rcode), true};
    if (result.verdict == NotifyVerdict::retrying) {
        return result;  // the timer of the message in flight goes on
    }
    if (entry.newer) {
        start_over(now, slot);
        return result;
    }
    result.still_owed = false;
    release(slot);
    return result;
}

void NotifySender::forget(std::uint32_t zone, std::uint32_t target) {
    if (const std::optional<std::uint32_t> slot = find(zone, target)) {
        release(*slot);
    }
}

void NotifySender::set_rate(std::uint32_t per_second) {
    limits_.per_second = per_second;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        lines_[i].tokens = tokens_for(i);
    }
}

std::optional<Instant> NotifySender::next_timeout() const noexcept {
    const std::optional<Instant> entry = due_.next();
    const std::optional<Instant> line = lines_due_.next();
    return entry && line ? std::min(*entry, *line) : entry ? entry : line;
}

std::optional<NotifyAction> NotifySender::poll_action(Instant now) {
    for (unsigned steps = 0; steps < kMaxStepsPerPoll; ++steps) {
        if (const std::optional<std::uint32_t> slot = due_.pop_due(now)) {
            stand_in_line(now, *slot);
            continue;
        }
        const std::optional<std::uint32_t> line = lines_due_.pop_due(now);
        if (!line) {
            return std::nullopt;
        }
        if (const std::optional<NotifyAction> action = serve_line(now, *line)) {
            return action;
        }
    }
    return std::nullopt;  // more is due: next_timeout() says so
}

// An entry whose time has come: its first message, or nobody answered the one before.
void NotifySender::stand_in_line(Instant now, std::uint32_t slot) {
    Entry& entry = entries_[slot];
    if (entry.state == State::in_flight) {
        entry.attempts = entry.newer ? 0 : entry.attempts;
    }
    entry.state = State::in_line;
    ++entry.ticket;
    const bool fresh = entry.attempts == 0 && !entry.old;
    const std::uint32_t index = entry.target * 2 + (fresh ? 0 : 1);
    while (lines_.size() <= index) {
        lines_.push_back(Line{.tokens = tokens_for(lines_.size())});
    }
    Line& line = lines_[index];
    line.places.push_back({.slot = slot, .ticket = entry.ticket});
    if (!lines_due_.contains(index)) {
        lines_due_.set(index, line.tokens.available_at(now));
    }
}

// Takes out who goes next; those who have left are passed over. nullopt where nobody stands there.
std::optional<std::uint32_t> NotifySender::next_of(Line& line) {
    while (!line.places.empty()) {
        const Place place = line.oldest_next ? line.places.front() : line.places.back();
        if (line.oldest_next) {
            line.places.pop_front();
        } else {
            line.places.pop_back();
        }
        const Entry& entry = entries_[place.slot];
        if (entry.state == State::in_line && entry.ticket == place.ticket) {
            line.oldest_next = !line.oldest_next;
            return place.slot;
        }
    }
    return std::nullopt;
}

std::optional<NotifyAction> NotifySender::serve_line(Instant now, std::uint32_t index) {
    Line& line = lines_[index];
    if (const Instant at = line.tokens.available_at(now); at > now) {
        lines_due_.set(index, at);
        return std::nullopt;
    }
    const std::optional<std::uint32_t> slot = next_of(line);
    if (!slot) {
        return std::nullopt;
    }
    static_cast<void>(line.tokens.take(now));
    if (is_of_repeats(index)) {
        // New versions have one token less: all together is what the target may be told.
        static_cast<void>(lines_[index - 1].tokens.reserve(now));
    }
    if (!line.places.empty()) {
        lines_due_.set(index, line.tokens.available_at(now));
    }
    return send(now, *slot);
}

NotifyAction NotifySender::send(Instant now, std::uint32_t slot) {
    Entry& entry = entries_[slot];
    entry.state = State::in_flight;
    entry.newer = false;
    entry.id = random_.message_id();
    ++entry.attempts;
    due_.set(slot, now + patience(entry.attempts));
    return {entry.zone, entry.target, entry.id, entry.serial, entry.attempts};
}

bool NotifySender::invariants_hold() const noexcept {
    std::size_t seen = 0;
    for (std::uint32_t zone = 0; zone < first_.size(); ++zone) {
        for (std::uint32_t at = first_[zone]; at != 0; at = entries_[at - 1].next) {
            const Entry& entry = entries_[at - 1];
            const std::uint32_t line = entry.target * 2;
            const bool in_line = entry.state == State::in_line;
            const bool is_in_order =
                entry.zone == zone && due_.contains(at - 1) != in_line &&
                (!in_line || lines_due_.contains(line) || lines_due_.contains(line + 1));
            if (!is_in_order || ++seen > owed()) {
                return false;
            }
        }
    }
    return seen == owed();
}

std::optional<std::uint32_t> NotifySender::find(std::uint32_t zone,
                                                std::uint32_t target) const noexcept {
    std::uint32_t at = zone < first_.size() ? first_[zone] : 0;
    while (at != 0 && entries_[at - 1].target != target) {
        at = entries_[at - 1].next;
    }
    return at == 0 ? std::nullopt : std::optional{at - 1};
}

std::uint32_t NotifySender::slot_for(std::uint32_t zone, std::uint32_t target) {
    if (const std::optional<std::uint32_t> known = find(zone, target)) {
        return *known;
    }
    if (zone >= first_.size()) {
        first_.resize(std::size_t{zone} + 1);
    }
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(entries_.size()));
        entries_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    entries_[slot].zone = zone;
    entries_[slot].target = target;
    entries_[slot].next = std::exchange(first_[zone], slot + 1);
    return slot;
}

void NotifySender::release(std::uint32_t slot) {
    due_.erase(slot);
    std::uint32_t* link = &first_[entries_[slot].zone];
    while (*link != slot + 1) {
        link = &entries_[*link - 1].next;
    }
    *link = entries_[slot].next;
    const std::uint32_t ticket = entries_[slot].ticket;
    entries_[slot] = Entry{};
    entries_[slot].ticket = ticket + 1;  // its places in lines are left
    free_slots_.push_back(slot);
    if (owed() == 0 && entries_.size() > kKeptEntries) {
        give_room_back();
    }
}

// After a first load or a long absence of a target, all of many zones are told: nothing of that
// stays. Requires: nothing is owed.
void NotifySender::give_room_back() {
    std::vector<Entry>{}.swap(entries_);
    std::vector<std::uint32_t>{}.swap(free_slots_);
    std::vector<std::uint32_t>{}.swap(first_);
    due_ = DueQueue{};
    for (Line& line : lines_) {
        std::deque<Place>{}.swap(line.places);
    }
}

void NotifySender::start_over(Instant now, std::uint32_t slot) {
    Entry& entry = entries_[slot];
    entry.state = State::waiting;
    entry.newer = false;
    entry.old = false;
    entry.attempts = 0;
    due_.set(slot, now);
}

TokenBucket NotifySender::tokens_for(std::size_t line) const noexcept {
    const std::uint32_t all = limits_.per_second;
    const std::uint32_t rate = is_of_repeats(line) && all != 0 ? std::max(all / 4, 1U) : all;
    return {rate, rate / 10};  // a tenth of a second's worth at once
}

Duration NotifySender::patience(std::uint32_t attempts) const noexcept {
    if (attempts > limits_.fast_tries) {
        return limits_.slow_retry;
    }
    const Duration doubled =
        Duration{limits_.first_retry} * (std::int64_t{1} << std::min(attempts - 1, kMaxDoublings));
    return std::min<Duration>(doubled, limits_.max_retry);
}

}  // namespace twinzone::transfer
