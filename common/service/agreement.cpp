#include "common/service/agreement.h"

#include <utility>

namespace twinzone::service {

namespace {

// A request's pages: libpq and PostgreSQL hold it whole.
constexpr std::uint64_t kStageBytes = std::uint64_t{1} << 20;

}  // namespace

std::optional<AgreementRequest> Agreement::next() {
    if (result_) {
        return std::nullopt;
    }
    if (Result<void> filled = fill(); !filled) {
        result_ = std::move(filled);
        return std::nullopt;
    }
    if (!pages_.empty() || !blob_) {
        bytes_ = 0;
        return StagePages{.blob = blob_,
                          .first = std::exchange(staged_, taken_),
                          .pages = std::exchange(pages_, {})};
    }
    appends_ = true;
    return AppendEntries{.blob = *blob_, .entries = std::exchange(entries_, {})};
}

void Agreement::handle_answer(const Result<std::int64_t>& answer) {
    if (!answer) {
        result_ = fail(answer.error());
    } else if (appends_) {
        result_ = Result<void>{};
    } else {
        blob_ = *answer;
    }
}

// Pages for one request, or all that are left.
Result<void> Agreement::fill() {
    while (at_ < proposals_.size() && bytes_ < kStageBytes) {
        store::Proposal& proposal = proposals_[at_];
        if (entries_.size() == at_) {
            begin_entry(proposal);
        }
        Result<std::optional<Bytes>> page = next_page(proposal);
        if (!page) {
            return fail(std::move(page).error());
        }
        if (!*page) {
            ++at_;
            step_page_ = 0;
            continue;
        }
        bytes_ += (*page)->size();
        ++taken_;
        shared::Entry& entry = entries_.back();
        entry.bytes += (*page)->size();
        ++entry.run.pages;
        pages_.push_back(std::move(**page));
    }
    return {};
}

void Agreement::begin_entry(store::Proposal& proposal) {
    shared::Entry& entry = entries_.emplace_back();
    entry.zone = proposal.zone;
    if (proposal.before) {
        entry.from = shared::mark_of(*proposal.before);
    }
    entry.to = proposal.version;
    entry.is_whole = proposal.steps.empty();
    entry.source = std::move(proposal.source);
    entry.run.first = taken_;
}

// Of the differences where there are any, else of the content.
Result<std::optional<Bytes>> Agreement::next_page(store::Proposal& proposal) {
    if (!proposal.steps.empty()) {
        return step_page_ < proposal.steps.size()
                   ? std::optional{std::move(proposal.steps[step_page_++])}
                   : std::nullopt;
    }
    const Result<std::optional<ByteView>> page = proposal.content->next();
    if (!page) {
        return fail(page.error());
    }
    return *page ? std::optional{Bytes{(*page)->begin(), (*page)->end()}} : std::nullopt;
}

}  // namespace twinzone::service
