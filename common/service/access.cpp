#include "common/service/access.h"

namespace twinzone::service {

transfer::AccessRules access_rules(const std::vector<config::AccessRule>& configured) {
    std::vector<transfer::AccessRule> rules;
    rules.reserve(configured.size());
    for (const config::AccessRule& rule : configured) {
        rules.push_back({.addresses = rule.addresses,
                         .key = rule.key,
                         .tls_only = rule.tls != nullptr,
                         .identity = rule.tls && rule.tls->names_client() ? rule.tls->name : ""});
    }
    return transfer::AccessRules{std::move(rules)};
}

}  // namespace twinzone::service
