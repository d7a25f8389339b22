// Which zones the page at "/" shows, and in what order: problems first.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "common/web/facts.h"

namespace twinzone::web {

inline constexpr std::size_t kZonesPerPage = 100;

// What was asked for; anything may stand in it.
struct OverviewQuery {
    std::string text;   // part of a name, any case; empty: all
    std::string state;  // a state, "problems", "behind"; anything else: all
    std::size_t page = 1;
    unsigned refresh = 0;
};

// True where the zone is as it should be but a peer lacks its newest version.
[[nodiscard]] bool has_peer_behind(const control::ZoneStatus& zone);

struct Overview {
    std::vector<const control::ZoneStatus*> rows;  // of this page
    std::size_t matches = 0;                       // of all pages
    std::size_t page = 1;                          // the last one where a later one was asked for
    std::size_t pages = 1;
    std::array<std::size_t, 8> by_state{};  // of all zones, matching or not
    std::size_t need_attention = 0;
    std::size_t behind = 0;  // of the others: a peer is behind
};

// Borrows from `facts`.
[[nodiscard]] Overview overview_of(const Facts& facts, const OverviewQuery& query);

}  // namespace twinzone::web
