#include "common/transfer/access_rules.h"

#include <algorithm>

namespace twinzone::transfer {

namespace {

// By name and algorithm and not by address of the object: a reload of the configuration makes new
// key objects, and the signature was checked with the key of this name.
bool same_key(const dns::TsigKeyPtr& wanted, const dns::TsigKeyPtr& used) noexcept {
    return used != nullptr && (used == wanted || (used->name() == wanted->name() &&
                                                  used->algorithm() == wanted->algorithm()));
}

bool matches(const AccessRule& rule, const Peer& peer) noexcept {
    const bool address = rule.addresses.empty() ||
                         std::any_of(rule.addresses.begin(), rule.addresses.end(),
                                     [&](const IpPrefix& p) { return p.contains(peer.address); });
    const bool identity =
        rule.identity.empty() || std::find(peer.identities.begin(), peer.identities.end(),
                                           rule.identity) != peer.identities.end();
    return address && identity && (peer.over_tls || !rule.tls_only) &&
           (rule.key == nullptr || same_key(rule.key, peer.key));
}

}  // namespace

bool AccessRules::allows(const Peer& peer) const noexcept {
    return rules_ && std::any_of(rules_->begin(), rules_->end(),
                                 [&](const AccessRule& rule) { return matches(rule, peer); });
}

}  // namespace twinzone::transfer
