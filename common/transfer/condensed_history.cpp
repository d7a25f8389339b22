#include "common/transfer/condensed_history.h"

#include <utility>

#include "common/zone/condense.h"
#include "common/zone/diff_pages.h"

namespace twinzone::transfer {

namespace {

using Pages = std::shared_ptr<const std::vector<Bytes>>;

class Cursor final : public zone::PageCursor {
  public:
    explicit Cursor(Pages pages) noexcept : pages_(std::move(pages)) {}

    Result<std::optional<ByteView>> next() override {
        if (at_ == pages_->size()) {
            return std::optional<ByteView>{};
        }
        return std::optional<ByteView>{(*pages_)[at_++]};
    }

  private:
    Pages pages_;
    std::size_t at_ = 0;
};

Result<std::vector<zone::Diff>> read_steps(const zone::Snapshot& snapshot, dns::Serial from) {
    Result<std::unique_ptr<zone::PageCursor>> pages = snapshot.history_pages(from);
    if (!pages) {
        return fail(std::move(pages).error());
    }
    if (*pages == nullptr) {
        return fail(Errc::store_corrupt, "the journal lists steps that it does not have");
    }
    return zone::read_diffs(std::move(*pages));
}

}  // namespace

Result<CondensedHistory> CondensedHistory::make(const zone::Snapshot& snapshot, dns::Serial from) {
    const Result<std::vector<zone::Diff>> steps = read_steps(snapshot, from);
    if (!steps) {
        return fail(steps.error());
    }
    const Result<zone::Diff> diff = zone::condense(*steps);
    if (!diff) {
        return fail(diff.error());
    }
    Result<std::vector<Bytes>> pages = zone::encode_diff_pages(*diff);
    if (!pages) {
        return fail(std::move(pages).error());
    }
    CondensedHistory out;
    for (const Bytes& page : *pages) {
        out.bytes_ += page.size();
    }
    out.pages_ = std::make_shared<const std::vector<Bytes>>(std::move(*pages));
    return out;
}

std::unique_ptr<zone::PageCursor> CondensedHistory::pages() const {
    return std::make_unique<Cursor>(pages_);
}

}  // namespace twinzone::transfer
