// Mnemonics of numbers within rdata: DNSSEC algorithms (IANA "DNS Security Algorithm Numbers") and
// certificate types (RFC 4398 §2.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace twinzone::text {

// In any case; nullopt where it is none.
[[nodiscard]] std::optional<std::uint8_t> algorithm_from_mnemonic(std::string_view text) noexcept;
[[nodiscard]] std::optional<std::uint16_t> certificate_from_mnemonic(
    std::string_view text) noexcept;

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace twinzone::text
