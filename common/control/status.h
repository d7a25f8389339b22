// What a daemon says about its zones: the model behind `status`, as JSON and as a table. Facts
// only: who fills it takes serials and times from what was seen, never from a flag that says ok.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/serial.h"

namespace twinzone::control {

// From good to bad is not their order: see needs_attention().
enum class ZoneState : std::uint8_t {
    current,
    transferring,
    stale,
    held,
    expired,
    failed,
    frozen,
    loading
};

[[nodiscard]] std::string_view to_string(ZoneState state) noexcept;
[[nodiscard]] std::optional<ZoneState> zone_state_from_text(std::string_view text) noexcept;

// True for stale, held, expired, failed and frozen.
[[nodiscard]] bool needs_attention(ZoneState state) noexcept;

// Someone we hand the zone on to. An absent value is not known yet.
struct PeerStatus {
    std::string remote;
    std::optional<dns::Serial> serial;  // the version it was last seen with
    std::optional<seconds> lag;         // age of the oldest change it lacks; 0: in step
    std::optional<UnixTime> last_contact;
    std::string address{};                        // "192.0.2.2@53", or without a port
    std::string key{};                            // that it signs with; empty: none
    bool configured = true;                       // false: it comes unasked
    std::optional<dns::Serial> served{};          // what it answers itself when asked
    std::optional<dns::Serial> acknowledged{};    // of the last NOTIFY it answered
    std::optional<UnixTime> last_acknowledged{};  // when it did
    std::optional<UnixTime> last_soa_asked{};     // when it asked for the SOA
    std::optional<UnixTime> last_transfer{};      // when it took a transfer whole
    std::string problem{};                        // why it gave no answer; empty: it did

    friend bool operator==(const PeerStatus&, const PeerStatus&) = default;
};

// What the server that the zone is handed over to answers, asked over DNS.
struct ServedStatus {
    std::string server;                 // "127.0.0.1@53"
    std::optional<dns::Serial> serial;  // answered last; absent: none, or not asked yet
    std::optional<UnixTime> since;      // it has answered this serial since then
    std::string error;                  // why it is not our version; empty: it is, or may come yet

    friend bool operator==(const ServedStatus&, const ServedStatus&) = default;
};

// A transfer that is coming in.
struct TransferStatus {
    std::string remote;
    std::string type;  // "AXFR" or "IXFR"
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    seconds took{0};
    std::uint64_t bytes_per_second = 0;
    bool committing = false;  // all of it is here and goes to disk

    friend bool operator==(const TransferStatus&, const TransferStatus&) = default;
};

// The source of a zone that an operator has made our own: there is nobody to follow.
inline constexpr std::string_view kPromotedSource = "promoted";

struct ZoneStatus {
    std::string zone;                   // presentation form with the closing dot
    std::optional<dns::Serial> serial;  // absent: no version yet
    std::string digest;                 // 32 hexadecimal digits; empty: no version yet
    std::uint64_t records = 0;
    std::uint64_t wire_bytes = 0;
    ZoneState state = ZoneState::loading;
    std::string reason;  // in words, one line; may be empty where current
    std::string source;  // a file, the primary as "192.0.2.1@53", or kPromotedSource
    std::optional<seconds> lag;
    std::optional<UnixTime> last_success;
    std::optional<seconds> expires_in;
    std::optional<seconds> next_refresh_in;
    std::vector<PeerStatus> peers;
    std::optional<ServedStatus> served{};  // absent: it is handed over to no server that is asked
    std::optional<TransferStatus> transfer{};  // set where one is under way
    std::string catalog{};                     // the zone is here because this catalog lists it
    std::optional<seconds> leaves_in{};      // the catalog lists it no more: how long it is served
    std::optional<std::uint64_t> members{};  // of a catalog that is consumed

    friend bool operator==(const ZoneStatus&, const ZoneStatus&) = default;
};

// A primary's part in a history that several primaries share.
struct SharedStatus {
    std::string name;                         // ours among them
    std::string role;                         // "leading", "catching-up" or "following"
    std::string leader;                       // as PostgreSQL said last; empty: not known
    bool connected = false;                   // PostgreSQL is reached
    std::uint64_t sequence = 0;               // of the newest version that we know of
    std::uint64_t zones_behind = 0;           // that are known not to be as in the history
    std::optional<seconds> last_contact_age;  // since PostgreSQL answered; absent: never yet
    std::string problem;                      // what stopped; empty: nothing

    friend bool operator==(const SharedStatus&, const SharedStatus&) = default;
};

struct Status {
    std::string role;  // "primary" or "secondary"
    std::string version;
    seconds uptime{0};
    std::vector<ZoneStatus> zones;
    std::optional<SharedStatus> shared{};  // absent: the history is ours alone

    friend bool operator==(const Status&, const Status&) = default;
};

// True where every zone is `current`: what `status --check` answers by its exit code.
[[nodiscard]] bool all_current(const Status& status) noexcept;

// Takes out every zone that is `current`: what `status --stale` shows.
void keep_not_current(Status& status);

// One line. Times are RFC 3339 in UTC, unknown values are null. Bytes that are no UTF-8 are
// replaced.
[[nodiscard]] std::string to_json(const Status& status);

// Errc::message_malformed for anything that to_json() would not write; unknown members are passed
// over, so that a newer daemon can be asked.
[[nodiscard]] Result<Status> from_json(std::string_view text);

}  // namespace twinzone::control
