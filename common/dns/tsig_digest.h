// One MAC on its way: what RFC 8945 §4.3 feeds into it, in the order the caller says. Above
// OpenSSL's HMAC; below TsigClient and TsigServer.
#pragma once

#include <array>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/tsig_key.h"
#include "common/dns/tsig_record.h"

namespace twinzone::dns {

// A whole MAC. Plain value.
struct TsigMac {
    std::array<std::uint8_t, 64> octets{};  // only the first `size` have a meaning
    std::size_t size = 0;

    [[nodiscard]] ByteView view() const noexcept { return {octets.data(), size}; }
};

// Not thread-safe. Independent of the key's lifetime. Where OpenSSL refuses anything, finish() says
// so.
class TsigDigest {
  public:
    explicit TsigDigest(const TsigKey& key) noexcept;

    void add(ByteView octets) noexcept;

    // The MAC of the request or of the message before, with its size (§4.3.1, §5.3.1).
    void add_prior_mac(ByteView mac) noexcept;

    // A received message as it was before its TSIG record was added (§4.3.2): without it, with
    // ARCOUNT one less and the original ID.
    void add_message(ByteView message, const FoundTsig& tsig) noexcept;

    // §4.3.3; names in lower case and uncompressed.
    void add_variables(const TsigRecord& record) noexcept;

    // Time and fudge alone: for every message of a stream behind the first (§5.3.1).
    void add_timers(const TsigRecord& record) noexcept;

    // Requires: called once, last. Errc::internal.
    [[nodiscard]] Result<TsigMac> finish() noexcept;

  private:
    void add_u16(std::uint16_t number) noexcept;
    void add_lowered(NameView name) noexcept;

    EvpMacContext context_;  // null after a failure
};

// Whether both have the same name, algorithm and secret: they sign alike. False where OpenSSL
// refuses to sign.
[[nodiscard]] bool same_key(const TsigKey& a, const TsigKey& b) noexcept;

// In constant time. A MAC from the wire may be truncated: compared in its length, which
// mac_size_allowed() has passed.
[[nodiscard]] bool matches(const TsigMac& mac, ByteView from_wire) noexcept;

}  // namespace twinzone::dns
