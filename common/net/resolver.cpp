#include "common/net/resolver.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <netdb.h>

#include "common/net/socket_address.h"

namespace twinzone::net {

namespace {

constexpr unsigned kThreads = 2;
constexpr std::size_t kMaxKnown = 10'000;

Resolver::Addresses look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;  // each address once
    addrinfo* found = nullptr;
    if (const int status = getaddrinfo(host.c_str(), nullptr, &hints, &found); status != 0) {
        return fail(Errc::not_found, gai_strerror(status));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list{found, &freeaddrinfo};
    std::vector<IpAddress> addresses;
    for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
        const IpAddress address = endpoint_of(each->ai_addr).address;
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
            addresses.push_back(address);
        }
    }
    if (addresses.empty()) {
        return fail(Errc::not_found, "no address");
    }
    return addresses;
}

// With the closing dot no domain is searched; without it the hosts file is read.
Resolver::Addresses look_up_both(const std::string& host) {
    const std::string plain = host.substr(0, host.find_last_not_of('.') + 1);
    Resolver::Addresses found = look_up(plain + '.');
    return found ? std::move(found) : look_up(plain);
}

}  // namespace

// What loop and threads share. `tell` is null once the resolver is gone.
struct Resolver::Shared {
    std::mutex mutex;
    std::function<void(std::string host, Addresses addresses)> tell;
    std::deque<std::string> waiting;
    unsigned threads = 0;
};

Resolver::Resolver(Loop& loop) : loop_(loop), shared_(std::make_shared<Shared>()) {
    shared_->tell = [this, weak = std::weak_ptr<Shared>{shared_}](std::string host,
                                                                  Addresses addresses) {
        loop_.post([this, weak, name = std::move(host), found = std::move(addresses)] {
            const std::shared_ptr<Shared> shared = weak.lock();
            if (shared && shared->tell) {  // set and taken away on this thread only
                finish(name, found);
            }
        });
    };
}

Resolver::~Resolver() {
    const std::lock_guard lock{shared_->mutex};
    shared_->tell = nullptr;
    shared_->waiting.clear();
}

void Resolver::resolve(const std::string& host, Done done) {
    const Instant now = loop_.now().instant;
    const auto known = known_.find(host);
    const bool is_known = known != known_.end() && now - known->second.at < kResolvedMemory;
    std::vector<Done>& waiting = asked_[host];
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) {
        return;
    }
    const std::lock_guard lock{shared_->mutex};
    if (is_known) {
        loop_.post([this, host, weak = std::weak_ptr<Shared>{shared_},
                    addresses = known->second.addresses] {
            const std::shared_ptr<Shared> shared = weak.lock();
            if (shared && shared->tell) {
                tell(host, addresses);
            }
        });
        return;
    }
    shared_->waiting.push_back(host);
    if (shared_->threads == kThreads) {
        return;
    }
    const auto run = [shared = shared_] {
        std::unique_lock held{shared->mutex};
        while (!shared->waiting.empty()) {
            const std::string next = std::move(shared->waiting.front());
            shared->waiting.pop_front();
            held.unlock();
            Addresses found = look_up_both(next);
            held.lock();
            if (shared->tell) {
                shared->tell(next, std::move(found));
            }
        }
        --shared->threads;
    };
    try {
        std::thread{run}.detach();
        ++shared_->threads;
    } catch (const std::system_error& error) {
        if (shared_->threads == 0) {  // nobody will come for it
            shared_->waiting.clear();
            shared_->tell(host, fail(Errc::network, error.what()));
        }
    }
}

void Resolver::finish(const std::string& host, const Addresses& addresses) {
    if (known_.size() >= kMaxKnown) {
        known_.clear();
    }
    known_.insert_or_assign(host, Known{.at = loop_.now().instant, .addresses = addresses});
    tell(host, addresses);  // last: anything may happen in it
}

void Resolver::tell(const std::string& host, const Addresses& addresses) {
    auto node = asked_.extract(host);
    if (node.empty()) {
        return;
    }
    for (const Done& done : node.mapped()) {
        done(addresses);
    }
}

}  // namespace twinzone::net
