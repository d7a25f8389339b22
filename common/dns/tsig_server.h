// The answering side of a TSIG exchange (RFC 8945 §5.2, §5.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/header.h"
#include "common/dns/tsig_digest.h"
#include "common/dns/tsig_key.h"
#include "common/dns/tsig_record.h"

namespace twinzone::dns {

// One per exchange. Not thread-safe.
class TsigServer {
  public:
    enum class Verdict : std::uint8_t {
        unsigned_request,  // no TSIG: answer without
        valid,             // answer signed with key()
        refused,           // answer NOTAUTH; sign() gives the TSIG record with the error in it:
                           // unsigned for BADKEY and BADSIG, signed for BADTIME (§5.2)
    };

    // Looks at a request. Errc::message_malformed where it is no message, or the TSIG is not the
    // last record, twice there, of the wrong class or TTL, has a MAC of a size that is never
    // allowed (§5.2.2.1), or carries an error code (answer FORMERR). On success the TSIG is off:
    // request_bytes() octets are left, ARCOUNT corrected in place.
    [[nodiscard]] static Result<TsigServer> check(std::span<std::uint8_t> request,
                                                  const TsigKeyring& keyring, UnixTime now);

    [[nodiscard]] Verdict verdict() const noexcept { return verdict_; }
    [[nodiscard]] std::size_t request_bytes() const noexcept { return request_bytes_; }
    [[nodiscard]] const TsigKeyPtr& key() const noexcept { return key_; }  // null unless valid
    // Set where refused: for the log.
    [[nodiscard]] const std::optional<Error>& reason() const noexcept { return reason_; }

    // Octets to keep free for the TSIG record of an answer.
    [[nodiscard]] std::size_t reserve_bytes() const noexcept;

    // Signs the next answer message, given as consecutive parts (the first begins with the whole
    // message header, counts without the TSIG record). Returns the TSIG record to append; the
    // caller then adds one to ARCOUNT. Empty for an unsigned request.
    [[nodiscard]] Result<Bytes> sign(std::span<const ByteView> parts, UnixTime now);

  private:
    TsigServer() = default;

    [[nodiscard]] Result<void> judge(ByteView request, const FoundTsig& tsig,
                                     const TsigKeyring& keyring, UnixTime now);
    void refuse(Rcode error, std::string why);
    void restart_digest(const TsigKey& key, ByteView prior_mac);

    Verdict verdict_ = Verdict::unsigned_request;
    std::size_t request_bytes_ = 0;
    TsigKeyPtr key_;
    std::optional<Error> reason_;

    // What the TSIG records of answers repeat of the request's.
    Name key_name_;
    Name algorithm_name_;
    std::uint64_t request_signed_at_ = 0;
    std::uint16_t request_fudge_ = 0;
    Rcode error_ = Rcode::no_error;

    std::optional<TsigDigest> digest_;  // the prior MAC; none where answers are not signed
    std::size_t mac_bytes_ = 0;         // of an answer
    bool first_ = true;                 // no answer was signed yet
};

}  // namespace twinzone::dns
