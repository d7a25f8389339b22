// The key of a page within one content of one zone (page_table.h): the sort key of its first owner,
// 0x00, and a 16-bit number in network order. No sort key goes on with 0x00 where another ends, so
// byte order of page keys is canonical order of content. The number is 0 for the first page that
// begins with that owner and counts up by one from page to page.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/zone/sort_key.h"

namespace twinzone::zone {

inline constexpr std::size_t kMaxPageKeyBytes = kMaxSortKeyBytes + 3;
inline constexpr std::uint16_t kMaxPageNumber = 0xffff;

struct PageKeyParts {
    ByteView owner;  // a sort key; borrowed from the page key
    std::uint16_t number = 0;
};

[[nodiscard]] Bytes page_key(ByteView owner_key, std::uint16_t number);

// nullopt where `key` is no page key: damage.
[[nodiscard]] std::optional<PageKeyParts> split_page_key(ByteView key) noexcept;

// Requires: `key` is a page key. A key such that no page key stands between it and `key`, but is
// below `key`: what to ask PageTable::last_at_or_before() for to get the page before.
[[nodiscard]] Bytes just_before(ByteView key);

}  // namespace twinzone::zone
