// A new TSIG key, and how each server wants it written. RFC 8945.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/dns/tsig_key.h"

namespace twinzone::setup {

enum class KeyFormat : std::uint8_t {
    twinzone,  // a secret-file of ours; BIND reads it too
    bind,
    nsd,
    knot,
    pdns  // a command: PowerDNS keeps its keys in its database
};

// Errc::usage with what there is.
[[nodiscard]] Result<KeyFormat> key_format_from_text(std::string_view text);

// Plain value; holds a secret.
struct FreshKey {
    std::string name;  // presentation form with the closing dot
    dns::TsigAlgorithm algorithm{};
    std::string secret;  // base64
};

// Octets of a secret that is as strong as the algorithm, and no longer (RFC 2104 §3: shorter than
// its output weakens it, longer gains little).
[[nodiscard]] std::size_t secret_bytes(dns::TsigAlgorithm algorithm) noexcept;

// Errc::usage for a name with characters that some server would want escaped: letters, digits, '-',
// '_' and '.' are understood by all.
[[nodiscard]] Result<FreshKey> fresh_key(std::string_view name, dns::TsigAlgorithm algorithm,
                                         ByteView secret);

// The key in that server's syntax, with a comment on where it goes. Ends with a newline.
[[nodiscard]] std::string key_text(const FreshKey& key, KeyFormat format);

// Whether every server takes this name unescaped.
[[nodiscard]] bool is_plain_name(std::string_view text) noexcept;

}  // namespace twinzone::setup
