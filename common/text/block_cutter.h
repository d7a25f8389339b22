// Where a large zone file is cut into blocks that can be read one by one: in front of lines that
// begin with an owner. The lines themselves decide, so that text that comes or goes moves the rest,
// but leaves most blocks what they were.
#pragma once

#include <cstddef>
#include <string_view>

namespace twinzone::text {

inline constexpr std::size_t kMinBlockBytes = std::size_t{1} << 10;  // but the last of a file
inline constexpr std::size_t kMaxBlockBytes = std::size_t{256} << 10;

// Octets of the first block of `text`; all of it where `is_last` (nothing follows) and it is not
// longer than a block may be. 0 where there is no place to cut. Whether the place lies within
// parentheses shows only when the block is read. Requires: is_last, or more than kMaxBlockBytes.
[[nodiscard]] std::size_t first_block(std::string_view text, bool is_last) noexcept;

}  // namespace twinzone::text
