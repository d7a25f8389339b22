#include "common/zone/page.h"

#include <fmt/format.h>

namespace twinzone::zone {

namespace {

constexpr std::uint16_t kPageFlags = 0x8400;  // QR, AA

bool has_page_header(ByteView page) noexcept {
    if (page.size() < dns::kHeaderBytes + dns::kMinRecordBytes ||
        page.size() > dns::kMaxMessageBytes) {
        return false;
    }
    const std::uint8_t* header = page.data();
    return load_u16(header) == 0 && load_u16(header + 2) == kPageFlags &&
           load_u16(header + 4) == 0 && load_u16(header + 6) != 0 && load_u32(header + 8) == 0;
}

}  // namespace

PageReader::PageReader(ByteView page) noexcept
    : page_bytes_(page.size()),
      header_is_right_(has_page_header(page)),
      records_(dns::MessageOctets{page}, header_is_right_ ? dns::kHeaderBytes : page.size()) {
    if (header_is_right_) {
        left_ = load_u16(page.data() + 6);
    }
}

Result<std::optional<dns::RecordView>> PageReader::next() {
    if (!header_is_right_) {
        return fail(Errc::store_corrupt,
                    fmt::format("{} octets that do not begin as a page does", page_bytes_));
    }
    if (left_ == 0) {
        if (records_.remaining() != 0) {
            return fail(Errc::store_corrupt,
                        fmt::format("{} octets behind a page's last record", records_.remaining()));
        }
        return std::optional<dns::RecordView>{};
    }
    Result<dns::RecordView> record = records_.next();
    if (!record) {
        return fail(Errc::store_corrupt, fmt::format("in a page at offset {}: {}",
                                                     records_.offset(), record.error().detail()));
    }
    --left_;
    return std::optional{*record};
}

void write_page_header(Bytes& message) {
    message.assign(dns::kHeaderBytes, 0);
    store_u16(message.data() + 2, kPageFlags);
}

void write_page_count(Bytes& message, std::uint32_t records) {
    store_u16(message.data() + 6, static_cast<std::uint16_t>(records));
}

}  // namespace twinzone::zone
