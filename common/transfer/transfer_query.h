// The two ends of a zone transfer's question: what we ask a primary for, and what a client asks of
// us. RFC 5936 §2.1 (AXFR), RFC 1995 §3 (IXFR: our SOA in the authority section).
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "common/dns/message.h"
#include "common/dns/soa.h"

namespace twinzone::transfer {

enum class Transport : std::uint8_t { udp, tcp };

// What carries a question. Over a stream it asks how long an idle connection is kept (RFC 7828);
// over TLS it is padded (RFC 8467), and the answer is to be. Both need EDNS.
enum class Carrier : std::uint8_t { udp, tcp, tls };

[[nodiscard]] constexpr Carrier carrier_of(Transport transport, bool over_tls) noexcept {
    return over_tls ? Carrier::tls : transport == Transport::tcp ? Carrier::tcp : Carrier::udp;
}

// Wire form of a query, not signed yet: with what the carrier asks for, where it has EDNS. `more`:
// octets of the signature.
[[nodiscard]] Bytes to_wire(dns::Message query, Carrier carrier, std::size_t more);

// What we ask.
struct TransferQuery {
    std::uint16_t id = 0;
    dns::Name zone;
    std::optional<dns::SoaRecord> ours;  // IXFR from this version; nullopt: AXFR

    [[nodiscard]] dns::RrType type() const noexcept {
        return ours ? dns::RrType::ixfr : dns::RrType::axfr;
    }

    // With EDNS it asks for EXPIRE (RFC 7314), and a refusal may say why (RFC 8914); some old
    // servers answer EDNS with FORMERR.
    [[nodiscard]] dns::Message message(bool edns = false) const;
};

// What a client asks of us.
struct TransferRequest {
    std::uint16_t id = 0;
    bool recursion_desired = false;     // copied into the answer
    dns::Question question;             // name's case as asked
    std::optional<dns::Serial> serial;  // IXFR: the client's
    bool edns = false;                  // the answer carries an OPT
    bool asks_expire = false;           // RFC 7314 §3.2
    std::size_t udp_payload_bytes = dns::kPlainUdpBytes;

    // Errc::message_malformed (answer FORMERR) where the query is not of this form: one question
    // of class IN and type AXFR or IXFR; IXFR: one SOA of the zone in the authority section; AXFR
    // over UDP (RFC 5936 §4.2 defines none).
    [[nodiscard]] static Result<TransferRequest> parse(const dns::Message& query,
                                                       Transport transport);
};

// True for an AXFR or IXFR query: what TransferRequest::parse() is for.
[[nodiscard]] bool is_transfer_query(const dns::Message& query) noexcept;

}  // namespace twinzone::transfer
