#include "common/service/decision_book.h"

#include <algorithm>

namespace twinzone::service {

namespace {

bool is_by_client(const KeptDecision& kept) {
    return words_of(kept.decision.reason).by_client;
}

}  // namespace

void DecisionBook::add(UnixTime now, const dns::Name& name, Decision decision) {
    const auto [at, is_new] = zones_.try_emplace(name);
    Zone& zone = at->second;
    if (is_new) {
        zone.place = quiet_.insert(quiet_.end(), &at->first);
    } else {
        quiet_.splice(quiet_.end(), quiet_, zone.place);
    }
    const std::size_t window = std::min(zone.kept.size(), kRepeatWindow);
    const auto before = std::find_if(
        zone.kept.rbegin(), zone.kept.rbegin() + static_cast<std::ptrdiff_t>(window),
        [&](const KeptDecision& kept) { return says_the_same(kept.decision, decision); });
    KeptDecision kept{.decision = std::move(decision), .at = now, .first = now, .times = 1};
    if (before != zone.kept.rbegin() + static_cast<std::ptrdiff_t>(window)) {
        kept.first = before->first;
        kept.times = before->times + 1;
        drop(zone, static_cast<std::size_t>(zone.kept.rend() - before) - 1);
    }
    make_room(zone, is_by_client(kept));
    bytes_ += memory_of(kept);
    zone.kept.push_back(std::move(kept));
    if (bytes_ > max_bytes_) {
        shrink(name);
    }
}

void DecisionBook::forget(const dns::Name& name) {
    const auto at = zones_.find(name);
    if (at == zones_.end()) {
        return;
    }
    for (const KeptDecision& kept : at->second.kept) {
        bytes_ -= memory_of(kept);
    }
    quiet_.erase(at->second.place);
    zones_.erase(at);
}

const std::vector<KeptDecision>& DecisionBook::of(const dns::Name& name) const {
    static const std::vector<KeptDecision> kNone;
    const auto at = zones_.find(name);
    return at == zones_.end() ? kNone : at->second.kept;
}

void DecisionBook::drop(Zone& zone, std::size_t index) {
    const auto at = zone.kept.begin() + static_cast<std::ptrdiff_t>(index);
    bytes_ -= memory_of(*at);
    zone.kept.erase(at);
}

void DecisionBook::make_room(Zone& zone, bool by_client) {
    const auto of_clients = std::count_if(zone.kept.begin(), zone.kept.end(), is_by_client);
    if (by_client && static_cast<std::size_t>(of_clients) >= kMaxClientDecisions) {
        const auto oldest = std::find_if(zone.kept.begin(), zone.kept.end(), is_by_client);
        drop(zone, static_cast<std::size_t>(oldest - zone.kept.begin()));
    } else if (zone.kept.size() >= kMaxDecisions) {
        drop(zone, 0);
    }
}

// Takes from the zones that were quiet longest; the busy one keeps its own.
void DecisionBook::shrink(const dns::Name& busy) {
    while (bytes_ > max_bytes_ && *quiet_.front() != busy) {
        const dns::Name quiet = *quiet_.front();
        forget(quiet);
    }
}

}  // namespace twinzone::service
