// What there is to say about a catalog, in words.
#pragma once

#include <string>

#include "common/zone/membership.h"

namespace twinzone::service {

// Requires: view.clash_count > 0.
[[nodiscard]] std::string clash_text(const zone::MembershipBook::View& view);

// Requires: view.removals > 0.
[[nodiscard]] std::string held_text(const zone::MembershipBook::View& view);

}  // namespace twinzone::service
