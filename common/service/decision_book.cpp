#include "common/service/decision_book.h"

#include <algorithm>
#include <utility>

#include "common/service/packed_decision.h"

namespace twinzone::service {

namespace {

// What the allocator takes for a run beside its octets.
constexpr std::size_t kRunBytes = 24;

PackedDecision at(const Bytes& run, std::size_t place) noexcept {
    return PackedDecision{ByteView{run}.subspan(place)};
}

bool is_by_client(Reason reason) {
    return words_of(reason).by_client;
}

void take_out(Bytes& run, std::size_t place) {
    const auto first = run.begin() + static_cast<std::ptrdiff_t>(place);
    run.erase(first, first + static_cast<std::ptrdiff_t>(at(run, place).size()));
}

}  // namespace

void DecisionBook::add(UnixTime now, const dns::Name& name, const Decision& decision) {
    std::uint32_t& place = places_.at(names_->add(name));
    if (place == 0) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(zones_.size()));
            zones_.emplace_back();
        }
        place = free_.back() + 1;
        free_.pop_back();
        zones_[place - 1].number = *names_->find(name);
        bytes_ += sizeof(Zone) + kRunBytes;
    } else {
        unlink(place - 1);
    }
    link(place - 1);
    const std::uint32_t busy = place - 1;
    Bytes& run = zones_[busy].packed;
    bytes_ -= run.size();
    KeptDecision kept{.decision = decision, .at = now, .first = now, .times = 1};
    Bytes fresh = pack(kept);
    const std::vector<std::size_t> places = places_in(run);
    const std::size_t window = std::min(places.size(), kRepeatWindow);
    const auto before = std::find_if(
        places.rbegin(), places.rbegin() + static_cast<std::ptrdiff_t>(window),
        [&](std::size_t each) { return at(run, each).says_the_same(PackedDecision{fresh}); });
    if (before != places.rbegin() + static_cast<std::ptrdiff_t>(window)) {
        kept.first = at(run, *before).first();
        kept.times = at(run, *before).times() + 1;
        fresh = pack(kept);
        take_out(run, *before);
    }
    make_room(run, is_by_client(decision.reason));
    run.reserve(run.size() + fresh.size());
    run.insert(run.end(), fresh.begin(), fresh.end());
    bytes_ += run.size();
    while (bytes_ > max_bytes_ && quietest_ != busy) {
        drop(quietest_);
    }
}

void DecisionBook::forget(const dns::Name& name) {
    const std::optional<std::uint32_t> number = names_->find(name);
    if (number && places_[*number] != 0) {
        drop(places_[*number] - 1);
    }
}

std::vector<KeptDecision> DecisionBook::of(const dns::Name& name) const {
    std::vector<KeptDecision> all;
    const std::optional<std::uint32_t> number = names_->find(name);
    if (!number || places_[*number] == 0) {
        return all;
    }
    const Bytes& run = zones_[places_[*number] - 1].packed;
    for (const std::size_t place : places_in(run)) {
        all.push_back(at(run, place).unpack());
    }
    return all;
}

void DecisionBook::make_room(Bytes& run, bool by_client) {
    const std::vector<std::size_t> places = places_in(run);
    const auto is_of_client = [&run](std::size_t place) {
        return is_by_client(at(run, place).reason());
    };
    const auto of_clients = std::count_if(places.begin(), places.end(), is_of_client);
    if (by_client && static_cast<std::size_t>(of_clients) >= kMaxClientDecisions) {
        take_out(run, *std::find_if(places.begin(), places.end(), is_of_client));
    } else if (places.size() >= kMaxDecisions) {
        take_out(run, 0);
    }
}

void DecisionBook::link(std::uint32_t place) {
    zones_[place].quieter = busiest_;
    zones_[place].busier = kNone;
    (busiest_ == kNone ? quietest_ : zones_[busiest_].busier) = place;
    busiest_ = place;
}

void DecisionBook::unlink(std::uint32_t place) {
    const Zone& zone = zones_[place];
    (zone.quieter == kNone ? quietest_ : zones_[zone.quieter].busier) = zone.busier;
    (zone.busier == kNone ? busiest_ : zones_[zone.busier].quieter) = zone.quieter;
}

void DecisionBook::drop(std::uint32_t place) {
    unlink(place);
    bytes_ -= zones_[place].packed.size() + sizeof(Zone) + kRunBytes;
    places_.at(zones_[place].number) = 0;
    zones_[place] = Zone{};
    free_.push_back(place);
}

}  // namespace twinzone::service
