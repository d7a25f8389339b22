#include "common/service/ns_set_watch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace twinzone::service {

namespace {

constexpr std::size_t kAtOneTime = 4;
constexpr std::uint16_t kDnsPort = 53;

// A resolver that is away, or a name that is not there yet.
constexpr Duration kLookAgain = seconds{300};

}  // namespace

struct NsSetWatch::Search {
    dns::Name zone;
    std::vector<NameServer> servers{};
    std::size_t awaited = 0;  // answers of the resolver
    bool lacks_some = false;
};

NsSetWatch::NsSetWatch(net::Loop& loop, zone::VersionStore& store, Events events)
    : loop_(loop), store_(store), events_(std::move(events)), resolver_(loop), again_timer_(loop) {}

NsSetWatch::~NsSetWatch() {
    *alive_ = false;
}

void NsSetWatch::look(const dns::Name& zone) {
    newest_[zone] = 0;  // what is under way is of an older version
    if (std::find(waiting_.begin(), waiting_.end(), zone) == waiting_.end()) {
        waiting_.push_back(zone);
    }
    start_waiting();
}

void NsSetWatch::forget(const dns::Name& zone) {
    newest_.erase(zone);
    std::erase(waiting_, zone);
    std::erase(again_, zone);
}

void NsSetWatch::start_waiting() {
    while (!waiting_.empty() && running_.size() < kAtOneTime) {
        const dns::Name zone = waiting_.front();
        waiting_.pop_front();
        const Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(zone);
        if (!snapshot) {
            continue;  // its first version will be looked at
        }
        const std::uint64_t number = ++last_;
        newest_[zone] = number;
        running_.emplace(number, Search{.zone = zone});
        const auto read = std::make_shared<std::optional<Result<std::vector<NameServer>>>>();
        loop_.work([read, held = *snapshot] { *read = read_ns_set(*held); },
                   [this, number, read, alive = alive_] {
                       if (*alive) {
                           handle_read(number, std::move(**read));
                       }
                   });
    }
}

void NsSetWatch::handle_read(std::uint64_t number, Result<std::vector<NameServer>> servers) {
    Search& search = running_.at(number);
    if (!servers) {
        events_.on_unknown(search.zone, servers.error().detail());
        running_.erase(number);
        start_waiting();
        return;
    }
    search.servers = *std::move(servers);
    search.awaited = 1;  // until all are asked for
    for (std::size_t i = 0; i < search.servers.size(); ++i) {
        if (search.servers[i].addresses.empty()) {
            ++search.awaited;
            resolver_.resolve(search.servers[i].name.to_text(),
                              [this, number, i](const net::Resolver::Addresses& addresses) {
                                  handle_resolved(number, i, addresses);
                              });
        }
    }
    if (--search.awaited == 0) {
        finish(number);
    }
}

void NsSetWatch::handle_resolved(std::uint64_t number, std::size_t server,
                                 const net::Resolver::Addresses& addresses) {
    Search& search = running_.at(number);
    NameServer& found = search.servers[server];
    if (addresses) {
        found.addresses = *addresses;
    } else {
        search.lacks_some = true;
        if (newest_.contains(search.zone) && newest_.at(search.zone) == number) {
            events_.on_unknown(search.zone,
                               fmt::format("no address of {}: {}", found.name.to_text(),
                                           addresses.error().detail()));
        }
    }
    if (--search.awaited == 0) {
        finish(number);
    }
}

void NsSetWatch::finish(std::uint64_t number) {
    auto node = running_.extract(number);
    const Search& search = node.mapped();
    const auto newest = newest_.find(search.zone);
    if (newest != newest_.end() && newest->second == number) {
        std::vector<config::RemotePtr> remotes;
        remotes.reserve(search.servers.size());
        for (const NameServer& server : search.servers) {
            config::Remote remote;
            remote.name = fmt::format("ns:{}", server.name.to_text());
            remote.addresses.reserve(server.addresses.size());
            for (const IpAddress& address : server.addresses) {
                remote.addresses.push_back({address, kDnsPort});
            }
            if (!remote.addresses.empty()) {
                remotes.push_back(std::make_shared<config::Remote>(std::move(remote)));
            }
        }
        if (search.lacks_some) {
            again_.push_back(search.zone);
            again_timer_.arm_after(kLookAgain, [this] {
                for (const dns::Name& zone : std::exchange(again_, {})) {
                    look(zone);
                }
            });
        }
        events_.on_found(search.zone, std::move(remotes));
    }
    start_waiting();
}

}  // namespace twinzone::service
