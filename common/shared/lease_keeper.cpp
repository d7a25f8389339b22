#include "common/shared/lease_keeper.h"

#include <algorithm>

namespace twinzone::shared {

void LeaseKeeper::handle_asked(Instant now) noexcept {
    asked_at_ = now;
    next_ask_ = now + times_.interval;
}

LeaseChange LeaseKeeper::handle_answer(Instant now, const LeaseAnswer& answer) noexcept {
    const Instant asked = asked_at_.value_or(now);
    asked_at_.reset();
    if (!answer.is_ours) {
        return give_up();
    }
    const Instant until = asked + times_.length;
    if (now >= until) {  // it came so late that it says nothing of now
        return give_up();
    }
    const bool is_new = token_ != answer.token;
    token_ = answer.token;
    valid_until_ = until;
    return is_new ? LeaseChange::gained : LeaseChange::none;
}

LeaseChange LeaseKeeper::handle_time(Instant now) noexcept {
    return token_ && now >= valid_until_ ? give_up() : LeaseChange::none;
}

LeaseChange LeaseKeeper::give_up() noexcept {
    const bool had = token_.has_value();
    token_.reset();
    return had ? LeaseChange::lost : LeaseChange::none;
}

std::optional<Instant> LeaseKeeper::next_timeout(bool may_ask) const noexcept {
    const bool asks = may_ask && !asked_at_;
    if (!token_) {
        return asks ? std::optional{next_ask_} : std::nullopt;
    }
    return asks ? std::min(next_ask_, valid_until_) : valid_until_;
}

}  // namespace twinzone::shared
