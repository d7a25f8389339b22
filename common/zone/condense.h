// Several differences made one (RFC 1995 §6): what a secondary that is many versions behind gets.
#pragma once

#include <span>

#include "common/base/result.h"
#include "common/zone/diff.h"

namespace twinzone::zone {

// One difference with the same effect as the chain: a record added and later removed vanishes, one
// that came back unchanged too. Requires: not empty; each difference exact (what it adds was not
// there), as the journal keeps them. Errc::transfer_diverged where the chain has a gap: a
// difference does not begin with the SOA with which the one before ends.
[[nodiscard]] Result<Diff> condense(std::span<const Diff> chain);

}  // namespace twinzone::zone
