// The TSIG record on the wire (RFC 8945 §4.2) and what a MAC is computed over (§4.3). Below
// TsigClient and TsigServer, which decide in which order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/header.h"
#include "common/dns/name.h"
#include "common/dns/tsig_key.h"

namespace twinzone::dns {

inline constexpr std::uint16_t kTsigFudgeSeconds = 300;  // what we sign with (RFC 8945 §10)
inline constexpr std::size_t kTsigTimeBytes = 6;         // 48 bits of seconds

// Parsed: `algorithm`, `mac` and `other` borrow the message. Written: they borrow what they were
// set from.
struct TsigRecord {
    Name key_name;
    NameView algorithm;
    std::uint64_t signed_at = 0;  // 48 bits, seconds since the epoch
    std::uint16_t fudge = kTsigFudgeSeconds;
    ByteView mac;
    std::uint16_t original_id = 0;
    Rcode error = Rcode::no_error;
    ByteView other;
};

struct FoundTsig {
    TsigRecord record;
    std::size_t message_bytes = 0;  // octets of the message before the TSIG record
};

// The TSIG record of a message; nullopt where it has none. Steps over the other records without
// reading them. Errc::message_malformed where a TSIG is not the last record of the additional
// section, is there twice, is of another class than ANY, has a TTL, or does not fit its rdata
// (§5.1, §5.2).
[[nodiscard]] Result<std::optional<FoundTsig>> find_tsig(ByteView message);

// Takes the TSIG record off in place: corrects ARCOUNT and gives the octets that are left.
[[nodiscard]] std::size_t remove_tsig(std::span<std::uint8_t> message,
                                      const FoundTsig& tsig) noexcept;

// The whole record in wire form, names uncompressed.
[[nodiscard]] Bytes to_wire(const TsigRecord& record);

// Octets of to_wire() with these names, and with a MAC and an Other field of these sizes.
[[nodiscard]] std::size_t tsig_wire_bytes(NameView key_name, NameView algorithm, std::size_t mac,
                                          std::size_t other) noexcept;

// Seconds since the epoch in 48 bits.
[[nodiscard]] std::uint64_t tsig_time(UnixTime time) noexcept;

// §5.2.3, compared without wrapping around.
[[nodiscard]] bool within_fudge(const TsigRecord& record, UnixTime now) noexcept;

// A MAC of this size says something: not longer than the whole one, not shorter than half of it or
// ten octets (§5.2.2.1).
[[nodiscard]] bool mac_size_allowed(std::size_t size, TsigAlgorithm algorithm) noexcept;

// "BADSIG", "BADKEY" … (§3); the numbers below 16 as in the header.
[[nodiscard]] std::string tsig_error_text(Rcode error);

// "signed at 1700000000, our clock 1700000400, fudge 300 s"
[[nodiscard]] std::string tsig_times_text(const TsigRecord& record, UnixTime now);

}  // namespace twinzone::dns
