// What both programs are made of while they serve: store, sockets, the cores that answer, follow
// and announce, the control socket, and the loop they all live on. Where zones come from (primary)
// and go to (secondary) is the programs' own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"
#include "common/control/server.h"
#include "common/control/status.h"
#include "common/dns/name_table.h"
#include "common/net/loop.h"
#include "common/net/signals.h"
#include "common/net/timer.h"
#include "common/observe/log.h"
#include "common/observe/metrics.h"
#include "common/service/access.h"
#include "common/service/announcer.h"
#include "common/service/control_binding.h"
#include "common/service/event_log.h"
#include "common/service/follower.h"
#include "common/service/follower_runner.h"
#include "common/service/gated_store.h"
#include "common/service/hold_control.h"
#include "common/service/hook_runner.h"
#include "common/service/listener_moves.h"
#include "common/service/ns_set_watch.h"
#include "common/service/operator_verbs.h"
#include "common/service/peer_watch.h"
#include "common/service/publisher.h"
#include "common/service/server.h"
#include "common/service/service_notifier.h"
#include "common/service/sorter_intake.h"
#include "common/service/tls_watch.h"
#include "common/service/web_service.h"
#include "common/store/store.h"

namespace twinzone::service {

class AgreementDesk;
class Catalogs;
class SharedHistory;

// Loop thread only, but for open() and the destructor, which own the thread anyway.
class Daemon {
  public:
    struct Hooks {
        // A version is committed, synced and being served. May be empty.
        std::function<void(const dns::Name& zone, const zone::Version& version)> on_published;
        // A round of checks of a followed zone is over. May be empty.
        std::function<void(const dns::Name& zone, const RoundEnded& round)> on_round;
        // Anything else that happened to a followed zone, as it comes. May be empty.
        std::function<void(const FollowerEvent& event)> on_event;
        // Zones came, went or have other settings. May be empty.
        std::function<void()> on_zones;
        // An operator wants the zone looked at now. May be empty.
        std::function<void(const dns::Name& zone)> on_refresh;
        // A freeze of the zone ended, or its held version was dropped: what its source has may be
        // taken now. May be empty; the daemon sees to followed zones.
        std::function<void(const dns::Name& zone)> on_released;
        // Adds to a zone's status what only the program knows. May be empty.
        std::function<void(control::ZoneStatus& status, const dns::Name& zone)> describe;
        // Whether may_originate() has changed. May be empty.
        std::function<void()> on_origin;
        // SIGTERM or SIGINT came; the loop ends after it. May be empty.
        std::function<void()> on_stop;
    };

    // Opens log and store and makes the cores; no zone is known and no socket open yet. A damaged
    // store is set aside and said so in the log. Errors are the store's and the log's.
    [[nodiscard]] static Result<std::unique_ptr<Daemon>> open(config::Config config, Hooks hooks);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // Serves the zone from what is committed, and follows it where it comes by transfer.
    // Requires: !serves(zone.name).
    void add_zone(const config::Zone& zone);
    [[nodiscard]] bool serves(const dns::Name& zone) const { return place_of(zone).has_value(); }
    // The zone comes or has other settings from now on; or it goes: it is served no more, while
    // what is being sent of it is sent to its end.
    void put_zone(const config::Zone& zone);
    void remove_zone(const dns::Name& zone);
    [[nodiscard]] std::vector<dns::Name> zone_names() const;
    // All that are here now, those of folders included. Places change with put_zone() and
    // remove_zone().
    [[nodiscard]] std::size_t zone_count() const noexcept { return zones_.size(); }
    [[nodiscard]] config::Zone zone_at(std::size_t place) const;
    [[nodiscard]] const config::ZoneSettings& settings_at(std::size_t place) const noexcept {
        return *settings_[zones_[place]];
    }
    [[nodiscard]] std::vector<config::Zone> zones() const;

    // All zones that the configuration names are here: they are not kept in config() as well.
    void forget_written_zones();

    // Who knows which zones are there by a catalog; null for nobody. Outlives its use here.
    void use_catalogs(Catalogs* catalogs) noexcept { catalogs_ = catalogs; }
    [[nodiscard]] Catalogs* catalogs() noexcept { return catalogs_; }

    // Everything of a new configuration but its zones. What takes a restart is told in words to be
    // appended to a sentence. On an error nothing has changed. Errc::network, file_unreadable.
    [[nodiscard]] Result<std::string> apply(config::Config next,
                                            const std::shared_ptr<const TlsContexts>& tls);

    // What SIGHUP does.
    void on_hangup(std::function<void()> handler) { on_hangup_ = std::move(handler); }

    // nullopt where it is not served.
    [[nodiscard]] std::optional<config::Zone> zone_settings(const dns::Name& zone) const;

    // True where an operator made our copy the zone's origin (secondary): it is not followed.
    [[nodiscard]] bool is_promoted(dns::NameView zone) const;

    // Follows the zone no more, or again, from now on. Nothing happens where it is so, or where the
    // zone is not configured to be followed.
    void set_followed(const dns::Name& zone, bool followed);

    // Opens the sockets on which peers are answered, alone. Errc::network.
    [[nodiscard]] Result<void> listen_for_peers();
    // Those and the control socket. Errc::network.
    [[nodiscard]] Result<void> listen();

    // Takes up owed NOTIFYs, then runs until stop() or a signal.
    void run();
    void stop() { loop_.stop(); }

    // Commits new content of a zone; NOTIFYs go out once it is synced.
    void submit(zone::Commit commit, zone::VersionStore::Done done);

    // The same for a version that the shared history has already.
    void submit_agreed(zone::Commit commit, zone::VersionStore::Done done);

    // False where another primary makes the versions of zones that are shared (shared_history.h).
    [[nodiscard]] bool may_originate() const;
    // True where versions of the zone are made here or at another primary with the same history.
    [[nodiscard]] bool is_shared(const dns::Name& zone) const;

    // What kept the zone's next version back is gone.
    void handle_released(const dns::Name& zone);

    // Where a zone comes from or goes to is in trouble, or well again: for `failed` hooks.
    void handle_trouble(const dns::Name& zone, Trouble trouble, const std::string& reason);
    void handle_well(const dns::Name& zone, Trouble trouble);

    // True where it may not be served any more.
    [[nodiscard]] bool is_expired(const dns::Name& zone) const;

    // Operators' wishes: a round of checks (kick_follower() begins it), NOTIFYs now.
    [[nodiscard]] Follower::Order begin_round(const dns::Name& zone, bool whole) {
        if (hooks_.on_refresh) {
            hooks_.on_refresh(zone);
        }
        return follower_->refresh(loop_.now(), zone, whole);
    }
    void kick_follower() { follower_runner_->kick(); }
    void notify(const dns::Name& zone, std::span<const std::string> remotes);

    // Its settings, with the name servers that were found in it among those who are told.
    [[nodiscard]] config::Zone with_ns_set(const config::Zone& zone) const;

    // An operator's wish: check now; or transfer the whole zone, whatever its serial. False where
    // the zone is not followed.
    bool refresh(dns::NameView zone, bool whole = false);

    // Nothing is on its way, and none of the primaries that are to be asked answers.
    [[nodiscard]] bool waits_for_dead_alone() const noexcept {
        return follower_->waits_for_dead_alone();
    }

    [[nodiscard]] control::Status status() const;

    [[nodiscard]] const config::Config& config() const noexcept { return config_; }
    [[nodiscard]] net::Loop& loop() noexcept { return loop_; }
    [[nodiscard]] store::Store& store() noexcept { return *store_; }
    [[nodiscard]] const dns::NameTablePtr& names() const noexcept { return names_; }
    [[nodiscard]] observe::Log& log() noexcept { return *log_; }
    [[nodiscard]] const std::shared_ptr<const TlsContexts>& tls() const noexcept { return tls_; }
    [[nodiscard]] observe::Metrics& metrics() noexcept { return metrics_; }
    [[nodiscard]] EventLog& events() noexcept { return events_; }
    [[nodiscard]] PeerWatch& watch() noexcept { return *watch_; }
    [[nodiscard]] control::ControlServer& control() noexcept { return control_; }
    [[nodiscard]] HookRunner& hook_runner() noexcept { return *hook_runner_; }
    [[nodiscard]] ServiceNotifier& notifier() noexcept { return notifier_; }

  private:
    Daemon(config::Config config, Hooks hooks, std::unique_ptr<observe::Log> log);

    void start_cores();
    void use_tls(const std::shared_ptr<const TlsContexts>& tls);
    void handle_certificates(const Result<std::shared_ptr<const TlsContexts>>& loaded);
    void log_opening();
    void handle_completions();
    void handle_zones();
    [[nodiscard]] std::optional<std::size_t> place_of(dns::NameView zone) const;
    void handle_judged(const Judged& judged);
    void handle_follower_event(const FollowerEvent& event);
    [[nodiscard]] zone::VersionStore::Done when_committed(zone::Commit& commit,
                                                          zone::VersionStore::Done done);
    void handle_published(const dns::Name& zone, const zone::Version& version);
    void handle_round(const dns::Name& zone, const RoundEnded& round);
    void handle_found(const dns::Name& zone, const zone::Version& version);
    void handle_held(const dns::Name& zone, const zone::HeldVersion& held);
    void handle_announced(const Announced& event);
    void handle_transfer_end(const ClientSession::TransferEnd& end);
    void handle_request();
    void look_for_ns_set(const config::Zone& zone);
    void handle_ns_set(const dns::Name& zone, std::vector<config::RemotePtr> servers);
    void handle_signal(net::Signal signal);
    void watch_readers();
    void start_sharing();
    void stop_sharing();
    void share(const config::Zone& zone);
    [[nodiscard]] std::optional<control::SharedStatus> sharing_status() const;
    void handle_not_shared(const dns::Name& zone);
    void start_web();
    [[nodiscard]] Result<void> listen_web();
    [[nodiscard]] Listening peer_listening();
    [[nodiscard]] Listening tls_listening();
    [[nodiscard]] Listening web_listening();
    [[nodiscard]] Result<void> move_sockets(const config::Config& from, const config::Config& to);
    [[nodiscard]] Result<void> move_control(const config::Config& next);
    [[nodiscard]] control::Status status_without_zones() const;
    [[nodiscard]] std::optional<control::ZoneStatus> zone_status_of(std::string_view name) const;
    [[nodiscard]] WebService::MakeDetails zone_details(std::string_view name);
    [[nodiscard]] control::ZoneStatus zone_status(const config::Zone& zone, Now now) const;
    [[nodiscard]] std::optional<control::ZoneStatus> zone_status_at(std::size_t place) const;

    config::Config config_;
    Hooks hooks_;
    std::unique_ptr<observe::Log> log_;
    observe::Metrics metrics_;
    dns::NameTablePtr names_ = std::make_shared<dns::NameTable>();  // of all zones
    std::shared_ptr<const TlsContexts> tls_;
    EventLog events_;
    net::Loop loop_;
    Instant started_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<GatedStore> gate_;  // new content goes through it
    SorterIntakeSource intakes_;
    std::unique_ptr<Follower> follower_;  // of no zone where all come from files
    std::unique_ptr<Publisher> publisher_;
    std::unique_ptr<Announcer> announcer_;
    std::unique_ptr<FollowerRunner> follower_runner_;
    std::unique_ptr<AnnouncerRunner> announcer_runner_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<PeerWatch> watch_;
    std::unique_ptr<NsSetWatch> ns_set_watch_;
    std::unordered_map<dns::Name, std::vector<config::RemotePtr>, dns::NameHash> ns_sets_;
    control::ControlServer control_;
    std::unique_ptr<OperatorVerbs> verbs_;
    std::unique_ptr<ControlBinding> control_binding_;
    std::unique_ptr<ControlBinding> old_control_;  // for a moment after it has moved
    std::unique_ptr<WebService> web_;              // null where nothing is to listen
    std::vector<std::uint32_t> zones_;             // numbers of their names
    dns::ByNumber<std::uint32_t> places_;          // in zones_ plus 1, by number of name; 0: none
    dns::SharedByNumber<config::ZoneSettings> settings_;
    SharedRules rules_;
    Catalogs* catalogs_ = nullptr;
    std::shared_ptr<AgreementDesk> desk_;    // null where no history is shared
    std::unique_ptr<SharedHistory> shared_;  // likewise
    HoldControl hold_control_{*this};
    std::unique_ptr<HookRunner> hook_runner_;
    std::function<void()> on_hangup_;
    net::Timer old_control_timer_;
    net::Timer reader_timer_;
    net::Signals signals_;
    ServiceNotifier notifier_;
    TlsWatch tls_watch_{loop_, [this](const Result<std::shared_ptr<const TlsContexts>>& loaded) {
                            handle_certificates(loaded);
                        }};
};

}  // namespace twinzone::service
