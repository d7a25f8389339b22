#include "common/service/daemon.h"

#include <fmt/format.h>

#include "common/config/command_line.h"
#include "common/control/status_verb.h"
#include "common/net/entropy.h"
#include "common/service/access.h"
#include "common/service/catalogs.h"
#include "common/service/daemon_settings.h"
#include "common/service/event_metrics.h"
#include "common/service/hold_text.h"
#include "common/service/privileges.h"
#include "common/service/shared_history.h"
#include "common/shared/connection.h"

namespace twinzone::service {

namespace {

using observe::Level;

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::open(config::Config config, Hooks hooks) {
    if (config.shared && !shared::has_postgresql()) {
        return fail(Errc::config_invalid,
                    "store: 'shared': this program was built without PostgreSQL");
    }
    Result<std::unique_ptr<observe::Log>> log = observe::Log::open(log_settings(config));
    if (!log) {
        return fail(std::move(log).error());
    }
    Result<std::shared_ptr<const TlsContexts>> tls = TlsContexts::load(config);
    if (!tls) {
        return fail(std::move(tls).error());
    }
    const Result<std::string> user = become_user(config);
    if (!user) {
        return fail(user.error());
    }
    keep_memory_out_of_core_dumps();
    for (const std::string& secret : readable_secrets(config)) {
        (*log)->server(Level::warning, secret);
    }
    if (!user->empty()) {
        (*log)->server(Level::notice, *user);
    }
    std::unique_ptr<Daemon> daemon{
        new Daemon{std::move(config), std::move(hooks), std::move(*log)}};
    store::StoreOptions options;
    options.directory = daemon->config_.store_path;
    options.program = std::string{config::program_name(daemon->config_.role)};
    options.max_bytes = daemon->config_.store_max_bytes;
    options.names = daemon->names_;
    options.wake = [raw = daemon.get()] { raw->loop_.post([raw] { raw->handle_completions(); }); };
    options.on_synced = [raw = daemon.get()](Duration took) { raw->metrics_.commit.observe(took); };
    options.on_found = [raw = daemon.get()](const zone::ZoneState& state) {
        raw->handle_found(state.zone, *state.version);
    };
    if (daemon->desk_) {
        options.agree = [desk = daemon->desk_](std::span<store::Proposal> proposals) {
            return desk->agree(proposals);
        };
    }
    Result<std::unique_ptr<store::Store>> store = store::Store::open(std::move(options));
    if (!store) {
        return fail(std::move(store).error());
    }
    daemon->store_ = std::move(*store);
    daemon->log_opening();
    daemon->start_cores();
    daemon->use_tls(*tls);
    return daemon;
}

Daemon::Daemon(config::Config config, Hooks hooks, std::unique_ptr<observe::Log> log)
    : config_(std::move(config)),
      hooks_(std::move(hooks)),
      log_(std::move(log)),
      events_(*log_, names_),
      started_(loop_.now().instant),
      intakes_(config_.store_path),
      old_control_timer_(loop_),
      reader_timer_(loop_),
      signals_(loop_, [this](net::Signal signal) { handle_signal(signal); }),
      notifier_(loop_, [this](std::size_t place) { return zone_status_at(place); }) {
    if (config_.shared) {
        desk_ = std::make_shared<AgreementDesk>(loop_);
    }
}

Daemon::~Daemon() {
    shared_.reset();  // the store's writer may wait for it
    gate_.reset();    // reads the store on the pool
    store_.reset();   // its writer posts to the loop
}

void Daemon::start_cores() {
    const std::uint64_t seed = net::random_seed();
    hook_runner_ =
        std::make_unique<HookRunner>(loop_, events_, *store_, config_.store_path + "/hooks");
    gate_ = std::make_unique<GatedStore>(loop_, *store_, config_.store_path,
                                         [this](const Judged& judged) { handle_judged(judged); });
    gate_->set_time_limit(config_.limits.transfer_time);
    follower_ = std::make_unique<Follower>(*gate_, intakes_, config_.limits, seed, names_);
    follower_runner_ = std::make_unique<FollowerRunner>(
        loop_, *follower_, [this](const FollowerEvent& event) { handle_follower_event(event); });
    follower_runner_->set_per_remote(config_.limits.per_remote);
    publisher_ = std::make_unique<Publisher>(*store_, config_.keys, follower_.get(),
                                             config_.limits.transfers_out, names_);
    transfer::NotifyLimits notify;
    notify.per_second = config_.limits.notify_rate;
    announcer_ = std::make_unique<Announcer>(*store_, notify, seed + 1, names_);
    announcer_runner_ = std::make_unique<AnnouncerRunner>(
        loop_, *announcer_, [this](const Announced& event) { handle_announced(event); });
    watch_ = std::make_unique<PeerWatch>(loop_, *store_, events_, config_, seed + 2, names_);
    ns_set_watch_ = std::make_unique<NsSetWatch>(
        loop_, *store_,
        NsSetWatch::Events{
            .on_found =
                [this](const dns::Name& zone, std::vector<config::RemotePtr> servers) {
                    handle_ns_set(zone, std::move(servers));
                },
            .on_unknown =
                [this](const dns::Name& zone, const std::string& why) {
                    events_.record(loop_.now(), zone, Reason::peer_address_unknown,
                                   {.detail = why});
                }});
    verbs_ = std::make_unique<OperatorVerbs>(*this);
    watch_->on_change([this](const dns::Name& zone) { verbs_->handle_change(zone); });
    server_ = std::make_unique<Server>(
        loop_, *publisher_, config_.limits, config_.threads,
        Server::Events{
            .on_transfer_end =
                [this](const ClientSession::TransferEnd& end) { handle_transfer_end(end); },
            .on_transfer_progress =
                [this](const ClientSession::TransferEnd& so_far) {
                    events_.record(loop_.now(), so_far.transfer.zone(), progress_of(so_far));
                },
            .on_turned_away =
                [this](const Endpoint& peer, std::string_view limit) {
                    events_.turned_away(loop_.now(), peer, limit);
                },
            .on_proxy_fault =
                [this](const Endpoint& peer, const std::string& what) {
                    events_.proxy_fault(loop_.now(), peer, what);
                },
            .on_request = [this] { handle_request(); },
            .on_failure = [this](const Error& error) { count_tls_error(metrics_, error); },
            .on_error =
                [this](const Error& error) { log_->server(Level::error, error.detail()); }});
    publisher_->use_cookies({net::random_seed(), net::random_seed()});
    publisher_->set_nsid(config_.nsid);
    server_->set_proxies(config_.proxy_from);
    control_.on(std::string{control::kStatusVerb},
                control::at_once([this](const control::Request& request) {
                    return control::answer_status(request, status());
                }));
}

void Daemon::use_tls(const std::shared_ptr<const TlsContexts>& tls) {
    tls_ = tls;
    follower_runner_->use_tls(tls);
    announcer_runner_->use_tls(tls);
    watch_->use_tls(tls);
    server_->use_tls(tls);
}

// Connections that stand keep the certificate that they began with.
void Daemon::handle_certificates(const Result<std::shared_ptr<const TlsContexts>>& loaded) {
    if (loaded) {
        use_tls(*loaded);
        log_->server(Level::notice, "certificates and keys have changed and are in use");
    } else {
        log_->server(Level::error, fmt::format("certificates and keys have changed and are not "
                                               "taken; those before stay in use: {}",
                                               loaded.error().detail()));
    }
}

void Daemon::add_zone(const config::Zone& zone) {
    const std::uint32_t number = names_->add(zone.name);
    zones_.push_back(number);
    places_.at(number) = static_cast<std::uint32_t>(zones_.size());
    settings_.set(number, zone.settings());
    names_->respell(zone.name);
    store_->configure(zone.name, journal_limits(zone->journal));
    gate_->set_zone(zone);
    publisher_->put_zone(zone.name, rules_.allow_transfer(zone.settings()));
    announcer_->add_zone(zone);
    watch_->add_zone(zone);
    look_for_ns_set(zone);
    hook_runner_->set_zone(zone);
    share(zone);
    if (zone.is_followed() && !is_promoted(zone.name)) {
        follower_->add_zone(loop_.now(), zone);
    }
    handle_zones();
}

void Daemon::handle_zones() {
    if (hooks_.on_zones) {
        hooks_.on_zones();
    }
}

std::optional<config::Zone> Daemon::zone_settings(const dns::Name& zone) const {
    const std::optional<std::size_t> place = place_of(zone);
    return place ? std::optional{zone_at(*place)} : std::nullopt;
}

config::Zone Daemon::zone_at(std::size_t place) const {
    const std::uint32_t number = zones_[place];
    return {dns::Name{names_->name(number)}, settings_[number]};
}

std::vector<config::Zone> Daemon::zones() const {
    std::vector<config::Zone> all;
    all.reserve(zones_.size());
    for (std::size_t place = 0; place < zones_.size(); ++place) {
        all.push_back(zone_at(place));
    }
    return all;
}

// Those of a command line are what `reload` goes by.
void Daemon::forget_written_zones() {
    if (!config_.file.empty()) {
        std::vector<config::Zone>{}.swap(config_.zones);
    }
}

std::optional<std::size_t> Daemon::place_of(dns::NameView zone) const {
    const std::optional<std::uint32_t> number = names_->find(zone);
    return number && places_[*number] != 0 ? std::optional{std::size_t{places_[*number]} - 1}
                                           : std::nullopt;
}

bool Daemon::is_promoted(dns::NameView zone) const {
    const zone::ZoneState* state = store_->find(zone);
    return config_.role == config::Role::secondary && state != nullptr &&
           state->timers.promoted != UnixTime{};
}

void Daemon::set_followed(const dns::Name& zone, bool followed) {
    const std::optional<config::Zone> settings = zone_settings(zone);
    if (!settings || !settings->is_followed()) {
        return;
    }
    if (!followed) {
        follower_->remove_zone(loop_.now(), zone);
    } else if (!follower_->view(loop_.now(), zone)) {
        follower_->add_zone(loop_.now(), *settings);
    }
    follower_runner_->kick();
}

Result<void> Daemon::listen_for_peers() {
    for (const Endpoint& endpoint : config_.listen) {
        if (Result<void> listening = server_->listen(endpoint); !listening) {
            return listening;
        }
        log_->server(Level::info, fmt::format("listening on {}", endpoint.to_text()));
    }
    for (const Endpoint& endpoint : config_.listen_tls) {
        if (Result<void> listening = server_->listen_tls(endpoint); !listening) {
            return listening;
        }
        log_->server(Level::info, fmt::format("listening on {} tls", endpoint.to_text()));
    }
    return {};
}

Result<void> Daemon::listen() {
    if (Result<void> listening = listen_for_peers(); !listening) {
        return listening;
    }
    if (Result<void> listening = listen_web(); !listening || config_.control_socket.empty()) {
        return listening;
    }
    Result<std::unique_ptr<ControlBinding>> binding =
        ControlBinding::listen(loop_, control_, config_.control_socket, config_.control_group);
    if (!binding) {
        return fail(std::move(binding).error());
    }
    control_binding_ = std::move(*binding);
    return {};
}

void Daemon::run() {
    start_sharing();
    watch_->start();
    announcer_->resume_owed(loop_.now());
    announcer_runner_->kick();
    follower_runner_->kick();
    watch_readers();
    tls_watch_.watch(config_);
    notifier_.ready();
    loop_.run();
}

void Daemon::handle_completions() {
    if (!store_) {
        return;
    }
    store_->run_completions();
    follower_->handle_commits(loop_.now());
    follower_runner_->kick();
}

void Daemon::handle_judged(const Judged& judged) {
    count_judged(metrics_, judged);
    for (const Decision& decision : decisions_of(judged)) {
        events_.record(loop_.now(), judged.zone, decision);
    }
    follower_->handle_commits(loop_.now());  // of what was refused
    follower_runner_->kick();
}

void Daemon::handle_released(const dns::Name& zone) {
    refresh(zone);
    if (hooks_.on_released) {
        hooks_.on_released(zone);
    }
}

bool Daemon::is_expired(const dns::Name& zone) const {
    const std::optional<seconds> left = follower_->expires_in(loop_.now(), zone);
    return left && *left <= seconds{0};
}

void Daemon::notify(const dns::Name& zone, std::span<const std::string> remotes) {
    announcer_->notify(loop_.now(), zone, remotes);
    announcer_runner_->kick();
}

bool Daemon::refresh(dns::NameView zone, bool whole) {
    const bool known =
        follower_->refresh(loop_.now(), zone, whole) != Follower::Order::not_followed;
    if (known) {
        follower_runner_->kick();
    }
    if (hooks_.on_refresh) {
        hooks_.on_refresh(dns::Name{zone});
    }
    return known;
}

void Daemon::handle_follower_event(const FollowerEvent& event) {
    events_.record(loop_.now(), event);
    count_event(metrics_, event, *store_);
    verbs_->handle_event(event);
    if (const auto* published = std::get_if<VersionPublished>(&event.what)) {
        handle_published(event.zone, published->version);
    }
    if (const auto* held = std::get_if<VersionHeld>(&event.what)) {
        handle_held(event.zone, held->held);
    }
    if (std::holds_alternative<ZoneExpired>(event.what)) {
        hook_runner_->handle_expired(event.zone, "no primary confirmed it in time");
    }
    if (hooks_.on_event) {
        hooks_.on_event(event);
    }
    if (const auto* round = std::get_if<RoundEnded>(&event.what)) {
        handle_round(event.zone, *round);
    }
}

// That a version waits for an operator is no failure.
void Daemon::handle_round(const dns::Name& zone, const RoundEnded& round) {
    const zone::ZoneHold* hold = store_->hold(zone);
    const bool waits = hold != nullptr && (hold->held || hold->rejected || hold->frozen_since);
    if (!round.error || waits) {
        handle_well(zone, Trouble::source);
    } else {
        handle_trouble(zone, Trouble::source, round.error->detail());
    }
    if (hooks_.on_round) {
        hooks_.on_round(zone, round);
    }
}

void Daemon::handle_trouble(const dns::Name& zone, Trouble trouble, const std::string& reason) {
    hook_runner_->handle_failed(zone, trouble, reason);
}

void Daemon::handle_well(const dns::Name& zone, Trouble trouble) {
    hook_runner_->handle_well(zone, trouble);
}

void Daemon::handle_published(const dns::Name& zone, const zone::Version& version) {
    const Now now = loop_.now();
    watch_->handle_published(zone, version.serial());
    announcer_->handle_published(now, zone, version);
    announcer_runner_->kick();
    if (const std::optional<config::Zone> settings = zone_settings(zone)) {
        look_for_ns_set(*settings);
    }
    hook_runner_->handle_committed(zone, version.serial());
    if (hooks_.on_published) {
        hooks_.on_published(zone, version);
    }
    if (catalogs_ != nullptr) {
        catalogs_->handle_published(zone);
    }
}

// A copy of both: what they are borrowed from moves with each question to the store.
void Daemon::handle_found(const dns::Name& zone, const zone::Version& version) {
    const dns::Name name = zone;          // NOLINT(performance-unnecessary-copy-initialization)
    const zone::Version found = version;  // NOLINT(performance-unnecessary-copy-initialization)
    log_->server(Level::notice,
                 fmt::format("the store is open again; {} serial {} had reached the disk before "
                             "the error and is in service",
                             name.to_text(), found.serial().value()));
    follower_->handle_found(loop_.now(), name);
    if (serves(name)) {
        handle_published(name, found);
    }
}

void Daemon::handle_held(const dns::Name& zone, const zone::HeldVersion& held) {
    const zone::ZoneState* state = store_->find(zone);
    const bool known = state != nullptr && state->version;
    hook_runner_->handle_held(zone, held.version.serial(),
                              held_text(held, known ? state->version->records : 0));
}

void Daemon::handle_announced(const Announced& event) {
    events_.record(loop_.now(), event);
    count_announced(metrics_, event);
    watch_->handle_announced(event);
    verbs_->handle_announced(event);
}

void Daemon::handle_transfer_end(const ClientSession::TransferEnd& end) {
    count_transfer_end(metrics_, end);
    events_.record(loop_.now(), end);
    watch_->handle_transfer_end(end);
}

void Daemon::handle_request() {
    for (const Refusal& refusal : publisher_->take_refusals()) {
        events_.record(loop_.now(), refusal);
        count_refusal(metrics_, refusal);
    }
    for (const Contact& contact : publisher_->take_contacts()) {
        watch_->handle_contact(contact);
    }
    if (const std::unique_ptr<OutgoingTransfer> sent = publisher_->take_datagram()) {
        handle_transfer_end(
            {.transfer = *sent, .sent = sent->sent(), .took = Duration{0}, .error = {}});
    }
    follower_runner_->kick();
}

void Daemon::handle_signal(net::Signal signal) {
    switch (signal) {
        case net::Signal::terminate:
        case net::Signal::interrupt:
            log_->server(Level::info, "stopping");
            notifier_.stopping();
            if (hooks_.on_stop) {
                hooks_.on_stop();
            }
            stop_sharing();
            return;
        case net::Signal::user1:
            if (const Result<void> reopened = log_->reopen(); !reopened) {
                log_->server(Level::error, reopened.error().detail());
            }
            return;
        case net::Signal::hangup:
            if (on_hangup_) {
                on_hangup_();
            }
            return;
    }
}

// Slots of readers that died are freed, so that their old pages may be used again.
void Daemon::watch_readers() {
    reader_timer_.arm_after(minutes{1}, [this] {
        const std::uint32_t freed = store_->check_readers();
        if (freed > 0) {
            log_->server(Level::notice,
                         fmt::format("{} stale readers of the store were cleared", freed));
        }
        watch_readers();
    });
}

}  // namespace twinzone::service
