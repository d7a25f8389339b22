// The asking side of a TSIG exchange (RFC 8945 §5.1, §5.3.1, §5.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/tsig_digest.h"
#include "common/dns/tsig_key.h"

namespace twinzone::dns {

inline constexpr unsigned kMaxUnsignedMessages = 99;  // in a row (RFC 8945 §5.3.1)

// One per exchange. Not thread-safe. Dead after an error.
class TsigClient {
  public:
    // Requires: not null.
    explicit TsigClient(TsigKeyPtr key);

    // Appends the TSIG record to `request` and counts it in ARCOUNT. Call once, first. Errc::limit
    // where it does not fit.
    [[nodiscard]] Result<void> sign_request(Bytes& request, UnixTime now);

    // Checks the next answer message and takes its TSIG off: on success the first `result` octets
    // of `message` are the message without TSIG, ARCOUNT corrected in place. Up to 99 messages
    // between signed ones may be unsigned (§5.3.1); the first must be signed. Errc::tsig_*: detail
    // names key and, for times, both clocks. MAC is checked before time; an error code in a TSIG is
    // reported in words (BADKEY, BADSIG, BADTIME with the server's clock).
    [[nodiscard]] Result<std::size_t> verify(std::span<std::uint8_t> message, UnixTime now);

    // Octets that sign_request() appends.
    [[nodiscard]] std::size_t reserve_bytes() const;

    // True where the message verified last carried a signature: the exchange may end here (§5.3.1:
    // the last one must).
    [[nodiscard]] bool last_was_signed() const noexcept { return last_was_signed_; }

  private:
    [[nodiscard]] Result<std::size_t> pass_unsigned(ByteView message);
    [[nodiscard]] Result<void> check_mac(ByteView message, const FoundTsig& tsig);
    void restart_digest(ByteView prior_mac);

    TsigKeyPtr key_;
    std::optional<TsigDigest> digest_;  // the prior MAC and the unsigned messages since it
    unsigned unsigned_messages_ = 0;    // since the last signed one
    bool first_ = true;                 // no answer was verified yet
    bool last_was_signed_ = false;
};

}  // namespace twinzone::dns
