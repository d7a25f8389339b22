#include "common/web/overview_page.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/control/status_table.h"
#include "common/web/frame.h"
#include "common/web/metrics_text.h"
#include "common/web/sparkline.h"

namespace twinzone::web {

namespace {

using control::PeerStatus;
using control::ZoneState;
using control::ZoneStatus;

// The worst first, as the rows.
constexpr std::array kStates = {ZoneState::expired,      ZoneState::failed, ZoneState::held,
                                ZoneState::stale,        ZoneState::frozen, ZoneState::loading,
                                ZoneState::transferring, ZoneState::current};

// "/?q=…&state=…&page=…" with what differs from none.
std::string link_to(const OverviewQuery& query, std::string_view state, std::size_t page) {
    std::string fields;
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) {
            fields +=
                fmt::format("{}{}={}", fields.empty() ? '?' : '&', name, percent_encoded(value));
        }
    };
    add("q", query.text);
    add("state", state);
    add("page", page > 1 ? fmt::format("{}", page) : "");
    return "/" + fields;
}

std::string headline(const Facts& facts, const Overview& overview) {
    const std::size_t zones = facts.status.zones.size();
    const std::string_view noun = zones == 1 ? "zone" : "zones";
    if (zones == 0) {
        return "No zones yet";
    }
    if (overview.need_attention > 0) {
        return fmt::format("{} of {} {} {} attention", grouped(overview.need_attention),
                           grouped(zones), noun, overview.need_attention == 1 ? "needs" : "need");
    }
    if (overview.behind > 0) {
        return fmt::format("{} of {} {} {} a peer behind", grouped(overview.behind), grouped(zones),
                           noun, overview.behind == 1 ? "has" : "have");
    }
    const std::size_t current = overview.by_state[static_cast<std::size_t>(ZoneState::current)];
    if (current < zones) {
        return fmt::format("{} of {} {} in step", grouped(current), grouped(zones), noun);
    }
    return zones == 1 ? "The zone is in step"
                      : fmt::format("All {} zones are in step", grouped(zones));
}

// How many zones are in each state; each a link to them.
void put_states(Html& out, const Overview& overview, const OverviewQuery& query) {
    const auto chip = [&](std::string_view tone, std::string_view state, std::string_view word,
                          std::size_t count) {
        if (count == 0) {
            return;
        }
        out.raw("<li><a href=\"").text(link_to(query, state, 1)).raw("\"");
        out.raw(state == query.state ? " aria-current=\"true\">" : ">");
        put_state(out, tone, fmt::format("{} {}", grouped(count), word));
        out.raw("</a></li>");
    };
    out.raw("<ul class=\"states\" aria-label=\"Zones by state\">");
    for (const ZoneState state : kStates) {
        const std::string_view word = control::to_string(state);
        chip(tone_of(state), word, word, overview.by_state[static_cast<std::size_t>(state)]);
        if (state == ZoneState::stale) {
            chip("warn", "behind", "with a peer behind", overview.behind);
        }
    }
    out.raw("</ul>\n");
}

// What keeps new versions from being made, or zones from being in step, is no quiet word.
void put_shared(Html& out, const control::SharedStatus& shared) {
    const bool is_well = shared.connected && shared.problem.empty() && shared.zones_behind == 0;
    out.raw(is_well ? "<p class=\"quiet\">" : "<p class=\"warn\">").raw("Shared history: ");
    out.text(control::in_words(shared)).raw("</p>\n");
}

void put_filter(Html& out, const OverviewQuery& query) {
    const auto option = [&](std::string_view value, std::string_view words) {
        out.raw("<option value=\"").raw(value).raw(value == query.state ? "\" selected>" : "\">");
        out.raw(words).raw("</option>");
    };
    out.raw("<form class=\"filter\" action=\"/\" method=\"get\" role=\"search\">");
    out.raw("<label>Zone name<input type=\"search\" name=\"q\" maxlength=\"255\" value=\"");
    out.text(query.text).raw("\" autocomplete=\"off\" spellcheck=\"false\"></label>");
    out.raw("<label>State<select name=\"state\">");
    option("", "any");
    option("problems", "any problem");
    option("behind", "a peer is behind");
    for (const ZoneState state : kStates) {
        option(control::to_string(state), control::to_string(state));
    }
    out.raw("</select></label><button>Show</button></form>\n");
}

// Names of all peers of these rows, in the order they appear.
std::vector<std::string> peers_of(const Overview& overview) {
    std::vector<std::string> names;
    for (const ZoneStatus* zone : overview.rows) {
        for (const PeerStatus& peer : zone->peers) {
            if (is_named(peer) &&
                std::find(names.begin(), names.end(), peer.remote) == names.end()) {
                names.push_back(peer.remote);
            }
        }
    }
    return names;
}

class Table {
  public:
    Table(Html& out, const LagHistory& history, const Overview& overview)
        : out_(out), history_(history), overview_(overview), peers_(peers_of(overview)) {
        by_peer_ = peers_.size() <= kMaxPeerColumns;
        served_ = std::any_of(overview.rows.begin(), overview.rows.end(),
                              [](const ZoneStatus* zone) { return zone->served.has_value(); });
    }

    void put() {
        out_.raw(
            "<div class=\"table\" role=\"region\" aria-label=\"Zones and peers\" "
            "tabindex=\"0\"><table class=\"cards\" role=\"table\">");
        put_head();
        out_.raw("<tbody role=\"rowgroup\">\n");
        for (const ZoneStatus* zone : overview_.rows) {
            put_row(*zone);
        }
        out_.raw("</tbody></table></div>\n");
    }

  private:
    void put_column(std::string_view name) {
        out_.raw("<th scope=\"col\" role=\"columnheader\">").text(name).raw("</th>");
    }

    void put_head() {
        out_.raw("<thead role=\"rowgroup\"><tr role=\"row\">");
        put_column("Zone");
        put_column("State");
        put_column("Here");
        if (served_) {
            put_column("Served by");
        }
        if (by_peer_) {
            for (const std::string& name : peers_) {
                put_column(name);
            }
        } else {
            put_column("Peers");
        }
        out_.raw("</tr></thead>");
    }

    void open_cell(std::string_view label) {
        out_.raw("<td role=\"cell\" data-label=\"").text(label).raw("\">");
    }

    void put_row(const ZoneStatus& zone) {
        out_.raw("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><a href=\"");
        out_.text(zone_link(zone.zone)).raw("\">").text(zone.zone).raw("</a>");
        if (!zone.reason.empty()) {
            out_.raw("<span class=\"quiet\">").text(zone.reason).raw("</span>");
        }
        out_.raw("</th>");
        open_cell("State");
        out_.raw("<div>");
        put_state(out_, tone_of(zone.state), control::to_string(zone.state));
        if (zone.transfer) {
            out_.raw("<span class=\"quiet number\">").text(zone.transfer->type).raw(", ");
            out_.number(zone.transfer->records).raw(" records</span>");
        }
        put_expiry(zone);
        out_.raw("</div></td>");
        open_cell("Here");
        put_here(zone);
        out_.raw("</td>");
        if (served_) {
            open_cell("Served by");
            put_served(zone);
            out_.raw("</td>");
        }
        put_peers(zone);
        out_.raw("</tr>\n");
    }

    void put_serial(const std::optional<dns::Serial>& serial, std::string_view style) {
        out_.raw("<span class=\"").raw(style).raw("\">");
        if (serial) {
            out_.raw("serial ").raw(fmt::format("{}", serial->value()));
        } else {
            out_.raw("no version");
        }
        out_.raw("</span>");
    }

    void put_lag(const ZoneStatus& zone, std::string_view peer, std::optional<seconds> lag) {
        out_.raw("<span class=\"lag\">").text(lag_in_words(lag)).raw("</span>");
        spark_ = sparkline(history_.series(zone, peer), history_.span(), {});
    }

    // This server: behind its primary, or simply what it has.
    void put_here(const ZoneStatus& zone) {
        out_.raw("<div class=\"").raw(zone.lag ? tone_of(zone.lag) : "").raw("\">");
        spark_.clear();
        if (zone.lag) {
            put_lag(zone, kSelf, zone.lag);
            put_serial(zone.serial, "quiet number");
        } else {
            put_serial(zone.serial, "number");
        }
        out_.raw(spark_).raw("</div>");
    }

    void put_peer(const ZoneStatus& zone, const PeerStatus& peer, bool with_name) {
        out_.raw("<div class=\"").raw(tone_of(peer.lag)).raw("\">");
        if (with_name) {
            out_.raw("<span class=\"quiet\">").text(peer.remote).raw("</span>");
        }
        put_lag(zone, peer.remote, peer.lag);
        put_serial(peer.serial, "quiet number");
        out_.raw(spark_).raw("</div>");
    }

    void put_peers(const ZoneStatus& zone) {
        if (!by_peer_) {
            out_.raw("<td role=\"cell\" class=\"wide\" data-label=\"Peers\"><div class=\"many\">");
            for (const PeerStatus& peer : zone.peers) {
                if (is_named(peer)) {
                    put_peer(zone, peer, true);
                }
            }
            out_.raw("</div></td>");
            return;
        }
        for (const std::string& name : peers_) {
            open_cell(name);
            const auto peer =
                std::find_if(zone.peers.begin(), zone.peers.end(),
                             [&](const PeerStatus& each) { return each.remote == name; });
            if (peer != zone.peers.end()) {
                put_peer(zone, *peer, false);
            } else {
                out_.raw("<span class=\"quiet\">no peer of it</span>");
            }
            out_.raw("</td>");
        }
    }

    void put_served(const ZoneStatus& zone) {
        if (!zone.served) {
            out_.raw("<span class=\"quiet\">not handed on</span>");
            return;
        }
        const ServedWords words = served_in_words(*zone.served, zone.serial);
        out_.raw("<div class=\"").raw(words.tone).raw("\"><span class=\"said\">");
        out_.text(words.words).raw("</span>");
        put_serial(zone.served->serial, "quiet number");
        out_.raw("<span class=\"quiet\">").text(zone.served->server).raw("</span></div>");
    }

    void put_expiry(const ZoneStatus& zone) {
        if (!zone.expires_in) {
            return;
        }
        const bool over = *zone.expires_in <= seconds{0};
        out_.raw("<span class=\"quiet number\">");
        out_.raw(over ? "for " : "expires in ");
        out_.text(control::span_in_words(over ? -*zone.expires_in : *zone.expires_in));
        out_.raw("</span>");
    }

    Html& out_;
    const LagHistory& history_;
    const Overview& overview_;
    std::vector<std::string> peers_;
    std::string spark_;  // of the lag that was put last
    bool by_peer_ = true;
    bool served_ = false;
};

void put_pages(Html& out, const Overview& overview, const OverviewQuery& query) {
    if (overview.pages < 2) {
        return;
    }
    const auto link = [&](bool there, std::size_t page, std::string_view words) {
        if (there) {
            out.raw("<li><a href=\"").text(link_to(query, query.state, page)).raw("\">");
            out.raw(words).raw("</a></li>");
        }
    };
    out.raw("<nav class=\"pages\" aria-label=\"Pages\"><ul>");
    link(overview.page > 2, 1, "First");
    link(overview.page > 1, overview.page - 1, "Previous");
    out.raw("<li aria-current=\"page\">Page ").number(overview.page).raw(" of ");
    out.number(overview.pages).raw("</li>");
    link(overview.page < overview.pages, overview.page + 1, "Next");
    link(overview.page + 1 < overview.pages, overview.pages, "Last");
    out.raw("</ul></nav>\n");
}

}  // namespace

std::string overview_page(const Facts& facts, const LagHistory& history,
                          const OverviewQuery& query) {
    const Overview overview = overview_of(facts, query);
    const std::string head = headline(facts, overview);
    const Frame frame{.facts = facts,
                      .title = head,
                      .here = link_to(query, query.state, overview.page),
                      .refresh = query.refresh};
    Html out;
    open_frame(out, frame);
    out.raw("<h1>").text(head).raw("</h1>\n");
    put_states(out, overview, query);
    if (facts.status.shared) {
        put_shared(out, *facts.status.shared);
    }
    if (facts.status.zones.size() > 1) {
        put_filter(out, query);
    }
    if (overview.matches < facts.status.zones.size()) {
        out.raw("<p class=\"quiet\">").number(overview.matches).raw(" of ");
        out.number(facts.status.zones.size()).raw(" zones match. ");
        out.raw("<a href=\"/\">Show all</a></p>\n");
    }
    if (overview.rows.empty()) {
        out.raw("<p class=\"table empty\">Nothing to show.</p>\n");
    } else {
        Table{out, history, overview}.put();
    }
    put_pages(out, overview, query);
    close_frame(out, frame);
    return out.take();
}

}  // namespace twinzone::web
