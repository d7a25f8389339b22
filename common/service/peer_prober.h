// Asks peers for their SOA, so that it is known what they serve even when they do not come: after a
// NOTIFY was answered, and on until they are in step. Ever more seldom, within a rate for each
// remote and so many questions at a time. Sans-I/O.
//
//   settled --want()--> waiting --due, token, place--> asked --answer or none--> waiting (backs
//   off)
//      ^------------------------------ settle() ---------------------------------'
//
// RFC 1034 §4.3.5 read from the other side; RFC 8945 (signed where the remote has a key).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/base/random.h"
#include "common/config/config.h"
#include "common/dns/name_table.h"
#include "common/service/follower_event.h"
#include "common/service/soa_question.h"
#include "common/transfer/due_queue.h"
#include "common/transfer/token_bucket.h"

namespace twinzone::service {

struct ProberLimits {
    std::uint32_t per_second = 1000;  // to one remote; 0: no limit
    std::size_t questions = 256;      // at a time
    seconds answer{2};                // for an answer to come
    seconds first_retry{1};           // doubled each time
    seconds max_retry{300};           //
    milliseconds hurried_retry{250};  // first while someone waits for the answer; doubled
    seconds max_hurried_retry{2};     //
};

// What a peer answered, or why not.
struct PeerAnswer {
    dns::Name zone;
    std::string remote;
    Endpoint endpoint;
    std::optional<dns::Serial> serial;
    std::string problem;  // set where there is no serial
};

// Not thread-safe. After any call, poll_action() and poll_event() may have something.
class PeerProber {
  public:
    // `names` is shared with other parts that know the same zones.
    PeerProber(const ProberLimits& limits, std::uint64_t seed,
               dns::NameTablePtr names = std::make_shared<dns::NameTable>());

    // The remotes in the zone's `notify` may be asked; none is yet.
    void add_zone(const config::Zone& zone);
    void remove_zone(const dns::Name& zone);

    // Asks the remote this much later and then on, beginning anew with short pauses. Unknown pairs
    // are passed over.
    void want(Now now, const dns::Name& zone, std::string_view remote, Duration in);

    // The same of all remotes of the zone.
    void want_all(Now now, const dns::Name& zone, Duration in);

    // Asks no more until want().
    void settle(const dns::Name& zone, std::string_view remote);

    // Someone waits for the zone's peers: all that are asked are asked often, from now on.
    void hurry(Now now, const dns::Name& zone, bool hurried);

    void handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message);
    void handle_failure(Now now, AttemptId attempt, const Error& error);

    // Until nullopt, after each call of the above and at next_timeout().
    [[nodiscard]] std::optional<FollowerAction> poll_action(Now now);
    [[nodiscard]] std::optional<PeerAnswer> poll_event();
    [[nodiscard]] std::optional<Instant> next_timeout() const { return due_.next(); }

    [[nodiscard]] std::size_t asking() const noexcept { return flights_.size(); }

  private:
    // A pair that is being asked; there is none of one that is settled.
    struct Item {
        std::uint32_t zone = 0;
        std::uint32_t place = 0;  // of the remote in the zone's `notify`
        std::uint32_t next = 0;   // item of the zone, plus 1; 0: none
        std::uint16_t tries = 0;
        bool booked = false;  // its token is usable at its due time
        AttemptId flight{};   // 0: none; then its due time is the next question's
    };
    struct Flight {
        std::uint32_t item = 0;
        Endpoint to;
        SoaQuestion question;
        Transport transport{};
    };

    [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t zone,
                                                    std::string_view remote) const;
    [[nodiscard]] const config::Remote& remote_of(const Item& item) const {
        return *zones_[item.zone]->notify[item.place];
    }
    std::uint32_t add_item(std::uint32_t zone, std::uint32_t place);
    void drop_item(std::uint32_t index);
    void step(Now now, std::uint32_t index);
    void ask(Now now, std::uint32_t index, Transport transport);
    void ask_again(Now now, std::uint32_t index, Transport transport);
    void end_flight(Item& item);
    void back_off(Now now, std::uint32_t index);
    void answered(Now now, std::uint32_t index, const Endpoint& from,
                  std::optional<dns::Serial> serial, std::string problem);
    transfer::TokenBucket& bucket(const std::string& remote);

    ProberLimits limits_;
    Random random_;
    dns::CookieJar cookies_;
    std::vector<Item> items_;
    std::vector<std::uint32_t> free_;
    dns::NameTablePtr names_;
    dns::SharedByNumber<config::ZoneSettings> zones_;       // null: not known
    dns::ByNumber<std::uint32_t> first_;                    // item of a zone, plus 1; 0: none
    std::unordered_set<std::uint32_t> hurried_;             // zones
    std::set<std::string> plain_;                           // remotes that refused EDNS
    std::map<std::string, transfer::TokenBucket> buckets_;  // by remote
    std::map<AttemptId, Flight> flights_;
    transfer::DueQueue due_;  // by item
    std::uint64_t last_attempt_ = 0;
    std::deque<FollowerAction> actions_;
    std::deque<PeerAnswer> events_;
};

}  // namespace twinzone::service
