// The digest of a version: the sum modulo 2^128 of XXH3-128 over each record's canonical wire form
// (owner in lower case, uncompressed; type, class, TTL, RDLENGTH, rdata as it is). Order does not
// matter and a change costs O(change) to follow. Two servers with equal serial and digest hold the
// same zone. It proves the absence of accidents, not of attackers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/dns/record.h"

namespace twinzone::zone {

// Plain value.
class Digest {
  public:
    constexpr Digest() noexcept = default;
    constexpr Digest(std::uint64_t high, std::uint64_t low) noexcept : high_(high), low_(low) {}

    // XXH3-128 of octets that are no record: what tells runs of text apart.
    [[nodiscard]] static Digest of_octets(ByteView octets) noexcept;

    void add(const dns::RecordView& record) noexcept;
    void remove(const dns::RecordView& record) noexcept;

    // All that `other` has had added and removed.
    void add(const Digest& other) noexcept;

    [[nodiscard]] constexpr std::uint64_t high() const noexcept { return high_; }
    [[nodiscard]] constexpr std::uint64_t low() const noexcept { return low_; }

    // 32 lower-case hexadecimal digits, and back.
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] static std::optional<Digest> from_text(std::string_view text) noexcept;

    friend constexpr bool operator==(const Digest&, const Digest&) noexcept = default;

  private:
    std::uint64_t high_ = 0;
    std::uint64_t low_ = 0;
};

}  // namespace twinzone::zone
