// What the peers of all zones hold: the ledger, the questions that keep it true, and who waits for
// it. Sits between the daemon's parts and the PeerLedger and PeerProber.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/service/announcer.h"
#include "common/service/asker.h"
#include "common/service/client_session.h"
#include "common/service/event_log.h"
#include "common/service/peer_ledger.h"
#include "common/service/peer_prober.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// Loop thread only. Borrows loop, store and event log for its life.
class PeerWatch {
  public:
    PeerWatch(net::Loop& loop, zone::VersionStore& store, EventLog& events,
              const config::Config& config, std::uint64_t seed, const dns::NameTablePtr& names);

    void add_zone(const config::Zone& settings);
    void remove_zone(const dns::Name& zone);

    // The zone's peers from now on; what is known of them is asked for anew.
    void put_zone(const config::Zone& settings);
    // All remotes that are configured, from now on.
    void set_remotes(std::vector<config::RemotePtr> remotes) {
        ledger_.set_remotes(std::move(remotes));
    }

    // Before the announcer takes up what is owed. Peers of whom nothing is known are asked, spread
    // over a while.
    void start();

    void handle_published(const dns::Name& zone, dns::Serial serial);
    void handle_announced(const Announced& announced);
    void handle_contact(const Contact& contact);
    void handle_transfer_end(const ClientSession::TransferEnd& end);

    // For status.
    [[nodiscard]] std::vector<control::PeerStatus> peers(const dns::Name& zone) const;

    [[nodiscard]] std::vector<PeerLedger::Missing> not_serving(const dns::Name& zone,
                                                               dns::Serial serial,
                                                               UnixTime since) const {
        return ledger_.not_serving(zone, serial, since);
    }

    // Asker::use_tls().
    void use_tls(std::shared_ptr<const TlsContexts> tls) { asker_.use_tls(std::move(tls)); }

    // While someone waits for the zone's peers, they are asked often.
    void hurry(const dns::Name& zone, bool hurried);

    // Called when something new is known of a zone's peers. May be empty.
    void on_change(std::function<void(const dns::Name& zone)> handler) {
        on_change_ = std::move(handler);
    }

  private:
    void kick();
    void ask_unknown();
    void handle_answer(const PeerAnswer& answer);
    [[nodiscard]] std::optional<dns::Serial> served(const dns::Name& zone) const;
    [[nodiscard]] std::optional<UnixTime> first_lacked(dns::NameView zone, dns::Serial held) const;

    net::Loop& loop_;
    zone::VersionStore& store_;
    EventLog& events_;
    Random random_;
    PeerLedger ledger_;
    PeerProber prober_;
    dns::NameTablePtr names_;
    // Numbers of the zones whose peers are asked at the start, and how many of them in a second.
    std::vector<std::uint32_t> unknown_;
    std::size_t unknown_peers_ = 0;
    std::size_t unknown_share_ = 0;
    bool is_started_ = false;
    Asker asker_;
    net::Timer timer_;
    net::Timer unknown_timer_;
    std::function<void(const dns::Name& zone)> on_change_;
    std::unordered_set<dns::Name, dns::NameHash> hurried_;
};

}  // namespace twinzone::service
