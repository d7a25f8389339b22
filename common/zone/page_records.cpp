#include "common/zone/page_records.h"

namespace twinzone::zone {

PageRecords::PageRecords(std::unique_ptr<PageCursor> pages) noexcept : pages_(std::move(pages)) {
    TWINZONE_ASSERT(pages_ != nullptr);
}

Result<std::optional<dns::RecordView>> PageRecords::next() {
    for (;;) {
        if (page_) {
            Result<std::optional<dns::RecordView>> record = page_->next();
            if (!record || *record) {
                return record;
            }
            page_.reset();
        }
        Result<std::optional<ByteView>> page = pages_->next();
        if (!page) {
            return fail(std::move(page).error());
        }
        if (!*page) {
            return std::optional<dns::RecordView>{};
        }
        page_.emplace(**page);
    }
}

}  // namespace twinzone::zone
