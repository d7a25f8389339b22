// What a Follower asks of its shell (actions) and what it did (events, for log, status, NOTIFY and
// output). Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

// Send `message` to `to` (UDP: from a fresh port; TCP and TLS: on a connection of its own) and hand
// back what comes in.
struct Ask {
    AttemptId attempt{};
    Endpoint to;
    Transport transport{};
    Bytes message;
    config::TlsPtr tls{};  // not null: over TLS on TCP, and never without
};

// Nothing more is wanted of this attempt: close its socket.
struct Abandon {
    AttemptId attempt{};
};

using FollowerAction = std::variant<Ask, Abandon>;

enum class TransferType : std::uint8_t { axfr, ixfr };

// A SOA check that ended.
struct SoaChecked {
    Endpoint remote;
    std::optional<dns::Serial> serial;  // the primary's
    std::optional<Error> error;         // set where there was no usable answer
};

// A transfer that ended, well or not.
struct TransferEnded {
    Endpoint remote;
    std::string key;  // name of the TSIG key; empty: unsigned
    bool tls = false;
    TransferType asked{};
    TransferType got{};
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
    std::optional<Error> error;
    bool falls_back_to_axfr = false;  // goes on with an AXFR from the same primary
};

// A NOTIFY that led to a check (or was coalesced into one under way).
struct NotifyAccepted {
    Endpoint from;
    std::optional<dns::Serial> serial;
};

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
};

// The zone may not be served any more: no primary confirmed it in time (RFC 1035 §3.3.13).
struct ZoneExpired {};

struct FollowerEvent {
    dns::Name zone;
    std::variant<SoaChecked, TransferEnded, NotifyAccepted, VersionPublished, VersionHeld,
                 RoundEnded, ZoneExpired>
        what;
};

}  // namespace twinzone::service
