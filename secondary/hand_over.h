// Hands committed versions on to the server beside us and sees to it that they are served: by
// NOTIFY (the server follows us), or by a zone file and a reload command. Done is a hand-over when
// the server answers the version's serial over DNS; what a command returns is no proof. Sans-I/O.
//
//   idle --version, retry, wish--> writing --> reloading --> asking --answers our serial--> idle
//    |                               file          file        |
//    |<--answers our serial-- checking   (loopback: NOTIFY)    | time is over, or refused
//    |                          |                              v
//    |                          '--other or no answer--> (a hand-over)
//    '<-- settling <-- reloading_back <-- putting_back <-------'   (file, where a file was there)
//
// After a failure the same version is tried again with back-off, a newer one at once. A version
// that comes during a hand-over waits for its end: the newest is taken next.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "common/base/random.h"
#include "common/config/config.h"
#include "common/service/follower_event.h"
#include "common/transfer/due_queue.h"
#include "common/zone/version_store.h"
#include "secondary/server_questions.h"

namespace twinzone::secondary {

// Write the version in the store to the zone's file; `keep_current`: the file in place becomes the
// previous one. Answered by handle_written().
struct WriteFile {
    std::uint32_t zone = 0;
    bool keep_current = false;
};
// Put the previous file back in its place. Answered by handle_put_back().
struct PutBack {
    std::uint32_t zone = 0;
};
// The previous file is no longer needed. Not answered.
struct DropPrevious {
    std::uint32_t zone = 0;
};
// Run the reload command. Answered by handle_reloaded().
struct RunReload {
    std::uint32_t zone = 0;
};
using HandOverAction =
    std::variant<service::Ask, service::Abandon, WriteFile, PutBack, DropPrevious, RunReload>;

// What is found on disk, or was written to it.
struct FileState {
    std::optional<dns::Serial> serial;   // of the file in place; absent: none, or unreadable
    std::optional<zone::Digest> digest;  // of what was written, where it was we who did it just now
    bool has_previous = false;           // a previous file is kept
};

// How a reload command ended.
struct ReloadEnd {
    bool is_success = false;
    std::string words;  // for people: "`rndc reload example.test`: exit code 1: …"
};

// For log and status.
struct HandOverEvent {
    enum class What : std::uint8_t {
        taken,     // the server answers `to`
        failed,    // it does not, `why`
        put_back,  // after that: the previous file, of serial `to`, is in place again
        behind,    // it answered `to` before and no longer does, `why`
    };
    dns::Name zone;
    What what{};
    std::optional<dns::Serial> from;  // what it answered before
    std::optional<dns::Serial> to;
    Duration took{0};
    std::string why;
};

class HandOver {
  public:
    // Borrows the store for its life.
    HandOver(zone::VersionStore& store, std::uint64_t seed);
    ~HandOver();
    HandOver(const HandOver&) = delete;
    HandOver& operator=(const HandOver&) = delete;

    // Requires: the zone has an output and is not known yet. `file`: what is there already. The
    // number returned names the zone in actions; never used again.
    std::uint32_t add_zone(Now now, const config::Zone& settings, const FileState& file);
    void remove_zone(dns::NameView zone);

    // The store has a new version of the zone.
    void handle_published(Now now, dns::NameView zone);
    // An operator's wish: look now, and try again at once what failed.
    void refresh(Now now, dns::NameView zone);

    void handle_written(Now now, std::uint32_t zone, const Result<FileState>& written);
    void handle_put_back(Now now, std::uint32_t zone, const Result<FileState>& done);
    void handle_reloaded(Now now, std::uint32_t zone, const ReloadEnd& end);
    void handle_message(Now now, service::AttemptId attempt, std::span<std::uint8_t> message);
    void handle_failure(Now now, service::AttemptId attempt, const Error& error);
    void handle_timeout(Now now);
    [[nodiscard]] std::optional<Instant> next_timeout() const;

    // Until nullopt, after each call of the above.
    [[nodiscard]] std::optional<HandOverAction> poll_action();
    [[nodiscard]] std::optional<HandOverEvent> poll_event();

    // Every zone is handed over or has failed to be: nothing is under way.
    [[nodiscard]] bool is_settled() const noexcept { return busy_ == 0; }

    struct View {
        enum class State : std::uint8_t { in_step, handing_over, behind, failed };
        State state{};
        std::optional<dns::Serial> serial;    // that the server answered last
        UnixTime since;                       // it has answered it since then
        std::string why;                      // not in step: the reason in words
        std::string reload_words;             // what the last reload command said
        std::optional<UnixTime> lacks_since;  // the oldest version that it does not serve is so old
    };
    // nullopt where the zone has no version or no output.
    [[nodiscard]] std::optional<View> view(dns::NameView zone) const;

    // Every zone that waits for something has a timer or an action out. For tests.
    [[nodiscard]] bool invariants_hold() const;

  private:
    struct Zone;
    struct Attempt;
    // A kind of work of which there is only so much at one time; the rest waits in line.
    struct Gate {
        std::size_t most;
        std::size_t running = 0;
        std::deque<HandOverAction> waiting{};
    };

    [[nodiscard]] Zone* find(dns::NameView zone);
    [[nodiscard]] Zone* find(std::uint32_t zone);
    [[nodiscard]] const zone::Version* version_of(const Zone& zone) const;
    [[nodiscard]] static ServerQuestions::Target target_of(const Zone& zone);

    void begin(Now now, Zone& zone);
    void begin_check(Now now, Zone& zone);
    void write(Zone& zone);
    void reload(Now now, Zone& zone);
    void start_asking(Now now, Zone& zone, Duration limit);
    void tell(Now now, Zone& zone);
    void step(Now now, Zone& zone);
    void ask(Now now, Zone& zone);
    void read_answers(Now now);
    void ask_waiting(Now now);
    void handle_served(Now now, Zone& zone, const Result<dns::Serial>& served);
    void note(Now now, Zone& zone, const Result<dns::Serial>& served);
    [[nodiscard]] static bool drop_lacks(Zone& zone, dns::Serial up_to);
    void judge_check(Now now, Zone& zone, const Result<dns::Serial>& served);
    void judge_asking(Now now, Zone& zone, const Result<dns::Serial>& served);
    void finish(Now now, Zone& zone);
    void take(Zone& zone);
    void give_up(Now now, Zone& zone, std::string why);
    void settle(Now now, Zone& zone);
    void rest(Now now, Zone& zone);
    [[nodiscard]] Duration check_interval(const Zone& zone);
    [[nodiscard]] static Duration retry_delay(const Zone& zone);
    [[nodiscard]] static std::string unserved(const Zone& zone, Now now);
    void emit(const Zone& zone, HandOverEvent event);

    void enter(Gate& gate, HandOverAction action);
    void leave(Gate& gate);

    zone::VersionStore& store_;
    Random random_;
    ServerQuestions questions_;
    std::unordered_map<dns::Name, std::unique_ptr<Zone>, dns::NameHash> zones_;
    std::unordered_map<std::uint32_t, Zone*> by_number_;
    std::uint32_t last_number_ = 0;
    transfer::DueQueue due_;  // by number
    Gate files_;
    Gate commands_;
    std::deque<std::uint32_t> waiting_;  // zones in line for a question
    std::size_t busy_ = 0;
    std::deque<HandOverAction> actions_;
    std::deque<HandOverEvent> events_;
};

}  // namespace twinzone::secondary
