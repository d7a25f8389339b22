// One SOA query to one primary and the reading of its answer: how a secondary learns whether there
// is something newer. RFC 1034 §4.3.5, RFC 7314 (EXPIRE), RFC 8945 (signed where the primary has a
// key).
#pragma once

#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/cookie.h"
#include "common/dns/soa.h"
#include "common/dns/tsig.h"
#include "common/transfer/transfer_query.h"
#include "common/zone/digest.h"

namespace twinzone::service {

class SoaQuestion {
  public:
    struct Answer {
        // truncated: ask over TCP; also where the server wants a cookie first (BADCOOKIE).
        enum class Kind : std::uint8_t { soa, truncated, edns_refused };
        Kind kind{};
        std::optional<dns::SoaRecord> soa;     // set for Kind::soa
        std::optional<seconds> expire;         // EDNS EXPIRE, where given
        bool is_authoritative = false;         // AA
        std::optional<zone::Digest> digest{};  // of the content, where it was asked for and told
    };

    // `key` may be null. `edns`: ask with EDNS and EXPIRE; some old servers answer that with
    // FORMERR. `cookie`: of a question over UDP, else null (RFC 7873).
    SoaQuestion(const dns::Name& zone, std::uint16_t id, dns::TsigKeyPtr key, bool edns,
                dns::ClientCookiePtr cookie = nullptr);

    // Also asks for the digest of the content (digest_option.h). Before message().
    void ask_digest() noexcept { digest_ = true; }

    // The signed query. Call once.
    [[nodiscard]] Result<Bytes> message(UnixTime now,
                                        transfer::Carrier carrier = transfer::Carrier::udp);

    // The answer, edited in place. nullopt: not an answer to this query (other ID or question: over
    // UDP anyone may send such); wait on. Errc::rcode, message_*, tsig_*: the primary's fault.
    [[nodiscard]] Result<std::optional<Answer>> handle_message(std::span<std::uint8_t> message,
                                                               UnixTime now);

  private:
    [[nodiscard]] Result<std::optional<Answer>> read(ByteView message) const;
    [[nodiscard]] Result<std::optional<Answer>> read_soa(const dns::Message& message) const;

    dns::Name zone_;
    std::uint16_t id_;
    std::optional<dns::TsigClient> tsig_;
    bool edns_;
    bool digest_ = false;
    dns::ClientCookiePtr cookie_;
};

}  // namespace twinzone::service
