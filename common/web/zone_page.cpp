#include "common/web/zone_page.h"

#include <string_view>

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/web/frame.h"
#include "common/web/metrics_text.h"
#include "common/web/sparkline.h"

namespace twinzone::web {

namespace {

using control::PeerStatus;
using control::ZoneStatus;

std::string serial_text(const std::optional<dns::Serial>& serial) {
    return serial ? fmt::format("{}", serial->value()) : "none";
}

std::string ahead(seconds span) {
    return span <= seconds{0} ? fmt::format("{} ago", control::span_in_words(-span))
                              : fmt::format("in {}", control::span_in_words(span));
}

void put_fact(Html& out, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        out.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("</dd></div>");
    }
}

void put_transfer(Html& out, const ZoneStatus& zone) {
    if (!zone.transfer) {
        return;
    }
    const control::TransferStatus& transfer = *zone.transfer;
    out.raw("<p class=\"reason busy\"><span>").text(transfer.type).raw(" from ");
    out.text(transfer.remote).raw(": ").number(transfer.records).raw(" records, ");
    out.number(transfer.bytes).raw(" octets in ");
    out.text(control::span_in_words(transfer.took));
    out.raw(transfer.committing ? "; going to disk</span></p>\n" : "</span></p>\n");
}

// "40 s ago, 2026-03-01 12:00:00 UTC".
void put_last_confirmed(Html& out, UnixTime at, UnixTime now) {
    out.raw("<div><dt>Last confirmed</dt><dd>").text(ahead(at - now)).raw("<br>");
    put_time(out, at);
    out.raw("</dd></div>");
}

void put_facts(Html& out, const ZoneStatus& zone, UnixTime now) {
    out.raw("<h2>Version in service</h2><dl class=\"facts\">");
    put_fact(out, "Serial", serial_text(zone.serial));
    if (zone.serial) {
        put_fact(out, "Records", grouped(zone.records));
        put_fact(out, "Octets", grouped(zone.wire_bytes));
        out.raw("<div><dt>Digest</dt><dd class=\"digest\">").text(zone.digest);
        out.raw("</dd></div>");
    }
    put_fact(out, "Source", zone.source);
    if (zone.lag) {
        put_fact(out, "Lag", lag_in_words(zone.lag));
    }
    if (zone.last_success) {
        put_last_confirmed(out, *zone.last_success, now);
    }
    if (zone.expires_in) {
        put_fact(out, *zone.expires_in <= seconds{0} ? "Expired" : "Expires",
                 ahead(*zone.expires_in));
    }
    if (zone.next_refresh_in) {
        put_fact(out, "Next check",
                 *zone.next_refresh_in <= seconds{0} ? "now" : ahead(*zone.next_refresh_in));
    }
    out.raw("</dl>\n");
}

void put_served(Html& out, const ZoneStatus& zone) {
    if (!zone.served) {
        return;
    }
    const ServedWords words = served_in_words(*zone.served, zone.serial);
    out.raw("<h2>Handed to</h2><dl class=\"facts\">");
    put_fact(out, "Server", zone.served->server);
    out.raw("<div><dt>It</dt><dd class=\"").raw(words.tone).raw("\">");
    out.text(words.words).raw("</dd></div>");
    put_fact(out, "Serial", serial_text(zone.served->serial));
    if (zone.served->since) {
        out.raw("<div><dt>Since</dt><dd>");
        put_time(out, *zone.served->since);
        out.raw("</dd></div>");
    }
    out.raw("</dl>\n");
}

void put_columns(Html& out, std::string_view label, std::initializer_list<const char*> names) {
    out.raw("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"").raw(label);
    out.raw("\"><table class=\"cards\" role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\">");
    for (const char* name : names) {
        out.raw("<th scope=\"col\" role=\"columnheader\">").raw(name).raw("</th>");
    }
    out.raw("</tr></thead><tbody role=\"rowgroup\">\n");
}

Html& open_cell(Html& out, std::string_view label) {
    return out.raw("<td role=\"cell\" data-label=\"").raw(label).raw("\">");
}

void put_time_cell(Html& out, std::string_view label, const std::optional<UnixTime>& time,
                   const std::optional<dns::Serial>& serial = {}) {
    open_cell(out, label).raw("<div>");
    if (serial) {
        out.raw("serial ").text(serial_text(serial)).raw("<br>");
    }
    if (time) {
        put_time(out, *time);
    } else {
        out.raw("<span class=\"quiet\">not yet</span>");
    }
    out.raw("</div></td>");
}

void put_peer_name(Html& out, const PeerStatus& peer) {
    out.raw("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">").text(peer.remote);
    if (peer.address != peer.remote) {
        out.raw("<span class=\"quiet\">").text(peer.address).raw("</span>");
    }
    if (!peer.configured) {
        out.raw("<span class=\"quiet\">comes unasked</span>");
    }
    if (!peer.problem.empty()) {
        out.raw("<span class=\"quiet\">").text(peer.problem).raw("</span>");
    }
    out.raw("</th>");
}

void put_peer(Html& out, const ZoneStatus& zone, const PeerStatus& peer,
              const LagHistory& history) {
    put_peer_name(out, peer);
    open_cell(out, "Lag").raw("<div class=\"").raw(tone_of(peer.lag)).raw("\">");
    out.raw("<span class=\"lag\">").text(lag_in_words(peer.lag)).raw("</span>");
    out.raw(sparkline(history.series(zone, peer.remote), history.span(), {})).raw("</div></td>");
    open_cell(out, "Holds").raw("<span>").text(serial_text(peer.serial)).raw("</span></td>");
    open_cell(out, "Answers").raw("<span>");
    out.text(peer.served ? serial_text(peer.served) : "not asked").raw("</span></td>");
    put_time_cell(out, "NOTIFY answered", peer.last_acknowledged, peer.acknowledged);
    put_time_cell(out, "SOA asked", peer.last_soa_asked);
    put_time_cell(out, "Transfer taken", peer.last_transfer);
    out.raw("</tr>\n");
}

void put_peers(Html& out, const ZoneStatus& zone, const LagHistory& history) {
    out.raw("<h2>Peers</h2>");
    if (zone.peers.empty()) {
        out.raw("<p class=\"quiet\">Nobody is told of new versions.</p>\n");
        return;
    }
    put_columns(
        out, "Peers",
        {"Peer", "Lag", "Holds", "Answers", "NOTIFY answered", "SOA asked", "Transfer taken"});
    for (const PeerStatus& peer : zone.peers) {
        put_peer(out, zone, peer, history);
    }
    out.raw("</tbody></table></div>\n");
}

std::string_view tone_of_level(std::string_view level) {
    if (level == "error" || level == "critical") {
        return "bad";
    }
    return level == "warning" ? "warn" : "";
}

void put_decisions(Html& out, const std::vector<DecisionRow>& decisions) {
    if (decisions.empty()) {
        return;
    }
    out.raw("<h2>Why</h2><ol class=\"why\">\n");
    for (const DecisionRow& decision : decisions) {
        out.raw("<li>");
        put_time(out, decision.at);
        out.raw("<span class=\"").raw(tone_of_level(decision.level)).raw("\">");
        out.text(decision.text);
        if (decision.times > 1) {
            out.raw(" (").number(decision.times).raw(" times)");
        }
        if (!decision.detail.empty()) {
            out.raw("<br><span class=\"quiet\">").text(decision.detail).raw("</span>");
        }
        out.raw("</span></li>\n");
    }
    out.raw("</ol>\n");
}

void put_versions(Html& out, const ZoneDetails& details) {
    if (details.versions.empty() && details.versions_missing.empty()) {
        return;
    }
    out.raw("<h2>History</h2>");
    if (details.versions.empty()) {
        out.raw("<p class=\"quiet\">").text(details.versions_missing).raw("</p>\n");
        return;
    }
    put_columns(out, "History", {"Serial", "When", "Added", "Removed", "Source"});
    for (const VersionRow& version : details.versions) {
        out.raw("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
        if (version.from) {
            out.text(serial_text(version.from)).raw(" → ");
        }
        out.text(serial_text(version.to)).raw("</th>");
        open_cell(out, "When");
        put_time(out, version.at);
        open_cell(out.raw("</td>"), "Added").raw("<span>+").number(version.added);
        open_cell(out.raw("</span></td>"), "Removed").raw("<span>-").number(version.removed);
        open_cell(out.raw("</span></td>"), "Source").raw("<span>").text(version.source);
        out.raw("</span></td></tr>\n");
    }
    out.raw("</tbody></table></div>\n");
}

}  // namespace

std::string zone_page(const Facts& facts, const LagHistory& history, const ZoneDetails& details,
                      unsigned refresh) {
    const ZoneStatus& zone = facts.status.zones.front();
    const std::string_view state = control::to_string(zone.state);
    const Frame frame{.facts = facts,
                      .title = fmt::format("{} {}", zone.zone, state),
                      .here = zone_link(zone.zone),
                      .refresh = refresh};
    Html out;
    open_frame(out, frame);
    out.raw("<h1>").text(zone.zone);
    put_state(out, tone_of(zone.state), state);
    out.raw("</h1>\n");
    if (!zone.reason.empty()) {
        out.raw("<p class=\"reason ").raw(tone_of(zone.state)).raw("\"><span>");
        out.text(zone.reason).raw("</span></p>\n");
    }
    put_transfer(out, zone);
    put_facts(out, zone, facts.taken);
    put_served(out, zone);
    put_peers(out, zone, history);
    put_decisions(out, details.decisions);
    put_versions(out, details);
    out.raw("<p><a href=\"/\">All zones</a></p>\n");
    close_frame(out, frame);
    return out.take();
}

std::string not_found_page(const Facts& facts, std::string_view what) {
    const Frame frame{.facts = facts, .title = "Not here", .here = "/", .refresh = 0};
    Html out;
    open_frame(out, frame);
    out.raw("<h1>Not here</h1><p>").text(what).raw("</p><p><a href=\"/\">All zones</a></p>\n");
    close_frame(out, frame);
    return out.take();
}

}  // namespace twinzone::web
