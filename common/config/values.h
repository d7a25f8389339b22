// The written forms of single values: durations, sizes, counts, base64. Errors are Errc::usage with
// a sentence that quotes the text, except for base64, which may be a secret.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"

namespace twinzone::config {

// Ports of addresses that name none.
inline constexpr std::uint16_t kDnsPort = 53;
inline constexpr std::uint16_t kTlsPort = 853;  // RFC 9103 §7.3
inline constexpr std::uint16_t kWebPort = 10353;

// "30s", "5m", "2h", "1d", or plain seconds.
[[nodiscard]] Result<seconds> duration_from_text(std::string_view text);

// The same, for what would make no sense without any time: at least 1s.
[[nodiscard]] Result<seconds> nonzero_duration_from_text(std::string_view text);

// Octets: "512", "64K", "64M", "2G", "1T"; a K is 1024.
[[nodiscard]] Result<std::uint64_t> size_from_text(std::string_view text);

// "100", "64K", "100M"; a K is 1000.
[[nodiscard]] Result<std::uint64_t> count_from_text(std::string_view text);

// "100%".
[[nodiscard]] Result<std::uint32_t> percent_from_text(std::string_view text);

// RFC 4648 §4, padded, nothing around it.
[[nodiscard]] Result<Bytes> base64_from_text(std::string_view text);

}  // namespace twinzone::config
