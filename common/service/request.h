// A request on its way through the Publisher: who asked, over what, and how its answer is built and
// signed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/extended_error.h"
#include "common/dns/message.h"
#include "common/dns/tsig.h"
#include "common/transfer/access_rules.h"
#include "common/transfer/transfer_query.h"

namespace twinzone::service {

using transfer::Transport;

struct Source {
    Endpoint peer;
    Transport transport{};
    bool over_tls = false;
    std::vector<std::string> identities{};  // that its certificate satisfies (net::TlsPeer)
    Duration idle{0};                       // how long its connection may be idle; 0: not told
    std::string objection{};                // to its certificate, for the log; empty: none
};

// EDNS payload we offer and the most we send over UDP, in octets: fits the IPv6 minimum MTU, so
// answers are never fragmented (RFC 9715 §3.1 recommends 1400 at most; DNS flag day 2020 chose
// 1232).
inline constexpr std::uint16_t kUdpPayloadBytes = 1232;

// A request whose TSIG was checked and whose content was read. Movable, one per request.
class Request {
  public:
    // What is left to do after reading a request: go on with it, send `refusal`, or (neither) drop
    // it silently, which is right only for what is no request at all: too short for a header, or
    // itself an answer.
    struct Outcome;

    // Changes `bytes` in place (TSIG is taken off).
    [[nodiscard]] static Outcome read(std::span<std::uint8_t> bytes, const Source& source,
                                      const dns::TsigKeyring& keyring, UnixTime now);

    [[nodiscard]] const dns::Message& message() const noexcept { return message_; }
    [[nodiscard]] const dns::Question& question() const noexcept { return *message_.question; }
    [[nodiscard]] const Source& source() const noexcept { return source_; }

    // Who asks, by all that was proved.
    [[nodiscard]] transfer::Peer peer() const {
        return {.address = source_.peer.address,
                .key = tsig_.key(),
                .over_tls = source_.over_tls,
                .identities = source_.identities};
    }

    // Null where the request was not signed.
    [[nodiscard]] const dns::TsigKeyPtr& key() const noexcept { return tsig_.key(); }

    // An option that answers from now on have, where the request had EDNS.
    void say_in_answers(dns::Edns::Option option) { standing_.push_back(std::move(option)); }

    // Octets the answer may have, its TSIG left aside.
    [[nodiscard]] std::size_t answer_limit() const noexcept;

    // An answer with the request's ID, opcode, question and RD, and an OPT where the request had
    // one (RFC 6891 §6.1.1).
    [[nodiscard]] dns::Message answer(dns::Rcode rcode) const;

    // True where the answer is to be padded: over TLS, to a query that was (RFC 8467 §4.1).
    [[nodiscard]] bool wants_padding() const noexcept;

    // Wire form of an answer, signed where the request was. Nothing where signing fails: an
    // unsigned answer would be a lie.
    [[nodiscard]] std::optional<Bytes> finish(const dns::Message& answer, UnixTime now);
    [[nodiscard]] std::optional<Bytes> refuse(dns::Rcode rcode, UnixTime now) {
        return finish(answer(rcode), now);
    }
    // The same, and why, where the request had EDNS (RFC 8914).
    [[nodiscard]] std::optional<Bytes> refuse(dns::Rcode rcode, dns::ExtendedErrorCode code,
                                              std::string_view text, UnixTime now);

    // For answers of many messages, which are signed one by one.
    [[nodiscard]] dns::TsigServer& tsig() noexcept { return tsig_; }

  private:
    Request(dns::Message message, dns::TsigServer tsig, const Source& source)
        : message_(std::move(message)), tsig_(std::move(tsig)), source_(source) {}

    dns::Message message_;
    dns::TsigServer tsig_;
    Source source_;
    std::vector<dns::Edns::Option> standing_;
};

struct Request::Outcome {
    std::optional<Request> request = std::nullopt;
    std::optional<Bytes> refusal = std::nullopt;
    std::optional<Error> reason = std::nullopt;  // why it was refused, for the log
};

}  // namespace twinzone::service
