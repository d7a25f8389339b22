// What a running daemon takes of a new configuration; zones come, go and change.

#include <fmt/format.h>

#include "common/service/access.h"
#include "common/service/daemon.h"
#include "common/service/daemon_settings.h"
#include "common/service/listener_moves.h"

namespace twinzone::service {

namespace {

using observe::Level;

// The client that asked for the reload may have come by the old socket.
constexpr Duration kOldSocketStays = seconds{2};

// What cannot change while we run stays as it is, and is told.
std::string keep_fixed(const config::Config& now, config::Config& next) {
    std::string notices;
    const auto fixed = [&notices](const char* key, auto& ours, auto& wanted) {
        if (ours != wanted) {
            notices += fmt::format("; {} takes effect with the next start", key);
            wanted = ours;
        }
    };
    fixed("server.user", now.user, next.user);
    fixed("server.threads", now.threads, next.threads);
    fixed("store.path", now.store_path, next.store_path);
    fixed("store.max-size", now.store_max_bytes, next.store_max_bytes);
    fixed("store.shared", now.shared, next.shared);
    if (now.control_socket == next.control_socket) {
        fixed("control.group", now.control_group, next.control_group);
    }
    return notices;
}

}  // namespace

Listening Daemon::peer_listening() {
    return {.open = [this](const Endpoint& at) { return server_->listen(at); },
            .close = [this](const Endpoint& at) { server_->close(at); }};
}

Listening Daemon::tls_listening() {
    return {.open = [this](const Endpoint& at) { return server_->listen_tls(at); },
            .close = [this](const Endpoint& at) { server_->close_tls(at); }};
}

Listening Daemon::web_listening() {
    return {.open =
                [this](const Endpoint& at) {
                    start_web();
                    return web_->listen(at);
                },
            .close = [this](const Endpoint& at) { web_->close(at); }};
}

// All or none.
Result<void> Daemon::move_sockets(const config::Config& from, const config::Config& to) {
    if (Result<void> moved = move_listeners(from.listen, to.listen, peer_listening()); !moved) {
        return moved;
    }
    if (Result<void> moved = move_listeners(from.listen_tls, to.listen_tls, tls_listening());
        !moved) {
        static_cast<void>(move_listeners(to.listen, from.listen, peer_listening()).has_value());
        return moved;
    }
    Result<void> moved = move_listeners(from.web, to.web, web_listening());
    if (!moved) {
        static_cast<void>(move_listeners(to.listen, from.listen, peer_listening()).has_value());
        static_cast<void>(
            move_listeners(to.listen_tls, from.listen_tls, tls_listening()).has_value());
    }
    return moved;
}

Result<void> Daemon::move_control(const config::Config& next) {
    if (next.control_socket == config_.control_socket || next.control_socket.empty()) {
        return {};
    }
    Result<std::unique_ptr<ControlBinding>> binding =
        ControlBinding::listen(loop_, control_, next.control_socket, next.control_group);
    if (!binding) {
        return fail(std::move(binding).error());
    }
    old_control_ = std::exchange(control_binding_, std::move(*binding));
    old_control_timer_.arm_after(kOldSocketStays, [this] { old_control_.reset(); });
    return {};
}

Result<std::string> Daemon::apply(config::Config next,
                                  const std::shared_ptr<const TlsContexts>& tls) {
    std::string notices = keep_fixed(config_, next);
    if (Result<void> logging = log_->apply(log_settings(next)); !logging) {
        return fail(std::move(logging).error());
    }
    const std::shared_ptr<const TlsContexts> old_tls = tls_;
    use_tls(tls);  // before a socket that needs it
    Result<void> moved = move_control(next);
    if (moved) {
        moved = move_sockets(config_, next);
        if (!moved && next.control_socket != config_.control_socket) {
            control_binding_ = std::move(old_control_);
        }
    }
    if (!moved) {
        use_tls(old_tls);
        static_cast<void>(log_->apply(log_settings(config_)).has_value());
        return fail(std::move(moved).error());
    }
    publisher_->set_keys(next.keys);
    publisher_->set_max_transfers(next.limits.transfers_out);
    follower_->set_limits(next.limits);
    follower_runner_->set_per_remote(next.limits.per_remote);
    gate_->set_time_limit(next.limits.transfer_time);
    announcer_->set_rate(next.limits.notify_rate);
    server_->set_limits(next.limits);
    server_->set_proxies(next.proxy_from);
    publisher_->set_nsid(next.nsid);
    watch_->set_remotes(next.remotes);
    config_ = std::move(next);
    tls_watch_.watch(config_);
    follower_runner_->kick();
    return notices;
}

void Daemon::put_zone(const config::Zone& zone) {
    const std::optional<std::size_t> place = place_of(zone.name);
    if (!place) {
        add_zone(zone);
        watch_->put_zone(zone);
        follower_runner_->kick();
        return;
    }
    settings_.set(zones_[*place], zone.settings());
    names_->respell(zone.name);
    store_->configure(zone.name, journal_limits(zone->journal));
    gate_->set_zone(zone);
    publisher_->put_zone(zone.name, rules_.allow_transfer(zone.settings()));
    announcer_->put_zone(loop_.now(), with_ns_set(zone));
    watch_->put_zone(with_ns_set(zone));
    look_for_ns_set(zone);
    hook_runner_->set_zone(zone);
    if (zone.is_followed() && !is_promoted(zone.name)) {
        follower_->put_zone(loop_.now(), zone);
    } else {
        follower_->remove_zone(loop_.now(), zone.name);
    }
    announcer_runner_->kick();
    follower_runner_->kick();
    handle_zones();
}

// Its content stays in the store, unserved, and is there again should the zone come back.
void Daemon::remove_zone(const dns::Name& zone) {
    const std::optional<std::size_t> place = place_of(zone);
    if (!place) {
        return;
    }
    publisher_->remove_zone(zone);
    follower_->remove_zone(loop_.now(), zone);
    announcer_->remove_zone(zone);
    watch_->remove_zone(zone);
    ns_set_watch_->forget(zone);
    ns_sets_.erase(zone);
    hook_runner_->remove_zone(zone);
    verbs_->handle_removed(zone);
    events_.forget(zone);
    store_->configure(zone, {});
    gate_->remove_zone(zone);
    settings_.set(zones_[*place], nullptr);
    places_.at(zones_[*place]) = 0;
    if (*place + 1 != zones_.size()) {
        zones_[*place] = zones_.back();
        places_.at(zones_[*place]) = static_cast<std::uint32_t>(*place + 1);
    }
    zones_.pop_back();
    log_->zone(Level::notice, zone.to_text(), "no longer configured: served no more");
    announcer_runner_->kick();
    follower_runner_->kick();
    handle_zones();
}

std::vector<dns::Name> Daemon::zone_names() const {
    std::vector<dns::Name> names;
    names.reserve(zones_.size());
    for (const std::uint32_t zone : zones_) {
        names.emplace_back(names_->name(zone));
    }
    return names;
}

}  // namespace twinzone::service
