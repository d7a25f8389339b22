// Keeps the zones of a secondary in step with their primaries: when to ask, whom, by SOA check,
// IXFR or AXFR, what to do with the answer, and when a zone has expired. Sans-I/O: messages,
// failures and times go in, questions (actions) and facts (events) come out; commits leave through
// the VersionStore seam. The loop and the simulator run the same object.
//
// For each zone the Scheduler leads a round (scheduler.h): check -> transfer -> next primary.
// Within a transfer:
//
//   IXFR --answer whole--> commit --done--> published
//     | any failure but signature, limit or no connection       | does not fit (transfer_diverged)
//     '----------------------> AXFR <---------------------------'
//
// RFC 1034 §4.3.5, RFC 1995 §2 and §4, RFC 1996 §4, RFC 5936 §6, RFC 7314 §4.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/config/config.h"
#include "common/dns/name_table.h"
#include "common/service/content_intake.h"
#include "common/service/difference_base.h"
#include "common/service/follower_event.h"
#include "common/service/publisher.h"
#include "common/service/soa_question.h"
#include "common/service/transfer_question.h"
#include "common/transfer/access_rules.h"
#include "common/transfer/due_queue.h"
#include "common/transfer/notify_receiver.h"
#include "common/transfer/refresher.h"
#include "common/transfer/scheduler.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// Not thread-safe. Borrows store and intakes for its life. After any call, poll_action() and
// poll_event() may have something.
class Follower final : public SecondaryView {
  public:
    // `names` is shared with other parts that know the same zones.
    Follower(zone::VersionStore& store, IntakeSource& intakes, const config::Limits& limits,
             std::uint64_t seed, dns::NameTablePtr names = std::make_shared<dns::NameTable>());
    ~Follower() override;
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    // Follows the zone from now on. Requires: it has primaries and is not followed yet.
    void add_zone(Now now, const config::Zone& settings);

    // Follows the zone by these settings from now on. What is coming in goes on; where the
    // primaries changed, they are asked now. Requires: it has primaries.
    void put_zone(Now now, const config::Zone& settings);

    // Other limits from now on; what is coming in keeps those that it began with.
    void set_limits(const config::Limits& limits);

    // Follows the zone no more. A transfer that is coming in is given up; a version that is being
    // committed is still published. Nothing happens where the zone is not followed.
    void remove_zone(Now now, dns::NameView zone);

    // What became of an operator's wish. after_running: a round is under way and ends first, so
    // that the second RoundEnded from now is the answer.
    enum class Order : std::uint8_t { not_followed, begins, after_running };

    // An operator's wish: check now. `whole`: an AXFR, whatever the serials.
    Order refresh(Now now, dns::NameView zone, bool whole = false);

    // A version that was held went into service by an operator's word.
    void handle_approved(Now now, dns::NameView zone, const zone::Version& version);

    // After an error of the disk the store has a version of the zone whose commit had failed.
    void handle_found(Now now, dns::NameView zone);

    // What came in for an attempt, edited in place; and its end. Waiting: for a connection, since
    // all that the remote may have are taken.
    void handle_waiting(Now now, AttemptId attempt);
    void handle_connected(Now now, AttemptId attempt);
    void handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message);
    void handle_failure(Now now, AttemptId attempt, const Error& error);

    // Call after the store ran completions.
    void handle_commits(Now now);
    void handle_timeout(Now now);
    [[nodiscard]] std::optional<Instant> next_timeout() const;

    // Until nullopt, after each call of the above.
    [[nodiscard]] std::optional<FollowerAction> poll_action(Now now);
    [[nodiscard]] std::optional<FollowerEvent> poll_event();

    // Nothing is on its way, and none of the primaries that are to be asked answers.
    [[nodiscard]] bool waits_for_dead_alone() const noexcept {
        return scheduler_.waits_for_dead_alone();
    }

    // SecondaryView
    [[nodiscard]] std::optional<seconds> expires_in(Now now, dns::NameView zone) const override;
    [[nodiscard]] std::optional<Errc> last_fault(dns::NameView zone) const override;
    [[nodiscard]] std::optional<dns::Rcode> handle_notify(Now now, const dns::Message& notify,
                                                          const transfer::Peer& peer,
                                                          const Endpoint& from) override;

    // For status.
    struct Progress {
        Endpoint remote;
        TransferType asked{};
        std::uint64_t records = 0;
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
        Duration took{0};
        bool committing = false;  // all of it is here and goes to disk
    };
    struct View {
        transfer::RefreshState state{};
        bool transferring = false;
        std::string last_error;  // of the last round; empty: it succeeded
        std::string source;      // the primary that confirmed or gave our version; empty: none yet
        UnixTime last_success;   // 0: never
        std::optional<seconds> expires_in;
        seconds next_check_in{0};
        std::optional<Progress> progress;    // of a transfer under way
        std::optional<seconds> source_lost;  // so long no source has confirmed it
        std::string other_content;  // that a primary has under our serial, in words; empty: none
    };
    [[nodiscard]] std::optional<View> view(Now now, dns::NameView zone) const;

    // Every zone has a timer, and all counts agree. O(zones); for tests and the simulator.
    [[nodiscard]] bool invariants_hold() const;

  private:
    struct Zone;
    struct Trouble;
    struct Coming;
    struct Exchange;
    struct Remote {
        config::RemotePtr settings;
        Endpoint endpoint;
        bool edns = true;  // false once it refused a query for its EDNS
        std::optional<Instant>
            datagrams_rest{};  // until then it is asked for no differences by UDP
    };
    struct Completion {
        std::uint32_t zone = 0;
        std::uint64_t commit = 0;
        Result<zone::Committed> result;
    };

    // What a primary holds under our serial, as far as it told.
    struct HeldElsewhere {
        std::uint32_t remote = 0;
        dns::Serial serial{0};
        std::optional<zone::Digest> digest{};  // nullopt: it tells none
        bool tried = false;                    // its content came in once while it told this digest
        bool told = false;                     // that ours is kept
    };

    std::uint32_t remote_index(const config::RemotePtr& remote, const Endpoint& endpoint);
    [[nodiscard]] std::optional<std::uint32_t> find_index(dns::NameView zone) const noexcept;
    [[nodiscard]] const Zone* find(dns::NameView zone) const;
    [[nodiscard]] dns::NameView name_of(const Zone& zone) const noexcept;
    [[nodiscard]] const config::ZoneSettings& settings_of(const Zone& zone) const noexcept;
    void set_remotes(Zone& zone);
    const transfer::RefreshLimits& limits_of(const config::Zone& settings);
    void abandon_exchanges(std::uint32_t zone);
    void free_index(std::uint32_t index);

    void start_jobs(Now now);
    void start(Now now, const transfer::Job& job);
    void ask_soa(Now now, std::uint32_t zone, std::uint32_t remote, unsigned attempt);
    void ask_transfer(Now now, std::uint32_t zone, std::uint32_t remote, TransferCause cause);
    void launch(Now now, std::unique_ptr<Exchange> exchange, Transport transport,
                Result<Bytes> message);
    std::unique_ptr<Exchange> end(AttemptId attempt, bool whole = false);
    void rearm(Exchange& exchange, Instant deadline);

    void handle_soa(Now now, std::unique_ptr<Exchange> exchange, const SoaQuestion::Answer& answer);
    void compare_serials(Now now, const Exchange& exchange, const SoaQuestion::Answer& answer);
    [[nodiscard]] bool compare_digests(Now now, const Exchange& exchange,
                                       const SoaQuestion::Answer& answer,
                                       const zone::Version& ours);
    [[nodiscard]] static HeldElsewhere& held_elsewhere(Zone& zone, std::uint32_t remote,
                                                       dns::Serial serial);
    [[nodiscard]] static const HeldElsewhere* preferred_before(const Zone& zone,
                                                               std::uint32_t remote);
    [[nodiscard]] bool keeps_ours(Zone& zone, HeldElsewhere& theirs, bool is_known,
                                  DigestCompared compared);
    void note_fetched(const Exchange& exchange, const zone::Version* held = nullptr);
    void fail_soa(Now now, std::unique_ptr<Exchange> exchange, const Error& error);

    void handle_progress(Now now, AttemptId attempt, transfer::TransferProgress progress);
    [[nodiscard]] bool suits_datagram(Now now, Zone& zone, const Remote& remote);
    [[nodiscard]] bool changes_are_small(Zone& zone);
    void handle_datagram(Now now, AttemptId attempt, std::span<std::uint8_t> message);
    void ask_by_stream(Now now, std::unique_ptr<Exchange> exchange);
    void note_size(const Exchange& exchange);
    [[nodiscard]] std::optional<DifferenceBase> base_of_differences(const Zone& zone,
                                                                    std::uint32_t remote);
    [[nodiscard]] bool is_foreign(const Zone& zone, std::uint32_t remote) {
        return !base_of_differences(zone, remote);
    }
    void handle_nothing_newer(Now now, std::unique_ptr<Exchange> exchange);
    void finish_transfer(Now now, std::unique_ptr<Exchange> exchange);
    [[nodiscard]] Result<std::vector<zone::Diff>> take_diffs(const Zone& zone, Exchange& exchange);
    [[nodiscard]] Result<void> check_target(const Zone& zone, const dns::SoaRecord& target,
                                            const dns::SoaRecord* ours) const;
    void commit(Now now, std::unique_ptr<Exchange> exchange);
    void handle_committed(Now now, Completion completion);
    void handle_held(Now now, const Exchange& exchange, const zone::Committed& committed);
    void forget_held(Now now, const Zone& zone);
    void fail_transfer(Now now, std::unique_ptr<Exchange> exchange, const Error& error);
    [[nodiscard]] static bool allows_axfr(const Exchange& exchange, const Error& error);
    [[nodiscard]] static Error as_met(const Exchange& exchange, const Error& error);
    void confirm_current(Now now, std::uint32_t zone, std::uint32_t remote,
                         std::optional<transfer::ExpireTold> expire);
    void finish_job(Now now, std::uint32_t zone, transfer::JobOutcome outcome,
                    std::optional<Error> error);
    void arm(Now now, Zone& zone);
    [[nodiscard]] static seconds next_check_in(Now now, const Zone& zone);
    [[nodiscard]] static TransferCause cause_of_transfer(Zone& zone, bool has_version);
    void tell_progress(Now now, Exchange& exchange);
    [[nodiscard]] Progress progress_of(Now now, const Exchange& exchange) const;
    void touch_timers(Now now, Zone& zone);
    [[nodiscard]] std::optional<seconds> source_lost(Now now, const Zone& zone) const;
    void tell_source_lost(Now now, Zone& zone);
    void check_exchange(Now now, Exchange& exchange);
    void expire_zones(Now now);
    [[nodiscard]] TransferEnded facts(Now now, const Exchange& exchange) const;
    void emit(const Zone& zone, decltype(FollowerEvent::what) what);

    zone::VersionStore& store_;
    IntakeSource& intakes_;
    config::Limits limits_;
    Random random_;
    dns::CookieJar cookies_;
    std::uint64_t seed_;
    transfer::Scheduler scheduler_;
    transfer::NotifyReceiver receiver_;
    std::vector<std::unique_ptr<Zone>> zones_;  // by index; null where it is free
    std::vector<std::uint32_t> free_;           // indexes
    dns::NameTablePtr names_;
    dns::ByNumber<std::uint32_t> places_;                 // index plus 1, by name; 0: not followed
    dns::SharedByNumber<config::ZoneSettings> settings_;  // by index
    std::vector<Remote> remotes_;                         // by index
    std::map<std::pair<std::string, Endpoint>, std::uint32_t> remote_index_;
    std::set<std::vector<std::uint32_t>> remote_lists_;                           // that zones have
    std::vector<std::unique_ptr<const transfer::RefreshLimits>> refresh_limits_;  // likewise
    std::map<AttemptId, std::unique_ptr<Exchange>> exchanges_;
    std::set<std::pair<Instant, AttemptId>> deadlines_;
    transfer::DueQueue expiries_;  // by zone
    std::uint64_t last_attempt_ = 0;
    std::uint64_t last_commit_ = 0;
    std::shared_ptr<std::vector<Completion>> completions_;  // outlives us in the store's callbacks
    std::deque<FollowerAction> actions_;
    std::deque<FollowerEvent> events_;
};

}  // namespace twinzone::service
