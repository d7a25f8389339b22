// The tables of the shared history, all in the schema `twinzone`, and how they came to be: numbered
// migrations, each applied once, in order, in one transaction with the note that it was.
//
//   lease      one row: who writes, by which token, until when; the last sequence that was given
//   zone       the newest version of each zone: number within the zone, sequence among all
//   version    every version that is kept: from what to what (serial and digest), and its pages
//   snapshot   the whole content of one version of each zone: where a primary starts that is not
//              within the versions that are kept
//   blob, page runs of pages (zone/page.h), a row each; versions and snapshots name their run
//
// A fork cannot be written: append() holds the lease's row while it writes, demands its token, that
// it has not ended by PostgreSQL's clock, and that each version begins at what the zone has; and a
// zone's numbers are unique.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace twinzone::shared {

// In order; the first is number 1. Plain SQL of several statements.
[[nodiscard]] std::span<const std::string_view> migrations() noexcept;

// One text that applies migration `number` and notes it, all or nothing. Requires: there is one.
[[nodiscard]] std::string migration_text(std::size_t number);

// SQLSTATEs of append().
inline constexpr std::string_view kNotTheLeader = "TZ001";
inline constexpr std::string_view kOtherHistory = "TZ002";

// What NOTIFY is sent on.
inline constexpr std::string_view kChannel = "twinzone";

}  // namespace twinzone::shared
