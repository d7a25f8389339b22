// The heads of records (TTL, class, type) that were read last, by their text: a zone file has a
// handful of them, again and again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/dns/rr_type.h"
#include "common/dns/ttl.h"

namespace twinzone::text {

struct RecordHead {
    std::optional<dns::Ttl> ttl;
    dns::RrType type{};
    std::uint32_t type_at = 0;  // octets before the type
    std::uint32_t size = 0;     // octets up to the end of the type
};

// Not thread-safe.
class HeadMemory {
  public:
    // The head whose text, a blank behind it included, stands at `at`; nullptr if it is not known.
    // Requires: kTextPadding octets can be read there.
    [[nodiscard]] const RecordHead* find(const char* at) const noexcept;

    // Remembers it in place of the oldest. `text` is followed by another octet; what is too long,
    // or has more in it than words and blanks, is left out.
    void put(const char* text, const RecordHead& head) noexcept;

  private:
    static constexpr std::size_t kHeads = 8;
    static constexpr std::size_t kMaxBytes = 32;

    struct Known {
        std::array<char, kMaxBytes> text{};
        std::uint32_t octets = 0;  // a bit for each that counts
        RecordHead head;
    };
    std::array<Known, kHeads> known_{};
    std::size_t count_ = 0;
    std::size_t oldest_ = 0;
};

}  // namespace twinzone::text
