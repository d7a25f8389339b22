// TSIG (RFC 8945) as a stream: one exchange is a signed request and the messages that answer it,
// each MAC chained to the one before (§5.3.1). Our own, on OpenSSL's EVP_MAC: the context is
// fetched once per key and duplicated per message; comparison is constant-time. Time is a
// parameter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/header.h"
#include "common/dns/name.h"

namespace twinzone::dns {

enum class TsigAlgorithm : std::uint8_t {
    hmac_sha1,
    hmac_sha224,
    hmac_sha256,
    hmac_sha384,
    hmac_sha512
};

// "hmac-sha256" …, without closing dot.
[[nodiscard]] std::string_view to_text(TsigAlgorithm algorithm) noexcept;
[[nodiscard]] std::optional<TsigAlgorithm> tsig_algorithm_from_text(std::string_view text) noexcept;

// A shared secret with its name and algorithm. Immutable, shared by reference count: a key that is
// taken out of the configuration stays whole for the exchanges that began with it. The secret is
// wiped at the end and never printed.
class TsigKey {
  public:
    // Errc::config_invalid for an empty secret; Errc::internal where OpenSSL refuses.
    [[nodiscard]] static Result<std::shared_ptr<const TsigKey>> create(const Name& name,
                                                                       TsigAlgorithm algorithm,
                                                                       Bytes secret);

    [[nodiscard]] const Name& name() const noexcept;
    [[nodiscard]] TsigAlgorithm algorithm() const noexcept;
};
using TsigKeyPtr = std::shared_ptr<const TsigKey>;

// Keys by name (DNS equality). Plain value.
class TsigKeyring {
  public:
    void add(TsigKeyPtr key);
    [[nodiscard]] TsigKeyPtr find(NameView name) const noexcept;  // null where there is none
};

// The asking side of one exchange. Not thread-safe.
class TsigClient {
  public:
    explicit TsigClient(TsigKeyPtr key);

    // Appends the TSIG record to `request` and counts it in ARCOUNT. Call once, first.
    [[nodiscard]] Result<void> sign_request(Bytes& request, UnixTime now);

    // Checks the next answer message and takes its TSIG off: on success the first `result` octets
    // of `message` are the message without TSIG, ARCOUNT corrected in place. Up to 99 messages
    // between signed ones may be unsigned (§5.3.1); the first must be signed. Errc::tsig_*: detail
    // names key and, for times, both clocks. MAC is checked before time; an error code in a TSIG is
    // reported in words (BADKEY, BADSIG, BADTIME with the server's clock).
    [[nodiscard]] Result<std::size_t> verify(std::span<std::uint8_t> message, UnixTime now);

    // True where the message verified last carried a signature: the exchange may end here (§5.3.1:
    // the last one must).
    [[nodiscard]] bool last_was_signed() const noexcept;
};

// The answering side of one exchange. Not thread-safe.
class TsigServer {
  public:
    enum class Verdict : std::uint8_t {
        unsigned_request,  // no TSIG: answer without
        valid,             // answer signed with key()
        refused,  // answer NOTAUTH; sign() gives the TSIG record with the error in it (unsigned for
                  // BADKEY and BADSIG, signed for BADTIME and BADTRUNC, §5.2)
    };

    // Looks at a request. Errc::message_malformed where it is no message, or the TSIG is not the
    // last record, twice there, of the wrong class or TTL, or carries an error code (answer
    // FORMERR). On success the TSIG is off: request_bytes() octets are left, ARCOUNT corrected in
    // place.
    [[nodiscard]] static Result<TsigServer> check(std::span<std::uint8_t> request,
                                                  const TsigKeyring& keyring, UnixTime now);

    [[nodiscard]] Verdict verdict() const noexcept;
    [[nodiscard]] std::size_t request_bytes() const noexcept;
    [[nodiscard]] const TsigKeyPtr& key() const noexcept;  // null unless valid
    [[nodiscard]] std::optional<Error> reason() const;     // set where refused: for the log

    // Octets to keep free for the TSIG record of an answer.
    [[nodiscard]] std::size_t reserve_bytes() const noexcept;

    // Signs the next answer message, given as consecutive parts (message header first, counts
    // without the TSIG record). Returns the TSIG record to append; the caller then adds one to
    // ARCOUNT. Empty for an unsigned request. Also covers messages passed over by pass_unsigned().
    [[nodiscard]] Result<Bytes> sign(std::span<const ByteView> parts, UnixTime now);
};

}  // namespace twinzone::dns
