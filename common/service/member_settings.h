// Members of catalogs as zones of ours: what their template and their catalog say of them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/config/config.h"
#include "common/zone/membership.h"

namespace twinzone::service {

// Remembers the remotes that catalogs name, which many members share. Not thread-safe.
class MemberSettings {
  public:
    // Errc::limit where no file could have the zone's name. Requires: `catalog` is a consumer of
    // `config`.
    [[nodiscard]] Result<config::Zone> of(const config::Config& config,
                                          const config::Catalog& catalog,
                                          const zone::Membership& membership);

    // What is wrong with primaries that catalogs name, each told once.
    [[nodiscard]] std::vector<std::string> take_problems() { return std::exchange(problems_, {}); }

  private:
    [[nodiscard]] config::RemotePtr remote(const config::Config& config,
                                           const zone::CatalogPrimary& primary);

    std::map<std::pair<std::string, std::string>, config::RemotePtr> remotes_;  // address, key
    std::vector<std::string> problems_;
};

// The catalogs whose members become zones of ours.
[[nodiscard]] std::vector<config::Catalog> consumed_catalogs(const config::Config& config);

// Their rules, as the book takes them.
[[nodiscard]] std::vector<zone::CatalogRules> rules_of(
    const std::vector<config::Catalog>& catalogs);

// Where members are kept.
[[nodiscard]] std::string members_file(const config::Config& config);

// The members as a daemon or a sync left them: for verbs that work without one. Empty where there
// are none or the file is damaged. Blocking.
[[nodiscard]] std::vector<config::Zone> saved_members(const config::Config& config);

}  // namespace twinzone::service
