#include "common/zone/page_encoder.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::zone {

Result<void> check_record_size(const dns::RecordView& record) {
    if (record.wire_bytes() <= kMaxRecordWireBytes) {
        return {};
    }
    return fail(Errc::limit, fmt::format("{} {} has {} octets, which fit no message (at most {})",
                                         record.owner.to_text(), to_text(record.type),
                                         record.wire_bytes(), kMaxRecordWireBytes));
}

PageFill::PageFill() {
    restart();
}

void PageFill::restart() {
    message_.reserve(kPageBytes);
    write_page_header(message_);
    compressor_.reset();
    records_ = 0;
}

bool PageFill::add(const dns::RecordView& record) {
    const std::size_t before = message_.size();
    compressor_.append_record(record, message_);
    if (message_.size() > kPageBytes && records_ > 0) {
        message_.resize(before);
        compressor_.rewind(before);
        return false;
    }
    if (records_ == 0) {
        owner_key_.clear();
        append_sort_key(record.owner, owner_key_);
    }
    ++records_;
    return true;
}

Bytes PageFill::take() {
    TWINZONE_ASSERT(records_ > 0);
    write_page_count(message_, records_);
    Bytes page = std::move(message_);
    message_ = {};
    restart();
    return page;
}

void PageNumbers::continue_behind(ByteView key) {
    last_.assign(key.begin(), key.end());
}

std::uint32_t PageNumbers::number_for(ByteView owner_key) const noexcept {
    const std::optional<PageKeyParts> last = split_page_key(last_);
    const bool same_owner = last && compare_keys(last->owner, owner_key) == 0;
    return same_owner ? std::uint32_t{last->number} + 1 : 0;
}

bool PageNumbers::would_give(ByteView key) const noexcept {
    const std::optional<PageKeyParts> parts = split_page_key(key);
    return parts && number_for(parts->owner) == parts->number;
}

Result<Bytes> PageNumbers::next(ByteView owner_key) {
    const std::uint32_t number = number_for(owner_key);
    if (number > kMaxPageNumber) {
        return fail(Errc::limit, fmt::format("more than {} pages begin with one owner", number));
    }
    last_ = page_key(owner_key, static_cast<std::uint16_t>(number));
    return last_;
}

Result<std::optional<EncodedPage>> PageEncoder::add(const dns::RecordView& record) {
    if (Result<void> sized = check_record_size(record); !sized) {
        return fail(std::move(sized).error());
    }
    if (fill_.add(record)) {
        return std::optional<EncodedPage>{};
    }
    Result<std::optional<EncodedPage>> full = finish();
    const bool added = fill_.add(record);
    TWINZONE_ASSERT(added);
    return full;
}

Result<std::optional<EncodedPage>> PageEncoder::finish() {
    if (fill_.empty()) {
        return std::optional<EncodedPage>{};
    }
    Result<Bytes> key = numbers_.next(fill_.owner_key());
    if (!key) {
        return fail(std::move(key).error());
    }
    EncodedPage page;
    page.key = std::move(*key);
    page.records = fill_.records();
    page.message = fill_.take();
    return std::optional{std::move(page)};
}

}  // namespace twinzone::zone
