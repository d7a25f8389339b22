// What is known of the peers a zone is handed on to: what each was last seen with, when, and since
// when it lacks something. Facts only: a transfer that it took whole, the serial it asked for
// differences from, and what it answered when asked for its SOA.
//
// Peers are the remotes in `notify`, and who else of the allowed comes to fetch. A peer that signs
// is known by its key as well as its address. Where several remotes share both (servers on one
// machine), what comes from there is nobody's: only their own answers tell them apart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/time.h"
#include "common/config/config.h"
#include "common/control/status.h"
#include "common/dns/name.h"
#include "common/dns/name_table.h"
#include "common/dns/serial.h"
#include "common/service/publisher.h"

namespace twinzone::service {

// Peers of a zone that nobody configured; who came longest ago is forgotten first, and whoever did
// not come for so long.
inline constexpr std::size_t kMaxVisitors = 16;
inline constexpr seconds kVisitorMemory = hours{24 * 7};

// Not thread-safe.
class PeerLedger {
  public:
    // When the version that followed `held` was committed; nullopt where the journal does not say.
    using FirstLacked =
        std::function<std::optional<UnixTime>(dns::NameView zone, dns::Serial held)>;

    // `remotes`: all that are configured, for the names of those who come unasked.
    // `names` is shared with other parts that know the same zones.
    PeerLedger(std::vector<config::RemotePtr> remotes, FirstLacked first_lacked,
               dns::NameTablePtr names = std::make_shared<dns::NameTable>());

    // All that are configured, from now on.
    void set_remotes(std::vector<config::RemotePtr> remotes) { remotes_ = std::move(remotes); }

    // The remotes that are told about the zone are its peers. `serial`: in service now.
    void add_zone(const config::Zone& settings, std::optional<dns::Serial> serial);
    void remove_zone(const dns::Name& zone);

    // A version was published; lag is counted from then for whoever lacks it.
    void handle_published(UnixTime now, const dns::Name& zone, dns::Serial serial);

    // NOTIFY is still owed from before a restart: the remote lacks the version in service at least
    // since `committed`.
    void handle_owed(const dns::Name& zone, std::string_view remote, UnixTime committed);

    // The remote answered a NOTIFY of this serial: it has heard, no more.
    void handle_acknowledged(UnixTime now, const dns::Name& zone, std::string_view remote,
                             dns::Serial serial);

    // The remote was asked for its SOA. `served`: its answer; nullopt: none of use, and why.
    void handle_answer(UnixTime now, const dns::Name& zone, std::string_view remote,
                       std::optional<dns::Serial> served, std::string problem);

    // Someone came. The names of the remotes that it may be are given back: those whose state may
    // have changed, or is to be asked for.
    std::vector<std::string> handle_contact(UnixTime now, const Contact& contact);
    std::vector<std::string> handle_taken(UnixTime now, const Contact& contact, dns::Serial serial);

    [[nodiscard]] std::vector<control::PeerStatus> peers(UnixTime now, const dns::Name& zone) const;

    // The remotes in `notify` that have not answered with this serial or a newer one since then,
    // and why not.
    struct Missing {
        std::string remote;
        std::string why;
    };
    [[nodiscard]] std::vector<Missing> not_serving(const dns::Name& zone, dns::Serial serial,
                                                   UnixTime since) const;

    // True where the remote's last answer was the serial in service.
    [[nodiscard]] bool is_confirmed(const dns::Name& zone, std::string_view remote) const;

  private:
    struct Visitor {
        std::string name;
        IpAddress address;
        dns::TsigKeyPtr key;
    };
    // A moment in half of the octets, good until 2106; 0: never.
    class Stamp {
      public:
        constexpr Stamp() = default;
        constexpr Stamp(UnixTime time) noexcept  // NOLINT: as good as the time
            : seconds_(static_cast<std::uint32_t>(time.value())) {}
        constexpr operator UnixTime() const noexcept { return UnixTime{seconds_}; }  // NOLINT

      private:
        std::uint32_t seconds_ = 0;
    };

    // The place of a peer in peers_, plus 1; 0: none.
    using Place = std::uint32_t;

    // Small: there may be millions. What few of them have is kept beside them.
    struct Peer {
        static constexpr std::uint16_t kVisitor = 0xffff;

        Place next = 0;                   // of the same zone
        std::uint16_t remote = kVisitor;  // its place in the zone's `notify`
        bool is_shown = false;            // `serial` is known
        bool has_problem = false;         // with the last answer
        dns::Serial serial{0};            // the newest it was seen with
        dns::Serial served{0};            // what it answered last, at served_at
        dns::Serial acknowledged{0};      // the last NOTIFY it answered, at acknowledged_at
        Stamp acknowledged_at;
        Stamp asked_soa_at;
        Stamp took_at;
        Stamp served_at;
        Stamp seen_at;
        Stamp lacks_since;

        [[nodiscard]] bool holds(std::optional<dns::Serial> wanted) const noexcept {
            return is_shown && wanted == serial;
        }
        [[nodiscard]] std::optional<dns::Serial> answered() const noexcept;
    };

    // As small as can be where nobody was seen.
    struct Zone {
        std::optional<dns::Serial> serial;  // in service
        Place first = 0;                    // 0: of those in `notify` nothing is known
    };

    [[nodiscard]] std::optional<std::uint32_t> number_of(const dns::Name& zone) const;
    void see(std::uint32_t zone);
    Peer& add_peer(std::uint32_t zone, std::uint16_t remote);
    void drop_peer(std::uint32_t zone, Place place);
    [[nodiscard]] std::vector<Place> peers_of(std::uint32_t zone) const;
    [[nodiscard]] const config::Remote* remote_of(std::uint32_t zone, const Peer& peer) const;
    [[nodiscard]] const std::string* problem_of(const Peer& peer) const;
    [[nodiscard]] Place place_of(const Peer& peer) const noexcept {
        return static_cast<Place>(&peer - peers_.data()) + 1;
    }
    [[nodiscard]] control::PeerStatus status_of(std::uint32_t zone, const Peer& peer,
                                                UnixTime now) const;
    template <class Visit>
    void visit(std::uint32_t zone, Visit visit) const;

    Peer* find(std::uint32_t zone, std::string_view remote);
    [[nodiscard]] std::vector<Place> candidates(std::uint32_t zone, const Contact& contact) const;
    Peer* find_visitor(std::uint32_t zone, const Contact& contact);
    void show(UnixTime now, dns::NameView name, Peer& peer, dns::Serial serial);
    template <class Note>
    std::vector<std::string> note_contact(UnixTime now, const Contact& contact, Note note);

    std::vector<config::RemotePtr> remotes_;
    FirstLacked first_lacked_;
    dns::NameTablePtr names_;
    dns::SharedByNumber<config::ZoneSettings> settings_;  // null: the zone is not known
    dns::ByNumber<Zone> zones_;
    std::vector<Peer> peers_;
    std::vector<Place> free_;
    std::unordered_map<Place, Visitor> visitors_;
    std::unordered_map<Place, std::string> problems_;
};

}  // namespace twinzone::service
