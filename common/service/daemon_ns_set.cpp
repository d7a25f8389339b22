// `notify: [ns-set]`: the name servers that a zone itself names are told, and watched, like
// remotes.

#include <algorithm>
#include <utility>
#include <vector>

#include "common/net/bind_probe.h"
#include "common/service/daemon.h"

namespace twinzone::service {

namespace {

bool shares_address(const config::Remote& a, const config::Remote& b) {
    return std::any_of(a.addresses.begin(), a.addresses.end(), [&](const Endpoint& one) {
        return std::any_of(b.addresses.begin(), b.addresses.end(),
                           [&](const Endpoint& other) { return one.address == other.address; });
    });
}

bool is_any(const IpAddress& address) {
    return address == IpAddress::v4({}) || address == IpAddress::v6({});
}

// Whether one of our own listeners would hear what goes there.
bool is_ours(const Endpoint& server, const std::vector<Endpoint>& listen) {
    return std::any_of(listen.begin(), listen.end(), [&](const Endpoint& ours) {
        return ours.port == server.port &&
               (ours.address == server.address ||
                (is_any(ours.address) &&
                 net::probe_bind({server.address, 0}, net::BindTransport::udp) == 0));
    });
}

bool are_same(const std::vector<config::RemotePtr>& a, const std::vector<config::RemotePtr>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const config::RemotePtr& one, const config::RemotePtr& other) {
                          return one->name == other->name && one->addresses == other->addresses;
                      });
}

}  // namespace

config::Zone Daemon::with_ns_set(const config::Zone& zone) const {
    config::Zone told = zone;
    const auto found = ns_sets_.find(zone.name);
    if (zone->notify_ns_set && found != ns_sets_.end()) {
        std::vector<config::RemotePtr>& notify = told.edit().notify;
        notify.insert(notify.end(), found->second.begin(), found->second.end());
    }
    return told;
}

void Daemon::look_for_ns_set(const config::Zone& zone) {
    if (zone->notify_ns_set) {
        ns_set_watch_->look(zone.name);
    } else {
        ns_set_watch_->forget(zone.name);
        ns_sets_.erase(zone.name);
    }
}

// Those who are configured are told as they are configured, and we need not tell ourselves.
void Daemon::handle_ns_set(const dns::Name& zone, std::vector<config::RemotePtr> servers) {
    const std::optional<config::Zone> settings = zone_settings(zone);
    if (!settings || !(*settings)->notify_ns_set) {
        return;
    }
    std::erase_if(servers, [&](const config::RemotePtr& server) {
        const std::vector<config::RemotePtr>& known = (*settings)->notify;
        return std::any_of(known.begin(), known.end(),
                           [&](const config::RemotePtr& remote) {
                               return shares_address(*server, *remote);
                           }) ||
               std::any_of(server->addresses.begin(), server->addresses.end(),
                           [&](const Endpoint& at) { return is_ours(at, config_.listen); });
    });
    std::vector<config::RemotePtr>& before = ns_sets_[zone];
    if (are_same(before, servers)) {
        return;
    }
    before = std::move(servers);
    const config::Zone told = with_ns_set(*settings);
    announcer_->put_zone(loop_.now(), told);  // tells those that are new
    watch_->put_zone(told);
    announcer_runner_->kick();
}

}  // namespace twinzone::service
