// What a HandOver keeps of a zone. For the hand_over*.cpp files only.
#pragma once

#include <string>
#include <vector>

#include "secondary/hand_over.h"

namespace twinzone::secondary {

// From the first question about a new version to the next, doubled each time.
inline constexpr Duration kFirstPause = milliseconds{10};
inline constexpr Duration kMaxPause = seconds{1};

// The reload command failed. It may have done its work all the same: so long we look.
inline constexpr Duration kPatienceAfterError = seconds{1};

// A server that answers errors after a reload has thrown the old version away and refused the new
// one (NSD does that); so long it may take to change its mind before it gets the old one back.
inline constexpr Duration kRefusalPatience = seconds{3};

// What is served after a failure is asked for so long.
inline constexpr Duration kSettleTime = seconds{3};

// Between tries of a version that failed, doubled each time. Where a try costs an outage, less
// often.
inline constexpr Duration kFirstRetry = seconds{5};
inline constexpr Duration kMaxRetry = minutes{5};
inline constexpr Duration kMaxRetryAfterOutage = hours{1};

// A NOTIFY is repeated while its version is not served, at first after this long.
inline constexpr Duration kFirstNotifyPause = seconds{2};
inline constexpr Duration kMaxNotifyPause = seconds{60};

// Between looks at a server that was in step: the zone's refresh, but not longer than the first and
// with many zones not more often than the second allows for all of them together.
inline constexpr Duration kMaxCheckInterval = seconds{60};
inline constexpr std::int64_t kMaxChecksPerSecond = 1000;

// Questions without any answer until a server that was in step is believed to be away.
inline constexpr unsigned kMaxMisses = 3;
inline constexpr Duration kMissPause = seconds{1};

inline constexpr std::size_t kMaxQuestions = 256;
inline constexpr std::size_t kMaxFiles = 2;     // of the pool's four threads
inline constexpr std::size_t kMaxCommands = 4;  // child processes

// Versions remembered that the server has not been seen with.
inline constexpr std::size_t kMaxLacks = 64;

enum class Stage : std::uint8_t {
    checking,  // asked, with nothing handed over since it was in step
    writing,
    reloading,
    asking,
    putting_back,
    reloading_back,
    settling
};

// What is under way for a zone.
struct HandOver::Attempt {
    Stage stage{};
    Instant began;
    Instant deadline;  // of asking and settling
    Duration pause = kFirstPause;
    Duration notify_pause = kFirstNotifyPause;
    Instant next_notify;
    bool is_asked = false;    // an answer will come
    bool is_waiting = false;  // in line for a question
    bool is_reload_failed = false;
    bool is_again = false;  // a version came meanwhile
    unsigned misses = 0;
    std::optional<dns::Serial> from;
    std::optional<Instant> errors_since;  // answers without a serial, and none with one since
    std::string last_answer;              // why the last question got no serial
    std::string notify_answer;            // empty: it did not complain
};

struct HandOver::Zone {
    struct Lack {
        dns::Serial serial;
        UnixTime since;
    };

    dns::Name name;
    config::Output output;
    config::Clamp refresh;
    std::uint32_t number = 0;

    FileState file;
    bool is_file_served = false;  // the file in place was answered, or nothing is known against it

    std::optional<dns::Serial> target;  // of the last hand-over
    std::optional<dns::Serial> taken;   // of the last that succeeded
    std::optional<dns::Serial> served;  // answered last
    UnixTime served_since;
    std::vector<Lack> lacks;  // oldest first
    bool is_behind = false;
    std::string error;  // of the last hand-over; empty: it succeeded
    std::string reload_words;
    unsigned failures = 0;    // since the last success
    bool had_outage = false;  // the last failure left the server without the zone

    std::unique_ptr<Attempt> attempt;  // null: idle

    [[nodiscard]] bool is_file() const noexcept { return output.mode == config::OutputMode::file; }
    [[nodiscard]] bool has_command() const noexcept {
        return output.reload != config::ReloadKind::none &&
               output.reload != config::ReloadKind::coredns;
    }
    [[nodiscard]] std::string server() const {
        return output.verify ? output.verify->addresses.front().to_text() : std::string{};
    }
};

}  // namespace twinzone::secondary
