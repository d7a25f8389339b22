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

    // Small: there may be millions.
    struct Peer {
        config::RemotePtr remote;                 // null for a visitor
        std::unique_ptr<Visitor> visitor;         // null for a remote in `notify`
        std::optional<dns::Serial> serial;        // the newest it was seen with
        std::optional<dns::Serial> served;        // what it answered last
        std::optional<dns::Serial> acknowledged;  // the last NOTIFY it answered
        Stamp acknowledged_at;
        Stamp asked_soa_at;
        Stamp took_at;
        Stamp served_at;
        Stamp seen_at;
        Stamp lacks_since;
        std::unique_ptr<std::string> problem;  // of the last answer; null: none
    };
    [[nodiscard]] static control::PeerStatus status_of(const Peer& peer, UnixTime now);

    // As small as can be where nobody was seen.
    struct Zone {
        config::SettingsPtr settings;             // null: not known
        std::optional<dns::Serial> serial;        // in service
        std::unique_ptr<std::vector<Peer>> seen;  // null: of those in `notify` nothing is known

        [[nodiscard]] std::vector<Peer>& peers();
    };

    Zone* find(const dns::Name& zone);
    [[nodiscard]] const Zone* find(const dns::Name& zone) const;
    [[nodiscard]] static std::vector<Peer> unseen(const config::ZoneSettings& settings);
    Peer* find(const dns::Name& zone, std::string_view remote);
    static void find_candidates(Zone& zone, const Contact& contact, std::vector<Peer*>& found);
    Peer* find_visitor(Zone& zone, const Contact& contact);
    void show(UnixTime now, dns::NameView name, const Zone& zone, Peer& peer, dns::Serial serial);
    template <class Note>
    std::vector<std::string> note_contact(UnixTime now, const Contact& contact, Note note);

    std::vector<config::RemotePtr> remotes_;
    FirstLacked first_lacked_;
    dns::NameTablePtr names_;
    dns::ByNumber<Zone> zones_;
};

}  // namespace twinzone::service
