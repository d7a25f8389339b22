#include "common/zone/page_key.h"

namespace twinzone::zone {

namespace {

constexpr std::size_t kTailBytes = 3;  // 0x00 and the number

}  // namespace

Bytes page_key(ByteView owner_key, std::uint16_t number) {
    Bytes key;
    key.reserve(owner_key.size() + kTailBytes);
    ByteWriter writer{key};
    writer.bytes(owner_key);
    writer.u8(0);
    writer.u16(number);
    return key;
}

std::optional<PageKeyParts> split_page_key(ByteView key) noexcept {
    if (key.size() < kTailBytes || key.size() > kMaxPageKeyBytes) {
        return std::nullopt;
    }
    const ByteView owner = key.first(key.size() - kTailBytes);
    const bool ends_right = owner.empty() || owner.back() == 0;
    if (!ends_right || key[owner.size()] != 0) {
        return std::nullopt;
    }
    return PageKeyParts{owner, load_u16(key.data() + owner.size() + 1)};
}

Bytes just_before(ByteView key) {
    const std::optional<PageKeyParts> parts = split_page_key(key);
    TWINZONE_ASSERT(parts.has_value());
    if (parts->number > 0) {
        return page_key(parts->owner, static_cast<std::uint16_t>(parts->number - 1));
    }
    return {key.begin(), key.end() - 2};  // the number taken off: below all numbers of this owner
}

}  // namespace twinzone::zone
