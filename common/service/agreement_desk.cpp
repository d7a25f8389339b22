#include "common/service/agreement_desk.h"

#include <utility>

namespace twinzone::service {

namespace {

// A request's pages: libpq and PostgreSQL hold it whole.
constexpr std::uint64_t kStageBytes = std::uint64_t{1} << 20;

Error closed() {
    return {Errc::cancelled, "the shared history is not open"};
}

}  // namespace

struct AgreementDesk::Staging {
    std::optional<std::int64_t> blob;
    std::int64_t next = 0;    // part
    std::int64_t staged = 0;  // parts that are there already
    std::vector<Bytes> pages;
    std::uint64_t bytes = 0;
    std::vector<shared::Entry> entries;
};

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
    Staging staging;
    staging.entries.reserve(proposals.size());
    for (store::Proposal& proposal : proposals) {
        if (Result<void> staged = stage(proposal, staging); !staged) {
            return staged;
        }
    }
    if (Result<void> flushed = flush(staging); !flushed) {
        return flushed;
    }
    const Result<std::int64_t> appended =
        ask([blob = staging.blob.value_or(0), entries = std::move(staging.entries)](
                const Clerk& clerk, const Answer& answer) { clerk.append(blob, entries, answer); });
    return appended ? Result<void>{} : fail(appended.error());
}

Result<void> AgreementDesk::stage(store::Proposal& proposal, Staging& staging) {
    shared::Entry entry;
    entry.zone = proposal.zone;
    if (proposal.before) {
        entry.from = shared::mark_of(*proposal.before);
    }
    entry.to = proposal.version;
    entry.is_whole = proposal.steps.empty();
    entry.source = std::move(proposal.source);
    entry.run.first = staging.next;
    for (Bytes& page : proposal.steps) {
        entry.bytes += page.size();
        if (Result<void> done = put(std::move(page), staging); !done) {
            return done;
        }
    }
    while (entry.is_whole) {
        const Result<std::optional<ByteView>> page = proposal.content->next();
        if (!page) {
            return fail(page.error());
        }
        if (!*page) {
            break;
        }
        entry.bytes += (*page)->size();
        if (Result<void> done = put(Bytes{(*page)->begin(), (*page)->end()}, staging); !done) {
            return done;
        }
    }
    entry.run.pages = staging.next - entry.run.first;
    staging.entries.push_back(std::move(entry));
    return {};
}

Result<void> AgreementDesk::put(Bytes page, Staging& staging) {
    staging.bytes += page.size();
    staging.pages.push_back(std::move(page));
    ++staging.next;
    return staging.bytes < kStageBytes ? Result<void>{} : flush(staging);
}

Result<void> AgreementDesk::flush(Staging& staging) {
    if (staging.pages.empty() && staging.blob) {
        return {};
    }
    const Result<std::int64_t> blob = ask(
        [into = staging.blob, first = staging.staged, pages = std::exchange(staging.pages, {})](
            const Clerk& clerk, const Answer& answer) { clerk.stage(into, first, pages, answer); });
    if (!blob) {
        return fail(blob.error());
    }
    staging.blob = *blob;
    staging.staged = staging.next;
    staging.bytes = 0;
    return {};
}

Result<std::int64_t> AgreementDesk::ask(std::function<void(const Clerk&, const Answer&)> what) {
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
    loop_.post([self = shared_from_this(), what = std::move(what), answer] {
        std::optional<Clerk> clerk;
        {
            const std::lock_guard held{self->mutex_};
            clerk = self->clerk_;
        }
        if (clerk) {
            what(*clerk, answer);
        }
    });
    answered_.wait(lock, [this] { return answer_.has_value() || !is_open_; });
    return answer_ ? *std::exchange(answer_, std::nullopt) : fail(closed());
}

}  // namespace twinzone::service
