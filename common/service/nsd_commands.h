// The members of a catalog as commands for a server without catalogs: NSD's `nsd-control`.
#pragma once

#include <string>

#include "common/zone/catalog.h"

namespace twinzone::service {

// The pattern of members without a group, as in the README.
inline constexpr std::string_view kNsdPattern = "twinzone";

// Commands for a shell, one a line, that lead from the members of `before` (null: none) to those of
// `after`: "nsd-control addzone example.test twinzone". The pattern is a member's first group. What
// catalogs say comes from outside: everything is quoted that a shell might read otherwise.
[[nodiscard]] std::string nsd_commands(const zone::CatalogContent* before,
                                       const zone::CatalogContent& after);

}  // namespace twinzone::service
