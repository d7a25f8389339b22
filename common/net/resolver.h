// Addresses of host names, as the system's resolver finds them (getaddrinfo: hosts file and DNS).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/net/loop.h"

namespace twinzone::net {

// What was found is good for so long: many ask for the same names.
inline constexpr seconds kResolvedMemory{60};

// Loop thread only; the loop outlives it. Asks on threads of its own: getaddrinfo may wait for many
// seconds and cannot be ended, and neither libuv's pool nor the end of the process may wait for it.
class Resolver {
  public:
    using Addresses = Result<std::vector<IpAddress>>;
    using Done = std::function<void(const Addresses&)>;

    explicit Resolver(Loop& loop);
    // What is still asked for is told nobody any more.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // `host`: absolute, with or without the closing dot. `done` is called once, never from within
    // resolve(): with at least one address, or Errc::not_found with the resolver's words.
    void resolve(const std::string& host, Done done);

  private:
    struct Shared;
    struct Known {
        Instant at;
        Addresses addresses;
    };

    void finish(const std::string& host, const Addresses& addresses);
    void tell(const std::string& host, const Addresses& addresses);

    Loop& loop_;
    std::shared_ptr<Shared> shared_;  // with the threads
    std::map<std::string, std::vector<Done>> asked_;
    std::map<std::string, Known> known_;
};

}  // namespace twinzone::net
