#include "secondary/sync_report.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/assert.h"
#include "common/control/calendar.h"
#include "common/net/tls_failure.h"

namespace twinzone::secondary {

namespace {

using control::span_in_words;
using control::to_rfc3339;

std::string since(const ZoneOutcome& zone, UnixTime now) {
    if (!zone.last_success) {
        return "no primary has ever confirmed it here";
    }
    return fmt::format("{}, {} ago, when a primary last confirmed it",
                       to_rfc3339(*zone.last_success), span_in_words(now - *zone.last_success));
}

std::string in_service(const ZoneOutcome& zone, UnixTime now) {
    if (!zone.serial) {
        return "nothing: the zone was never loaded";
    }
    std::string text = fmt::format("serial {}, {} records", zone.serial->value(), zone.records);
    if (zone.expires && *zone.expires <= now) {
        text += fmt::format(", expired since {}", to_rfc3339(*zone.expires));
    } else if (zone.expires) {
        text += fmt::format(", expires in {}", span_in_words(*zone.expires - now));
    }
    return text;
}

// "what" often begins with the remote already.
std::string line_of(const Tried& tried) {
    const bool is_named = tried.what.find(tried.remote) != std::string::npos;
    return is_named ? tried.what : fmt::format("{}: {}", tried.remote, tried.what);
}

void describe(const ZoneOutcome& zone, const Reporter& reporter, UnixTime now, std::string& out) {
    fmt::format_to(std::back_inserter(out), "\n{} not in step: {}\n", zone.zone,
                   zone.error->detail());
    const auto row = [&out](std::string_view label, std::string_view text) {
        fmt::format_to(std::back_inserter(out), "  {:<12}{}\n", label, text);
    };
    row("since", since(zone, now));
    std::string_view label = "tried";
    for (const Tried& tried : zone.tried) {
        row(std::exchange(label, ""), line_of(tried));
    }
    if (zone.tried.empty() && !zone.primaries.empty()) {
        row("primaries", fmt::format("{}", fmt::join(zone.primaries, ", ")));
    }
    row("in service", in_service(zone, now));
    row("to do", advice_for(zone));
    row("by hand", fmt::format("{} {} -v", reporter.command, zone.zone));
}

std::string first_primary(const ZoneOutcome& zone) {
    if (!zone.tried.empty()) {
        return zone.tried.back().remote;
    }
    return zone.primaries.empty() ? std::string{} : zone.primaries.front();
}

// "dig @192.0.2.1 -p 5300 example.test. SOA +tcp"
std::string dig(const ZoneOutcome& zone) {
    const std::string remote = first_primary(zone);
    const std::size_t at = remote.rfind('@');
    if (at == std::string::npos) {
        return fmt::format("dig {} SOA +tcp", zone.zone);
    }
    return fmt::format("dig @{} -p {} {} SOA +tcp", remote.substr(0, at), remote.substr(at + 1),
                       zone.zone);
}

std::string advice_for(net::TlsFailure failure) {
    switch (failure) {
        case net::TlsFailure::certificate:
            return "compare the remote's entry of 'tls' ('server-name', 'ca', 'pin') with the "
                   "certificate that the primary shows";
        case net::TlsFailure::alpn:
            return "see whether the primary's port is the one for DNS over TLS";
        case net::TlsFailure::handshake:
            return "see whether the primary speaks TLS 1.3 at that port, and whether it takes our "
                   "certificate ('cert', 'key' of the remote's entry of 'tls')";
        case net::TlsFailure::broken: return "see what on the way changes what the primary sends";
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace

std::string advice_for(const ZoneOutcome& zone) {
    if (zone.is_held) {
        return fmt::format(
            "see what would change on the primary; then 'twinzone-secondary "
            "approve {}' or 'reject {}', which ask the running daemon",
            zone.zone, zone.zone);
    }
    if (!zone.is_handed_over) {
        return "see the log of the server beside this one, and the rights of the zone file";
    }
    if (const std::optional<net::TlsFailure> failure = net::tls_failure_of(*zone.error)) {
        return advice_for(*failure);
    }
    switch (zone.error->code()) {
        case Errc::peer_unreachable:
        case Errc::network:
            return fmt::format(
                "see whether the primary runs, and whether UDP and TCP get through: "
                "{}",
                dig(zone));
        case Errc::transfer_cut:
            return "see the primary's log, and whether something on the way ends connections: the "
                   "transfer began and did not come to its end";
        case Errc::rcode:
            return "see whether the primary serves this zone and lets this host (and its key) "
                   "transfer it";
        case Errc::tsig_missing:
        case Errc::tsig_bad_key:
        case Errc::tsig_bad_signature:
        case Errc::tsig_bad_truncation:
            return "compare the key on both sides: name, algorithm and secret";
        case Errc::tsig_bad_time: return "compare the clocks of both hosts";
        case Errc::zone_policy:
            return "raise the serial on the primary, or take its lower one with "
                   "'on-lower-serial: adopt'";
        case Errc::zone_unverified:
            return "see whether the zone's ZONEMD and signatures are made anew with every change "
                   "at "
                   "its origin; 'zonemd' in the configuration says what is asked of it";
        case Errc::transfer_limit: return "see 'limits' in the configuration, and the line";
        case Errc::message_malformed:
        case Errc::message_unexpected:
        case Errc::transfer_malformed:
        case Errc::transfer_diverged:
            return "see the primary's log: what it sends is not a whole zone";
        case Errc::disk_full:
        case Errc::store_full: return "make room on this host";
        case Errc::file_unreadable: return "see the rights of the folder on this host";
        default: return "see this host's log";
    }
}

std::string report_text(const SyncOutcome& outcome, const Reporter& reporter) {
    std::vector<const ZoneOutcome*> bad;
    for (const ZoneOutcome& zone : outcome.zones) {
        if (zone.needs_telling()) {
            bad.push_back(&zone);
        }
    }
    if (bad.empty()) {
        return {};
    }
    std::string out =
        fmt::format("twinzone-secondary sync on {}, {}: {} of {} zones not in step\n",
                    reporter.host, to_rfc3339(outcome.ended), bad.size(), outcome.zones.size());
    const std::size_t described = std::min(bad.size(), kMaxDescribed);
    for (std::size_t i = 0; i < described; ++i) {
        describe(*bad[i], reporter, outcome.ended, out);
    }
    const std::size_t named = std::min(bad.size(), kMaxNamed);
    for (std::size_t i = described; i < named; ++i) {
        fmt::format_to(std::back_inserter(out), "{}{} not in step: {}\n",
                       i == described ? "\n" : "", bad[i]->zone, bad[i]->error->detail());
    }
    if (named < bad.size()) {
        fmt::format_to(std::back_inserter(out), "and {} more\n", bad.size() - named);
    }
    return out;
}

}  // namespace twinzone::secondary
