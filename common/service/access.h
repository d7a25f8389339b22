// Access rules as configured, in the form the cores decide by.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"
#include "common/transfer/access_rules.h"

namespace twinzone::service {

[[nodiscard]] transfer::AccessRules access_rules(const std::vector<config::AccessRule>& configured);

// The rules of settings that many zones share, made once. Not thread-safe.
class SharedRules {
  public:
    [[nodiscard]] transfer::AccessRules allow_transfer(const config::SettingsPtr& settings);

  private:
    struct Made {
        std::weak_ptr<const config::ZoneSettings> of;
        transfer::AccessRules rules;
    };
    std::unordered_map<const config::ZoneSettings*, Made> made_;
    std::size_t look_at_ = 64;  // entries, then those of settings that are gone are dropped
};

}  // namespace twinzone::service
