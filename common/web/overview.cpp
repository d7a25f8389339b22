#include "common/web/overview.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <tuple>

namespace twinzone::web {

namespace {

using control::ZoneState;
using control::ZoneStatus;

char lower(char c) noexcept {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool contains(std::string_view text, std::string_view lower_part) {
    const auto found = std::search(text.begin(), text.end(), lower_part.begin(), lower_part.end(),
                                   [](char have, char wanted) { return lower(have) == wanted; });
    return found != text.end() || lower_part.empty();
}

// The worst first.
int rank(const ZoneStatus& zone) {
    switch (zone.state) {
        case ZoneState::expired: return 0;
        case ZoneState::failed: return 1;
        case ZoneState::held: return 2;
        case ZoneState::stale: return 3;
        case ZoneState::frozen: return 5;
        case ZoneState::loading: return 6;
        case ZoneState::transferring: return has_peer_behind(zone) ? 4 : 7;
        case ZoneState::current: return has_peer_behind(zone) ? 4 : 8;
    }
    return 8;
}

seconds worst_lag(const ZoneStatus& zone) {
    seconds worst = zone.lag.value_or(seconds{0});
    for (const control::PeerStatus& peer : zone.peers) {
        if (!is_named(peer)) {
            continue;
        }
        worst = std::max(worst, peer.lag.value_or(seconds{0}));
    }
    return worst;
}

bool is_asked_for(const ZoneStatus& zone, const OverviewQuery& query, std::string_view lower_text) {
    if (query.state == "problems" && !needs_attention(zone.state) && !has_peer_behind(zone)) {
        return false;
    }
    if (query.state == "behind" && !has_peer_behind(zone)) {
        return false;
    }
    const auto state = control::zone_state_from_text(query.state);
    return (!state || zone.state == *state) && contains(zone.zone, lower_text);
}

struct Row {
    int rank = 0;
    seconds lag{0};
    const ZoneStatus* zone = nullptr;
};

bool comes_before(const Row& a, const Row& b) {
    return std::make_tuple(a.rank, -a.lag, std::string_view{a.zone->zone}) <
           std::make_tuple(b.rank, -b.lag, std::string_view{b.zone->zone});
}

// Sorts as much as the page shows.
void take_page(std::vector<Row>& rows, Overview& out) {
    const std::size_t first = (out.page - 1) * kZonesPerPage;
    const std::size_t last = std::min(first + kZonesPerPage, rows.size());
    std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(last), rows.end(),
                      comes_before);
    for (std::size_t i = first; i < last; ++i) {
        out.rows.push_back(rows[i].zone);
    }
}

}  // namespace

bool has_peer_behind(const ZoneStatus& zone) {
    return std::any_of(zone.peers.begin(), zone.peers.end(), [](const control::PeerStatus& peer) {
        return is_named(peer) && peer.lag && *peer.lag > seconds{0};
    });
}

Overview overview_of(const Facts& facts, const OverviewQuery& query) {
    Overview out;
    std::string text = query.text;
    std::transform(text.begin(), text.end(), text.begin(), lower);
    std::vector<Row> rows;
    for (const ZoneStatus& zone : facts.status.zones) {
        ++out.by_state[static_cast<std::size_t>(zone.state)];
        const bool attention = needs_attention(zone.state);
        out.need_attention += attention ? 1 : 0;
        out.behind += !attention && has_peer_behind(zone) ? 1 : 0;
        if (is_asked_for(zone, query, text)) {
            rows.push_back({.rank = rank(zone), .lag = worst_lag(zone), .zone = &zone});
        }
    }
    out.matches = rows.size();
    out.pages = std::max<std::size_t>(1, (rows.size() + kZonesPerPage - 1) / kZonesPerPage);
    out.page = std::clamp<std::size_t>(query.page, 1, out.pages);
    take_page(rows, out);
    return out;
}

}  // namespace twinzone::web
