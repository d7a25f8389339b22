// Whether a difference may be applied to a version at all: what can be said before any page is
// read.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/zone/diff.h"
#include "common/zone/version.h"

namespace twinzone::zone {

// Errc::transfer_diverged where it begins at another SOA or changes nothing; transfer_malformed for
// a SOA among its records; limit for a record that is too large. Requires: lists in canonical
// order, no record twice.
[[nodiscard]] Result<void> check_fit(const Diff& diff, const Version& version);

// A record in words, for error text: "www.example. A \\# 4 c0000201", rdata cut after 32 octets.
[[nodiscard]] std::string describe(const dns::RecordView& record);

}  // namespace twinzone::zone
