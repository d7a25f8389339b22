// TSIG secrets in files: plain base64, or what BIND reads and writes:
//
//   key "name" { algorithm hmac-sha256; secret "BASE64"; };
//
// No error here shows what is in the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/dns/tsig.h"

namespace twinzone::config {

struct KeyText {
    std::optional<dns::Name> name{};                // absent in plain base64
    std::optional<dns::TsigAlgorithm> algorithm{};  // absent in plain base64
    Bytes secret;
};

// Errc::config_invalid with the line and the reason.
[[nodiscard]] Result<KeyText> parse_key_text(std::string_view text);

// The same for a file, which others must not be able to read. Errc::config_invalid or
// Errc::file_unreadable with its path. Blocking.
[[nodiscard]] Result<KeyText> read_key_file(const std::string& path);

// "hmac-sha256", also with closing dot and in any case. Errc::config_invalid with what there is.
[[nodiscard]] Result<dns::TsigAlgorithm> algorithm_from_text(std::string_view text);

}  // namespace twinzone::config
