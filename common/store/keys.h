// Keys of the store's tables, and the sums that its values end with. See the format in store.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/store/environment.h"

namespace twinzone::store {

inline constexpr std::size_t kSumBytes = 8;

// LMDB's limit as Debian builds it.
inline constexpr std::size_t kMaxKeyBytes = 511;

// What nothing refers to and is deleted piece by piece, or is still being written.
struct SweepItem {
    enum class Kind : std::uint8_t { content = 0, journal = 1 };
    Kind kind{};
    std::uint32_t id = 0;

    friend bool operator==(const SweepItem&, const SweepItem&) = default;
};

[[nodiscard]] Bytes store_key();
[[nodiscard]] Bytes sweep_key(SweepItem item);
// nullopt where `key` is none.
[[nodiscard]] std::optional<SweepItem> sweep_item(ByteView key) noexcept;
[[nodiscard]] Bytes zone_key(dns::NameView zone);
[[nodiscard]] Bytes owed_key(ByteView zone_key, std::string_view remote);
[[nodiscard]] Bytes id_prefix(std::uint32_t id);
[[nodiscard]] Bytes content_key(std::uint32_t content, ByteView page_key);
[[nodiscard]] Bytes step_key(std::uint32_t journal, std::uint64_t sequence, std::uint32_t part);
// What all keys of one step begin with.
[[nodiscard]] Bytes step_prefix(std::uint32_t journal, std::uint64_t sequence);

[[nodiscard]] bool starts_with(ByteView key, ByteView prefix) noexcept;

// The value without its sum; nullopt where the sum is not that of `key` and value: damage.
[[nodiscard]] std::optional<ByteView> without_sum(ByteView key, ByteView value) noexcept;

// Writes `body` and its sum. `at_end`: WriteTransaction::reserve().
[[nodiscard]] Result<void> put_with_sum(WriteTransaction& txn, Table table, ByteView key,
                                        ByteView body, bool at_end = false);

}  // namespace twinzone::store
