#include "common/service/agreement_desk.h"

#include <utility>

namespace twinzone::service {

namespace {

Error closed() {
    return {Errc::cancelled, "the shared history is not open"};
}

}  // namespace

void AgreementDesk::open(Clerk clerk) {
    const std::lock_guard lock{mutex_};
    clerk_ = std::move(clerk);
    is_open_ = true;
}

void AgreementDesk::close() {
    {
        const std::lock_guard lock{mutex_};
        is_open_ = false;
        clerk_.reset();
    }
    answered_.notify_all();
}

Result<void> AgreementDesk::agree(std::span<store::Proposal> proposals) {
    Agreement agreement{proposals};
    while (std::optional<AgreementRequest> request = agreement.next()) {
        agreement.handle_answer(ask(*std::move(request)));
    }
    return agreement.result();
}

Result<std::int64_t> AgreementDesk::ask(AgreementRequest request) {
    std::unique_lock lock{mutex_};
    if (!is_open_) {
        return fail(closed());
    }
    const std::uint64_t number = ++asked_;
    answer_.reset();
    const auto answer = [self = shared_from_this(), number](Result<std::int64_t> given) {
        const std::lock_guard held{self->mutex_};
        if (self->asked_ == number) {
            self->answer_ = std::move(given);
            self->answered_.notify_all();
        }
    };
    loop_.post([self = shared_from_this(), request = std::move(request), answer] {
        std::optional<Clerk> clerk;
        {
            const std::lock_guard held{self->mutex_};
            clerk = self->clerk_;
        }
        if (clerk) {
            (*clerk)(request, answer);
        }
    });
    answered_.wait(lock, [this] { return answer_.has_value() || !is_open_; });
    return answer_ ? *std::exchange(answer_, std::nullopt) : fail(closed());
}

}  // namespace twinzone::service
