// What a zone is that comes at run time, as the member of a catalog: its template's settings with
// its own name.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"

namespace twinzone::config {

// What a catalog says of a member.
struct MemberProperties {
    std::span<const std::string> groups;  // the first that is a template's name is its template
    std::vector<RemotePtr> primaries;     // empty: the template's, or else the catalog's
};

// Errc::limit where no file could have the zone's name. Requires: `catalog` is a consumer of
// `config`.
[[nodiscard]] Result<Zone> member_zone(const Config& config, const Catalog& catalog,
                                       const dns::Name& name, const MemberProperties& properties);

// The template a member starts from.
[[nodiscard]] const Template& member_template(const Config& config, const Catalog& catalog,
                                              std::span<const std::string> groups);

}  // namespace twinzone::config
