// Who may do something with a zone: take it (AXFR, IXFR over TCP and UDP alike) or send a NOTIFY
// for it. One function decides for all of them. Default deny. RFC 5936 §5.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/ip_address.h"
#include "common/dns/tsig.h"

namespace twinzone::transfer {

// Who asks, after TSIG was checked.
struct Peer {
    IpAddress address;
    dns::TsigKeyPtr key;  // the key of a valid signature; null: unsigned
    bool over_tls = false;
    std::vector<std::string> identities{};  // that its TLS certificate satisfies
};

// All conditions that are set must hold (never address *or* key). A rule without any condition lets
// everybody in: the operator wrote so.
struct AccessRule {
    std::vector<IpPrefix> addresses;  // one of them; empty: any address
    dns::TsigKeyPtr key;              // this key, by name and algorithm; null: signed or not
    bool tls_only = false;
    std::string identity{};  // the certificate it must show; empty: none is wanted
};

// Immutable; copies share it. An empty list allows nobody.
class AccessRules {
  public:
    AccessRules() = default;
    explicit AccessRules(std::vector<AccessRule> rules)
        : rules_(std::make_shared<const std::vector<AccessRule>>(std::move(rules))) {}
    // Null: none.
    explicit AccessRules(std::shared_ptr<const std::vector<AccessRule>> rules) noexcept
        : rules_(std::move(rules)) {}

    [[nodiscard]] bool allows(const Peer& peer) const noexcept;
    [[nodiscard]] bool empty() const noexcept { return !rules_ || rules_->empty(); }
    [[nodiscard]] const std::shared_ptr<const std::vector<AccessRule>>& shared() const noexcept {
        return rules_;
    }

  private:
    std::shared_ptr<const std::vector<AccessRule>> rules_;  // null: none
};

}  // namespace twinzone::transfer
