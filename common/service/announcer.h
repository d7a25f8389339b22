// Tells secondaries about versions that are committed and served: NOTIFY with the SOA in it, signed
// where the remote has a key, repeated until answered, over UDP and each third time over TCP; what
// is owed survives a restart in the store. Sans-I/O. RFC 1996 §3, RFC 7873 (cookies).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/dns/cookie.h"
#include "common/dns/message.h"
#include "common/dns/name_table.h"
#include "common/dns/tsig.h"
#include "common/service/follower_event.h"
#include "common/transfer/notify_sender.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// What became of a NOTIFY: it left, was not answered in time and leaves again, or was answered.
struct Announced {
    enum class Stage : std::uint8_t { answered, sent, unanswered };
    Stage stage = Stage::answered;
    dns::Name zone;
    std::string remote;
    Endpoint endpoint;
    dns::Serial serial;
    transfer::NotifyVerdict verdict{};  // of the answer
    std::optional<Error> error;  // the answer's signature did not hold: the NOTIFY is repeated
    std::string refusal{};       // refused: the code, and what the peer says of it
};

// Not thread-safe. Borrows the store for its life. After any call, poll_action() may have
// something.
class Announcer {
  public:
    // `names` is shared with other parts that know the same zones.
    Announcer(zone::VersionStore& store, const transfer::NotifyLimits& limits, std::uint64_t seed,
              dns::NameTablePtr names = std::make_shared<dns::NameTable>());

    void add_zone(const config::Zone& zone);

    // The zone's remotes from now on. New ones are told of the version in service; those that are
    // gone are owed nothing any more.
    void put_zone(Now now, const config::Zone& zone);
    void remove_zone(dns::NameView zone);

    // NOTIFYs a second to one remote, from now on.
    void set_rate(std::uint32_t per_second) { sender_.set_rate(per_second); }

    // Takes up what was owed when the process ended. A remote that is no longer configured is owed
    // nothing.
    void resume_owed(Now now);

    // `version` of the zone is committed, synced and served.
    void handle_published(Now now, dns::NameView zone, const zone::Version& version);

    // An operator's wish: tell these remotes of the version in service, whether they know it or
    // not.
    void notify(Now now, const dns::Name& zone, std::span<const std::string> remotes);

    void handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message);

    // The attempt will have no answer. The NOTIFY is repeated when its time comes.
    void handle_failure(AttemptId attempt);

    // Until nullopt, after each call of the above and when next_timeout() is due.
    [[nodiscard]] std::optional<FollowerAction> poll_action(Now now);
    [[nodiscard]] std::optional<Announced> poll_event();
    [[nodiscard]] std::optional<Instant> next_timeout() const { return sender_.next_timeout(); }

    [[nodiscard]] std::size_t owed() const noexcept { return sender_.owed(); }

  private:
    struct Flight {
        std::uint32_t zone = 0;
        std::uint32_t target = 0;
        std::uint16_t id = 0;
        Endpoint to;
        bool over_udp = false;
        bool edns = false;
        std::optional<dns::TsigClient> tsig;
    };

    std::uint32_t target_index(const config::RemotePtr& remote);
    // Whom the zone's settings name; empty where it is not known.
    [[nodiscard]] const std::vector<config::RemotePtr>& told(std::uint32_t zone) const noexcept;
    void forget(std::uint32_t zone, std::uint32_t target);
    void send(Now now, const transfer::NotifyAction& action, bool wants_tcp);
    [[nodiscard]] std::optional<Bytes> message_of(Now now, const dns::SoaRecord& soa,
                                                  const config::Remote& remote, Flight& flight);
    [[nodiscard]] bool ask_otherwise(Now now, const Flight& flight, const dns::Message& answer);
    void drop_flight(std::uint32_t zone, std::uint32_t target);

    zone::VersionStore& store_;
    transfer::NotifySender sender_;
    dns::CookieJar cookies_;
    std::set<Endpoint> plain_;  // those that refused a NOTIFY for its EDNS
    dns::NameTablePtr names_;
    dns::SharedByNumber<config::ZoneSettings> zones_;  // null: not known
    std::vector<config::RemotePtr> targets_;
    std::map<std::string, std::uint32_t> target_index_;
    std::map<AttemptId, Flight> flights_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, AttemptId> by_pair_;  // zone, target
    std::uint64_t last_attempt_ = 0;
    std::deque<FollowerAction> actions_;
    std::deque<Announced> events_;
};

}  // namespace twinzone::service
