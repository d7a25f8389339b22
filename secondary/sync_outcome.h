// What a sync did with each zone, as values: what the exit code, the mail and the textfile are made
// of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/time.h"
#include "common/config/command_line.h"
#include "common/control/status.h"
#include "common/dns/serial.h"

namespace twinzone::secondary {

// One try that failed, in words: the primary and what came of it.
struct Tried {
    std::string remote;  // "192.0.2.1@53"
    std::string what;    // "no answer to the SOA query"

    friend bool operator==(const Tried&, const Tried&) = default;
};

// Plain value.
struct ZoneOutcome {
    std::string zone;                      // presentation form with the closing dot
    std::vector<std::string> primaries;    // whom it is followed from, as addresses
    std::optional<dns::Serial> before;     // in service when the sync began; absent: nothing was
    std::optional<dns::Serial> serial;     // in service now; absent: nothing is
    std::uint64_t records = 0;             // of that version
    std::optional<UnixTime> last_success;  // when a primary last confirmed it; absent: never
    std::optional<UnixTime> expires;       // until when it may be served
    std::vector<Tried> tried;              // what failed on the way, also where it ended well
    std::optional<Error> error;            // set: not in step
    bool is_handed_over = true;            // false: the server beside us does not serve it
    bool is_held = false;                  // not in step because a guard holds a version back
    bool is_forgiven = false;              // not in step, but not for long enough to complain
    std::string would;                     // of a rehearsal: what a sync would do; empty: nothing
    bool changed = false;                  // another version is in service
    Duration took{0};                      // from the start of the sync to the end of this zone

    [[nodiscard]] bool needs_telling() const noexcept { return error && !is_forgiven; }
};

struct SyncOutcome {
    UnixTime ended;
    Duration took{0};
    std::vector<ZoneOutcome> zones;

    [[nodiscard]] bool changed() const noexcept;
};

// "192.0.2.1@53" for each address.
[[nodiscard]] std::vector<std::string> addresses_of(const std::vector<config::RemotePtr>& remotes);

// Why a zone is not done when the time given to the sync is over.
[[nodiscard]] std::string unfinished_text(seconds timeout);

// What is in service now, from a status taken at `now`.
void set_facts(ZoneOutcome& outcome, const control::ZoneStatus& status, UnixTime now);

// Takes the failures that may pass by themselves out of what is told: the primaries did not confirm
// a zone, but one did less than `max_age` ago. What this machine is to blame for and what a guard
// holds stays.
void forgive_young(SyncOutcome& outcome, seconds max_age);

// some_failed where a zone is not in step, held where a guard alone is the reason; ok otherwise, or
// changed, where `detailed` is asked for and something changed.
[[nodiscard]] config::ExitCode exit_code_of(const SyncOutcome& outcome, bool detailed) noexcept;

}  // namespace twinzone::secondary
