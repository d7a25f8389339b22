#include "common/dns/extended_error.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

// RFC 8914 §5.2 and the registry; by code, without gaps.
constexpr std::array<std::string_view, 30> kNames = {
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
};

// The peer's octets as they may stand in a log line.
std::string readable(ByteView text) {
    std::string out;
    for (const std::uint8_t octet : text.first(std::min(text.size(), kMaxExtendedTextBytes))) {
        const bool plain = octet >= 0x20 && octet < 0x7f;
        out += plain ? static_cast<char>(octet) : '?';
    }
    return out;
}

}  // namespace

std::string to_text(ExtendedErrorCode code) {
    const auto number = static_cast<std::size_t>(code);
    return number < kNames.size() ? std::string{kNames[number]} : fmt::format("code {}", number);
}

void add_extended_error(Edns& edns, ExtendedErrorCode code, std::string_view text) {
    Edns::Option option{EdnsOption::extended_error, {}};
    ByteWriter writer{option.value};
    writer.u16(static_cast<std::uint16_t>(code));
    writer.bytes(as_bytes(text));
    edns.options.push_back(std::move(option));
}

std::string extended_errors_text(const Edns& edns) {
    std::string out;
    unsigned told = 0;
    for (const Edns::Option& option : edns.options) {
        if (option.code != EdnsOption::extended_error || option.value.size() < 2 ||
            told == kMaxExtendedErrors) {
            continue;
        }
        const auto code = static_cast<ExtendedErrorCode>(load_u16(option.value.data()));
        const std::string text = readable(ByteView{option.value}.subspan(2));
        out += fmt::format("{}{}{}{}", told == 0 ? " (" : "; ", to_text(code),
                           text.empty() ? "" : ": ", text);
        ++told;
    }
    if (told > 0) {
        out += ')';
    }
    return out;
}

}  // namespace twinzone::dns
