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

transfer::AccessRules SharedRules::allow_transfer(const config::SettingsPtr& settings) {
    Made& made = made_[settings.get()];
    if (made.of.lock() != settings) {
        made = {.of = settings, .rules = access_rules(settings->allow_transfer)};
    }
    transfer::AccessRules rules = made.rules;
    if (made_.size() >= look_at_) {
        std::erase_if(made_, [](const auto& each) { return each.second.of.expired(); });
        look_at_ = made_.size() * 2 + 64;
    }
    return rules;
}

}  // namespace twinzone::service
