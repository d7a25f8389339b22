// What a Follower keeps of a zone and of a question under way. For the follower_*.cpp files only.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "common/service/access.h"
#include "common/service/difference_base.h"
#include "common/service/follower.h"

namespace twinzone::service {

// UDP answers that are lost cost this long; then once more, then over TCP.
inline constexpr Duration kSoaTimeouts[] = {seconds{1}, seconds{2}, seconds{5}};
inline constexpr unsigned kSoaAttempts = 3;

// For a TCP connection to be made.
inline constexpr Duration kConnectTimeout = seconds{10};

// For the answer to an IXFR over UDP; then it is asked for over TCP.
inline constexpr Duration kDatagramTimeout = seconds{1};

// So long a primary that did not give differences over UDP is asked for them over TCP alone.
inline constexpr Duration kDatagramRest = hours{1};

// For a second message after one that was a single, newer SOA: some primaries mean "ask for
// everything" by it (RFC 1995 §2 over TCP).
inline constexpr Duration kLoneSoaTimeout = seconds{5};

// min-rate is an average over this long.
inline constexpr Duration kRateWindow = seconds{30};

// A transfer that lasts longer says so as often.
inline constexpr Duration kProgressInterval = seconds{10};

// A transfer of at most so many octets leaves its place to another while it is committed: what
// waits in memory stays small.
inline constexpr std::uint64_t kSmallTransferBytes = std::uint64_t{256} << 10;

// A success that only moves timers is written down when the stored one is older than this share of
// the time to expiry, within these bounds: expiry after a restart may come so much early.
inline constexpr std::int64_t kTimerShare = 100;
inline constexpr seconds kMinTimerGranularity{60};
inline constexpr seconds kMaxTimerGranularity = hours{1};

[[nodiscard]] inline transfer::RefreshLimits refresh_limits(const config::Zone& settings) noexcept {
    return {.refresh_min = settings->refresh.min,
            .refresh_max = settings->refresh.max,
            .retry_min = settings->retry.min,
            .retry_max = settings->retry.max,
            .expire_min = settings->expire_min};
}

// What is seldom there.
struct Follower::Trouble {
    std::vector<HeldElsewhere> elsewhere;  // under our serial
    std::vector<ProvenVersion> proven;     // the last of each primary, where there are several
    std::string other_content;             // Follower::View
    std::string last_error;
    std::optional<Errc> last_fault;  // its code
};

struct Follower::Exchange {
    AttemptId attempt{};
    std::uint32_t zone = 0;
    std::uint32_t remote = 0;
    unsigned tries = 0;  // of a SOA question: how often it was asked before
    std::variant<std::monostate, SoaQuestion, std::unique_ptr<TransferQuestion>> question;
    std::optional<dns::SoaRecord> ours;  // what the transfer is to replace
    std::size_t undo = 0;  // the differences lead on from the version so many steps before it
    Instant began;
    Instant deadline;
    TransferCause cause{};                 // of a transfer
    Transport transport = Transport::tcp;  // of a transfer
    bool waiting = false;                  // for a connection
    bool connected = false;
    bool lone_soa = false;           // so far one newer SOA and nothing else
    Instant told;                    // last word of its progress
    Instant window_began;            // of the rate
    std::uint64_t window_bytes = 0;  // received before it

    // EDNS EXPIRE of an answer to it.
    [[nodiscard]] std::optional<transfer::ExpireTold> told_expire(
        std::optional<seconds> left) const noexcept {
        return left ? std::optional{transfer::ExpireTold{.left = *left, .asked = began}}
                    : std::nullopt;
    }

    [[nodiscard]] bool is_transfer() const noexcept {
        return std::holds_alternative<std::unique_ptr<TransferQuestion>>(question);
    }
    [[nodiscard]] TransferQuestion& transfer() {
        return *std::get<std::unique_ptr<TransferQuestion>>(question);
    }
    [[nodiscard]] const TransferQuestion& transfer() const {
        return *std::get<std::unique_ptr<TransferQuestion>>(question);
    }
};

// A transfer from its question to the end of its commit.
struct Follower::Coming {
    AttemptId transfer{};                  // the last question for it
    std::uint64_t commit = 0;              // number of the commit under way; 0: none
    std::unique_ptr<Exchange> committing;  // what is being committed
};

// Small: there may be millions.
struct Follower::Zone {
    static constexpr std::uint32_t kNoSource = 0xffffffffU;

    Zone(std::uint32_t name, std::uint32_t zone_index, std::uint64_t seed,
         const transfer::RefreshLimits& limits, Instant now)
        : refresher(limits, seed, now), number(name), index(zone_index) {}
    Zone(const Zone&) = delete;
    Zone& operator=(const Zone&) = delete;

    [[nodiscard]] Coming& coming() {
        if (!has_coming) {
            has_coming = std::make_unique<Coming>();
        }
        return *has_coming;
    }
    [[nodiscard]] bool is_committing() const noexcept {
        return has_coming && has_coming->commit != 0;
    }
    [[nodiscard]] Trouble& trouble() {
        if (!has_trouble) {
            has_trouble = std::make_unique<Trouble>();
        }
        return *has_trouble;
    }
    void clear_error() noexcept {
        if (has_trouble) {
            has_trouble->last_error.clear();
            has_trouble->last_fault.reset();
        }
    }
    void clear_other_content() noexcept {
        if (has_trouble) {
            has_trouble->other_content.clear();
        }
    }

    transfer::Refresher refresher;
    const std::vector<std::uint32_t>* remotes = nullptr;  // primaries, in order of preference
    std::unique_ptr<Coming> has_coming;                   // null: nothing comes in
    std::unique_ptr<Trouble> has_trouble;                 // null: none
    std::uint32_t number;                                 // its name's
    std::uint32_t index;
    std::uint32_t source = kNoSource;         // the primary that confirmed or gave our version
    std::optional<TransferCause> wants_full;  // the next transfer is an AXFR, and why
    std::optional<bool> small_changes;        // the last differences fit a datagram; not known yet
    bool ordered = false;  // every transfer of this round is an AXFR that an operator wants
    bool transferring = false;
    bool confirmed = false;  // in this round, and nobody has shown anything newer since
    bool missed = false;     // its last IXFR over UDP had to be asked again over TCP
    bool leaving = false;    // removed; only its last commit is awaited
    bool expired_told = false;
    bool source_lost_told = false;
};

}  // namespace twinzone::service
