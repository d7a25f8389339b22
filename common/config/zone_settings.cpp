#include "common/config/zone_settings.h"

#include <algorithm>
#include <utility>

#include "common/config/schema.h"
#include "common/config/values.h"
#include "common/config/zone_path.h"

namespace twinzone::config {

namespace {

constexpr std::array<std::pair<std::string_view, SerialPolicy>, 4> kPolicies = {
    std::pair{std::string_view{"keep"}, SerialPolicy::keep},
    {"increment", SerialPolicy::increment},
    {"unixtime", SerialPolicy::unixtime},
    {"date", SerialPolicy::date}};
constexpr std::array<std::pair<std::string_view, ZonemdMode>, 4> kZonemd = {
    std::pair{std::string_view{"off"}, ZonemdMode::off},
    {"verify", ZonemdMode::verify},
    {"require", ZonemdMode::require},
    {"generate", ZonemdMode::generate}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kDnssec = {
    std::pair{std::string_view{"off"}, false}, {"verify", true}};
constexpr std::array<std::pair<std::string_view, OnLowerSerial>, 2> kLower = {
    std::pair{std::string_view{"refuse"}, OnLowerSerial::refuse}, {"adopt", OnLowerSerial::adopt}};

void read_source(const MapReader& map, Loading& loading, ZoneDraft& draft) {
    const Node* node = map.find("source");
    if (node == nullptr) {
        return;
    }
    draft.settings.source_pattern.clear();
    draft.settings.source_directory.clear();
    draft.settings.primaries.clear();
    const MapReader source{*node, kSourceSchema, loading.role, loading.diagnostics};
    source.read("file", pattern_from_text, draft.settings.source_pattern);
    source.read("directory", path_from_text, draft.settings.source_directory);
    if (const Node* transfer = source.find("transfer")) {
        read_remotes_followed(source, "transfer", loading, draft);
        if (transfer->kind == NodeKind::sequence && transfer->items.empty()) {
            loading.diagnostics.error(transfer->mark, "'transfer' names at least one remote");
        }
    }
    const int kinds = static_cast<int>(source.has("file")) +
                      static_cast<int>(source.has("directory")) +
                      static_cast<int>(source.has("transfer"));
    if (source.is_map() && kinds != 1) {
        loading.diagnostics.error(node->mark,
                                  "a source is one of 'file', 'directory' and 'transfer'");
    }
    draft.source_failed = draft.settings.source_pattern.empty() &&
                          draft.settings.source_directory.empty() &&
                          draft.settings.primaries.empty();
}

Result<std::uint64_t> version_count(std::string_view text) {
    Result<std::uint64_t> count = count_from_text(text);
    return count && *count == 0 ? Result<std::uint64_t>{fail(Errc::usage, "at least 1")} : count;
}

void read_journal(const MapReader& map, Loading& loading, JournalLimits& limits) {
    const Node* node = map.find("journal");
    if (node == nullptr) {
        return;
    }
    const MapReader journal{*node, kJournalSchema, loading.role, loading.diagnostics};
    journal.read("max-versions", version_count, limits.max_versions);
    const Node* size = journal.find("max-size");
    if (size == nullptr) {
        return;
    }
    if (size->kind == NodeKind::scalar && size->text.ends_with('%')) {
        limits.max_bytes = 0;
        journal.read("max-size", percent_from_text, limits.max_share_percent);
    } else {
        journal.read("max-size", size_from_text, limits.max_bytes);
        // 0 octets would read as "by share".
        limits.max_share_percent = limits.max_bytes == 0 ? 0 : limits.max_share_percent;
    }
}

void read_clamp(const MapReader& map, const Schema& schema, std::string_view key, Loading& loading,
                Clamp& clamp) {
    const Node* node = map.find(key);
    if (node == nullptr) {
        return;
    }
    const MapReader reader{*node, schema, loading.role, loading.diagnostics};
    reader.read("min", duration_from_text, clamp.min);
    reader.read("max", duration_from_text, clamp.max);
    if (clamp.min > clamp.max) {
        loading.diagnostics.error(node->mark,
                                  fmt::format("'{}' has a min of {} s above its max of {} s", key,
                                              clamp.min.count(), clamp.max.count()));
    }
}

void read_notify(const MapReader& map, Loading& loading, ZoneSettings& zone) {
    std::vector<Node> remotes;
    zone.notify_ns_set = false;
    for (const Node& item : map.list("notify")) {
        if (item.kind != NodeKind::scalar || item.text != kNsSetWord) {
            remotes.push_back(item);
        } else if (std::exchange(zone.notify_ns_set, true)) {
            loading.diagnostics.error(item.mark,
                                      fmt::format("'{}' is twice in the list", kNsSetWord));
        }
    }
    zone.notify = remotes_named(remotes, loading);
}

void read_expire(const MapReader& map, Loading& loading, seconds& min) {
    if (const Node* node = map.find("expire")) {
        const MapReader reader{*node, kExpireSchema, loading.role, loading.diagnostics};
        reader.read("min", duration_from_text, min);
    }
}

bool is_fit(const Result<std::string>& path, Mark mark, Loading& loading) {
    if (!path) {
        loading.diagnostics.error(mark, path.error().detail());
    }
    return path.has_value();
}

// What all zones made of the draft share.
Zone finished(ZoneDraft& draft, const dns::Name& name) {
    if (!draft.finished) {
        auto settings = std::make_shared<ZoneSettings>(draft.settings);
        for (const RemotePtr& primary : settings->primaries) {
            if (!draft.has_allow_notify) {
                settings->allow_notify.push_back(rule_for(*primary));
            }
        }
        draft.finished = std::move(settings);
    }
    return Zone{name, draft.finished};
}

bool is_any(const IpAddress& address) {
    return address == IpAddress::v4({}) || address == IpAddress::v6({});
}

bool is_loopback(const IpAddress& address) {
    constexpr std::uint8_t kLoopbackNet = 127;  // RFC 1122 §3.2.1.3
    return address.is_v4()
               ? address.octets()[0] == kLoopbackNet
               : address == IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

// Who follows itself waits for ever.
void refuse_ourselves(const Zone& zone, Mark mark, Loading& loading) {
    for (const RemotePtr& primary : zone->primaries) {
        for (const Endpoint& theirs : primary->addresses) {
            const auto is_there = [&theirs](const Endpoint& ours) {
                return ours.port == theirs.port &&
                       (ours.address == theirs.address ||
                        (is_any(ours.address) && is_loopback(theirs.address)));
            };
            const std::vector<Endpoint>& listen =
                primary->tls ? loading.config.listen_tls : loading.config.listen;
            if (std::any_of(listen.begin(), listen.end(), is_there)) {
                loading.diagnostics.error(
                    mark, fmt::format("zone {} would follow this program itself: '{}' is {}, where "
                                      "it listens",
                                      zone.name.to_text(), primary->name, theirs.to_text()));
            }
        }
    }
}

// Another digest under the primary's serial would be another zone.
void refuse_generated(const Zone& zone, Mark mark, Loading& loading) {
    if (zone->zonemd == ZonemdMode::generate) {
        loading.diagnostics.error(
            mark, fmt::format("zone {} comes by transfer and keeps its content; 'zonemd: "
                              "generate' is for zones from files",
                              zone.name.to_text()));
    }
}

bool check_source(const ZoneDraft& draft, const Zone& zone, Mark mark, Loading& loading) {
    if (draft.source_failed || draft.primaries_failed) {
        return false;
    }
    if (zone.is_followed()) {
        if (zone->serial_policy != SerialPolicy::keep) {
            loading.diagnostics.error(
                mark, fmt::format("zone {} comes by transfer and keeps its serials; "
                                  "'serial-policy' is for zones from files",
                                  zone.name.to_text()));
        }
        refuse_generated(zone, mark, loading);
        refuse_ourselves(zone, mark, loading);
        return true;
    }
    if (!zone.has_source_file()) {
        loading.diagnostics.error(
            mark,
            fmt::format("zone {} has no 'source'; for example source: {{ file: /etc/bind/db.%s }}",
                        zone.name.to_text()));
        return false;
    }
    return is_fit(zone->source_directory.empty()
                      ? fill_path_pattern(zone->source_pattern, zone.name)
                      : zone_file_in(zone->source_directory, zone.name),
                  mark, loading);
}

bool check_primaries(const ZoneDraft& draft, const Zone& zone, Mark mark, Loading& loading) {
    if (draft.primaries_failed) {
        return false;
    }
    if (!zone.is_followed()) {
        loading.diagnostics.error(
            mark, fmt::format("zone {} has no 'primaries' to follow", zone.name.to_text()));
        return false;
    }
    refuse_generated(zone, mark, loading);
    refuse_ourselves(zone, mark, loading);
    return zone->output.mode != OutputMode::file ||
           is_fit(fill_path_pattern(zone->output_pattern, zone.name), mark, loading);
}

}  // namespace

void read_remotes_followed(const MapReader& map, std::string_view key, Loading& loading,
                           ZoneDraft& draft) {
    const std::span<const Node> names = map.list(key);
    draft.settings.primaries = remotes_named(names, loading);
    draft.primaries_failed = draft.settings.primaries.size() < names.size();
    for (const RemotePtr& remote : draft.settings.primaries) {
        if (remote->tls && !remote->tls->proves_server()) {
            loading.diagnostics.error(
                map.key_mark(key),
                fmt::format("'{}' is asked over TLS, but tls '{}' has neither 'server-name' nor "
                            "'pin' to know it by",
                            remote->name, remote->tls->name));
        }
    }
}

void read_settings(const MapReader& map, Loading& loading, ZoneDraft& draft) {
    ZoneSettings& zone = draft.settings;
    draft.finished.reset();
    if (loading.role == Role::primary) {
        read_source(map, loading, draft);
        map.read_choice("serial-policy", kPolicies, zone.serial_policy);
    } else {
        if (map.has("primaries")) {
            read_remotes_followed(map, "primaries", loading, draft);
        }
        read_output(map, loading, draft);
    }
    map.read_choice("on-lower-serial", kLower, zone.on_lower_serial);
    if (map.has("notify")) {
        read_notify(map, loading, zone);
    }
    if (map.has("allow-transfer")) {
        zone.allow_transfer = rules_of(map.list("allow-transfer"), loading);
    }
    if (map.has("allow-notify")) {
        zone.allow_notify = rules_of(map.list("allow-notify"), loading);
        draft.has_allow_notify = true;
    }
    read_journal(map, loading, zone.journal);
    read_clamp(map, kRefreshSchema, "refresh", loading, zone.refresh);
    read_clamp(map, kRetrySchema, "retry", loading, zone.retry);
    read_expire(map, loading, zone.expire_min);
    map.read_choice("zonemd", kZonemd, zone.zonemd);
    map.read_choice("dnssec", kDnssec, zone.dnssec);
    map.read("verify-interval", duration_from_text, zone.verify_interval);
    read_guard(map, loading, zone.guard);
    read_hooks(map, loading, zone.hooks);
}

std::optional<Zone> zone_with(ZoneDraft& draft, const dns::Name& name, Mark mark,
                              Loading& loading) {
    Zone zone = finished(draft, name);
    const bool is_whole = loading.role == Role::primary
                              ? check_source(draft, zone, mark, loading)
                              : check_primaries(draft, zone, mark, loading);
    return is_whole ? std::optional{std::move(zone)} : std::nullopt;
}

std::optional<Zone> followed_zone_with(ZoneDraft& draft, const dns::Name& name, Mark mark,
                                       Loading& loading) {
    Zone zone = finished(draft, name);
    if (!check_primaries(draft, zone, mark, loading)) {
        return std::nullopt;
    }
    return zone;
}

}  // namespace twinzone::config
