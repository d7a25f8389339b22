// What a Follower asks of its shell (actions) and what it did (events, for log, status, NOTIFY and
// output). Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/ip_address.h"
#include "common/base/time.h"
#include "common/config/config.h"
#include "common/dns/name.h"
#include "common/dns/serial.h"
#include "common/transfer/transfer_query.h"
#include "common/zone/version.h"
#include "common/zone/zone_hold.h"

namespace twinzone::service {

using transfer::Transport;

// Names one question and the answer to it; never used again, so that late answers of an abandoned
// one are recognised.
enum class AttemptId : std::uint64_t {};

// Send `message` to `to` and hand back what comes in.
struct Ask {
    AttemptId attempt{};
    Endpoint to;
    Transport transport{};
    Bytes message;
    config::TlsPtr tls{};               // not null: over TLS on TCP, and never without
    std::optional<IpAddress> source{};  // the address to send from; nullopt: any
};

// Nothing more is wanted of this attempt.
struct Abandon {
    AttemptId attempt{};
    bool whole = false;  // a transfer whose last message came: its connection may be used again
};

using FollowerAction = std::variant<Ask, Abandon>;

enum class TransferType : std::uint8_t { axfr, ixfr };

// How a primary's serial stands to ours, and what follows.
enum class SoaVerdict : std::uint8_t {
    current,
    newer,  // or any, where the zone has expired
    lower,
    incomparable,
    adopted,  // not newer, but on-lower-serial takes it
    failed,   // no usable answer
};

// A SOA check that ended.
struct SoaChecked {
    Endpoint remote;
    SoaVerdict verdict{};
    std::optional<dns::Serial> ours;
    std::optional<dns::Serial> serial;  // the primary's
    std::optional<Error> error;         // set where there was no usable answer
};

// What a primary's digest under our serial says.
enum class DigestOutcome : std::uint8_t {
    same,
    differs,  // its content is fetched
    kept      // it differs, and ours stays
};

struct DigestCompared {
    Endpoint remote;
    dns::Serial serial{0};
    zone::Digest ours;
    zone::Digest theirs;
    DigestOutcome outcome{};
    std::string preferred;  // of `kept`: the primary that comes before it; empty: its content was
                            // fetched once already
};

// Why a transfer is asked for in the way it is.
enum class TransferCause : std::uint8_t {
    differences,  // IXFR: a version is held
    own_history,  // IXFR from an older version: the one in service came from another primary
    foreign,      // AXFR: no version that is known came from this primary
    first,        // AXFR: none is
    expired,      // AXFR: the zone has expired, any serial is taken
    adopted,      // AXFR: a serial that is not newer is adopted
    ordered,      // AXFR: an operator wants it
    differs,      // AXFR: the primary has other content under our serial
    after_ixfr,   // AXFR: IXFR from the same primary did not do
};

struct TransferBegan {
    Endpoint remote;
    std::string key;  // name of the TSIG key; empty: unsigned
    bool tls = false;
    TransferType asked{};
    TransferCause cause{};
    std::optional<dns::Serial> ours;
    Transport transport = Transport::tcp;
};

// A transfer under way for long, now and then.
struct TransferProgressed {
    Endpoint remote;
    TransferType asked{};
    std::uint64_t records = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    Duration took{0};
};

// A transfer that ended, well or not.
struct TransferEnded {
    Endpoint remote;
    std::string key;  // name of the TSIG key; empty: unsigned
    bool tls = false;
    TransferType asked{};
    TransferType got{};
    TransferCause cause{};
    std::optional<dns::Serial> from;
    std::optional<dns::Serial> to;
    std::uint64_t added = 0;  // records
    std::uint64_t removed = 0;
    std::uint64_t left_out = 0;       // records outside the zone
    std::uint64_t already_there = 0;  // added records that stood there
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;         // of the messages
    bool not_authoritative = false;  // some message had AA clear
    Duration took{0};
    bool up_to_date = false;  // the primary had nothing newer
    bool unchanged = false;   // it brought what was held already
    std::optional<Error> error;
    bool falls_back_to_axfr = false;  // goes on with an AXFR from the same primary
};

// A NOTIFY that led to a check (or was coalesced into one under way).
struct NotifyAccepted {
    Endpoint from;
    std::optional<dns::Serial> serial;
    bool promises_newer = true;  // false: its serial is not newer than ours
};

// A NOTIFY for a zone of ours that led to nothing.
struct NotifyTurnedAway {
    Endpoint from;
    bool ignored = false;     // not even answered: more than notify-rate
    std::string_view reason;  // in words, static
};

// A serial that a NOTIFY announced was looked for and not found, and is forgotten.
struct NotifyUnfound {};

// A new version is committed, synced and being served: time to NOTIFY and to hand it on.
struct VersionPublished {
    zone::Version version;
    std::optional<dns::Serial> replaced;
};

// The change guard stopped a version: it is kept in the store until an operator decides. What is in
// service stays.
struct VersionHeld {
    zone::HeldVersion held;
};

// All primaries were asked, or the first usable answer came. An error: the reason of the last
// failure.
struct RoundEnded {
    std::optional<Error> error;
    seconds next_check{0};  // from now
};

// The zone may not be served any more: no primary confirmed it in time (RFC 1035 §3.3.13).
struct ZoneExpired {};

// Primaries confirm the zone, but none is nearer to its source than we are.
struct SourceLost {
    seconds unconfirmed{0};  // by a source
};

struct FollowerEvent {
    dns::Name zone;
    std::variant<SoaChecked, DigestCompared, TransferBegan, TransferProgressed, TransferEnded,
                 NotifyAccepted, NotifyTurnedAway, NotifyUnfound, VersionPublished, VersionHeld,
                 RoundEnded, ZoneExpired, SourceLost>
        what;
};

}  // namespace twinzone::service
