#include "common/service/explain.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/control/calendar.h"
#include "common/control/json_text.h"

namespace twinzone::service {

namespace {

using config::Role;
using config::Zone;

std::string signed_with(const dns::TsigKeyPtr& key) {
    return key ? fmt::format("signed with key {}", key->name().to_text()) : "unsigned";
}

std::string addresses_of(const config::Remote& remote) {
    std::vector<std::string> texts;
    for (const Endpoint& endpoint : remote.addresses) {
        texts.push_back(endpoint.to_text());
    }
    return fmt::format("{}", fmt::join(texts, " or "));
}

// "ns1 (192.0.2.1@53, signed with key k1.)".
std::string in_words(const config::Remote& remote) {
    const std::string where = addresses_of(remote);
    const std::string how = fmt::format(
        "{}{}", remote.via ? fmt::format("from {}, ", remote.via->to_text()) : std::string{},
        remote.tls ? fmt::format("{}, over TLS as '{}'", signed_with(remote.key), remote.tls->name)
                   : signed_with(remote.key));
    return remote.name == where ? fmt::format("{} ({})", where, how)
                                : fmt::format("{} ({}, {})", remote.name, where, how);
}

std::string in_words(const std::vector<config::RemotePtr>& remotes, std::string_view glue) {
    std::vector<std::string> texts;
    texts.reserve(remotes.size());
    for (const config::RemotePtr& remote : remotes) {
        texts.push_back(in_words(*remote));
    }
    return fmt::format("{}", fmt::join(texts, glue));
}

std::string in_words(const config::AccessRule& rule) {
    std::vector<std::string> texts;
    texts.reserve(rule.addresses.size());
    for (const IpPrefix& prefix : rule.addresses) {
        texts.push_back(prefix.to_text());
    }
    std::string text = texts.empty() ? "anyone" : fmt::format("{}", fmt::join(texts, " or "));
    if (rule.key) {
        text += fmt::format(" {}", signed_with(rule.key));
    }
    if (rule.tls) {
        text += fmt::format(" over TLS ('{}')", rule.tls->name);
    }
    return text;
}

std::string in_words(const std::vector<config::AccessRule>& rules) {
    std::vector<std::string> texts;
    texts.reserve(rules.size());
    for (const config::AccessRule& rule : rules) {
        texts.push_back(in_words(rule));
    }
    return texts.empty() ? "nobody" : fmt::format("{}", fmt::join(texts, "; "));
}

std::string_view serial_in_words(config::SerialPolicy policy) {
    switch (policy) {
        case config::SerialPolicy::keep: return "as written in the file; it has to rise with it";
        case config::SerialPolicy::increment: return "raised by one where the file does not";
        case config::SerialPolicy::unixtime: return "the time of each change";
        case config::SerialPolicy::date: return "the date of each change and a number";
    }
    return {};
}

std::string_view reloader(config::ReloadKind kind) {
    switch (kind) {
        case config::ReloadKind::none: return "";
        case config::ReloadKind::bind: return "BIND";
        case config::ReloadKind::nsd: return "NSD";
        case config::ReloadKind::knot: return "Knot DNS";
        case config::ReloadKind::pdns: return "PowerDNS";
        case config::ReloadKind::coredns: return "CoreDNS";
        case config::ReloadKind::command: return "a command";
    }
    return {};
}

std::string output_in_words(const config::Output& output) {
    if (output.mode == config::OutputMode::none) {
        return "nowhere else: it is served from here";
    }
    if (output.mode == config::OutputMode::loopback) {
        return fmt::format(
            "to the server at {}, which follows us; it has to answer each serial "
            "within {}",
            in_words(*output.verify), control::span_in_words(output.verify_timeout));
    }
    std::string text = fmt::format("into the file {}", output.path);
    if (output.reload != config::ReloadKind::none) {
        text += fmt::format(", which {} then reads anew", reloader(output.reload));
    }
    if (output.verify) {
        text += fmt::format("; {} has to answer each serial within {}", in_words(*output.verify),
                            control::span_in_words(output.verify_timeout));
    }
    return text;
}

std::string history_in_words(const config::JournalLimits& journal) {
    const std::string most = journal.max_bytes != 0
                                 ? fmt::format("{} octets", journal.max_bytes)
                                 : fmt::format("{}% of the zone's size", journal.max_share_percent);
    return fmt::format("the last {} differences, in all up to {}", journal.max_versions, most);
}

std::string checks_in_words(const Zone& zone) {
    return fmt::format(
        "when its SOA says, but after {} to {}, after a failure {} to {}; at once "
        "after a NOTIFY from {}",
        control::span_in_words(zone->refresh.min), control::span_in_words(zone->refresh.max),
        control::span_in_words(zone->retry.min), control::span_in_words(zone->retry.max),
        in_words(zone->allow_notify));
}

void add_source(const Zone& zone, Role role, std::vector<Sentence>& out) {
    if (zone->catalog == config::CatalogRole::producer) {
        out.push_back({"source", "made of the zones here: a catalog (RFC 9432)"});
        return;
    }
    if (!zone.is_followed()) {
        out.push_back({"source", fmt::format("the file {}, watched", zone.source_file())});
        out.push_back({"serial", std::string{serial_in_words(zone->serial_policy)}});
        return;
    }
    out.push_back(
        {"source", fmt::format("AXFR and IXFR from {}", in_words(zone->primaries, ", then "))});
    out.push_back({"checks", checks_in_words(zone)});
    if (role == Role::secondary) {
        out.push_back({"lower serial", zone->on_lower_serial == config::OnLowerSerial::adopt
                                           ? "taken from the primary"
                                           : "refused and told"});
    }
    if (zone->verify_interval.count() > 0) {
        out.push_back({"verify", fmt::format("whole content compared with the primaries every {}",
                                             control::span_in_words(zone->verify_interval))});
    }
}

// What a consumed catalog means for the zones that it lists.
void add_members(const Zone& zone, const config::Config& config, std::vector<Sentence>& out) {
    const auto catalog = std::find_if(
        config.catalogs.begin(), config.catalogs.end(), [&](const config::Catalog& each) {
            return each.zone == zone.name && each.role == config::CatalogRole::consumer;
        });
    if (catalog == config.catalogs.end()) {
        return;
    }
    out.push_back(
        {"members", fmt::format("each zone it lists becomes a zone here, by the template that its "
                                "group names or template '{}'",
                                catalog->template_name)});
    out.push_back({"removals", catalog->grace.count() == 0
                                   ? std::string{"a zone it lists no more is dropped at once"}
                                   : fmt::format("a zone it lists no more is served for another "
                                                 "{}, then dropped",
                                                 control::span_in_words(catalog->grace))});
    if (catalog->max_removals) {
        out.push_back(
            {"cap", fmt::format("a version that takes away more than {}{} members is held until "
                                "it is approved",
                                catalog->max_removals->count,
                                catalog->max_removals->is_percent ? "% of the" : "")});
    }
}

void add_guard(const Zone& zone, std::vector<Sentence>& out) {
    if (zone->guard) {
        out.push_back(
            {"guard", fmt::format("a version that takes more than {}% of at least {} "
                                  "records away is held until it is approved",
                                  zone->guard->max_delete_percent, zone->guard->min_records)});
    }
}

void add_zonemd(const Zone& zone, std::vector<Sentence>& out) {
    switch (zone->zonemd) {
        case config::ZonemdMode::off: return;
        case config::ZonemdMode::verify:
            out.push_back(
                {"zonemd", "a version whose ZONEMD is not that of its content is refused"});
            return;
        case config::ZonemdMode::require:
            out.push_back({"zonemd", "a version without a ZONEMD that is right is refused"});
            return;
        case config::ZonemdMode::generate:
            out.push_back({"zonemd", "made anew for each version (SHA-384)"});
            return;
    }
}

void add_dnssec(const Zone& zone, std::vector<Sentence>& out) {
    if (zone->dnssec) {
        out.push_back({"dnssec", "a signed version whose signatures do not hold is refused"});
    }
}

std::string_view event_name(config::HookEvent event) {
    switch (event) {
        case config::HookEvent::committed: return "committed";
        case config::HookEvent::failed: return "failed";
        case config::HookEvent::held: return "held";
        case config::HookEvent::expired: return "expired";
    }
    return {};
}

void add_hooks(const Zone& zone, std::vector<Sentence>& out) {
    for (const config::Hook& hook : zone->hooks) {
        std::vector<std::string_view> events;
        for (const config::HookEvent event : hook.on) {
            events.push_back(event_name(event));
        }
        out.push_back(
            {"hook", fmt::format("on {}: {}", fmt::join(events, ", "), fmt::join(hook.exec, " "))});
    }
}

// Nothing of CONNINFO: it may have a password.
std::string shared_in_words(const config::Shared& shared) {
    return fmt::format(
        "its history is shared with other primaries in PostgreSQL; we are '{}' among them, and one "
        "leads within {} of the leader's silence",
        shared.name, control::span_in_words(shared.take_over));
}

}  // namespace

std::vector<Sentence> explain(const Zone& zone, const config::Config& config) {
    const Role role = config.role;
    std::vector<Sentence> out;
    add_source(zone, role, out);
    add_members(zone, config, out);
    add_zonemd(zone, out);
    add_dnssec(zone, out);
    add_guard(zone, out);
    out.push_back({"transfer", fmt::format("allowed to {}", in_words(zone->allow_transfer))});
    std::string told = zone->notify.empty() ? std::string{} : in_words(zone->notify, "; ");
    if (zone->notify_ns_set) {
        told += told.empty() ? "the name servers in the zone" : "; the name servers in the zone";
    }
    out.push_back({"told", told.empty() ? std::string{"nobody"}
                                        : fmt::format("{}, by NOTIFY until it answers", told)});
    if (role == Role::secondary) {
        out.push_back({"output", output_in_words(zone.output())});
    }
    out.push_back({"history", history_in_words(zone->journal)});
    if (config.shared && !zone.is_followed()) {
        out.push_back({"shared", shared_in_words(*config.shared)});
    }
    add_hooks(zone, out);
    return out;
}

std::string explanation_text(const Zone& zone, const config::Config& config) {
    std::string text = fmt::format("{}\n", zone.name.to_text());
    for (const Sentence& sentence : explain(zone, config)) {
        text += fmt::format("  {:<13}{}\n", sentence.about, sentence.text);
    }
    return text;
}

std::string explanation_json(const Zone& zone, const config::Config& config) {
    std::string text = fmt::format("{{\"zone\":{}", control::json_text(zone.name.to_text()));
    std::vector<std::string> hooks;
    for (const Sentence& sentence : explain(zone, config)) {
        if (sentence.about == "hook") {
            hooks.push_back(control::json_text(sentence.text));
        } else {
            text += fmt::format(",{}:{}", control::json_text(sentence.about),
                                control::json_text(sentence.text));
        }
    }
    return text + fmt::format(",\"hooks\":[{}]}}", fmt::join(hooks, ","));
}

}  // namespace twinzone::service
