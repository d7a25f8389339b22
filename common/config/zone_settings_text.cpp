// The settings of a zone as a template writes them.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/config/config_text.h"
#include "common/config/loading.h"
#include "common/config/zone_path.h"

namespace twinzone::config {

namespace {

std::string names_of(const std::vector<RemotePtr>& remotes, bool with_ns_set = false) {
    std::vector<std::string> names;
    names.reserve(remotes.size() + 1);
    for (const RemotePtr& remote : remotes) {
        names.push_back(remote_word(remote->name));
    }
    if (with_ns_set) {
        names.emplace_back(kNsSetWord);
    }
    return fmt::format("[{}]", fmt::join(names, ", "));
}

bool is_same(const AccessRule& a, const AccessRule& b) {
    return a.addresses == b.addresses && a.key == b.key && a.tls == b.tls;
}

std::string rule_text(const AccessRule& rule, const std::vector<RemotePtr>& remotes) {
    const auto remote =
        std::find_if(remotes.begin(), remotes.end(), [&rule](const RemotePtr& each) {
            return remote_word(each->name) == each->name && is_same(rule_for(*each), rule);
        });
    if (remote != remotes.end()) {
        return remote_word((*remote)->name);
    }
    std::vector<std::string> conditions;
    if (!rule.addresses.empty()) {
        std::vector<std::string> addresses;
        for (const IpPrefix& prefix : rule.addresses) {
            addresses.push_back(scalar_text(prefix.to_text()));
        }
        conditions.push_back(fmt::format("address: [{}]", fmt::join(addresses, ", ")));
    }
    if (rule.key) {
        conditions.push_back(fmt::format("key: {}", scalar_text(rule.key->name().to_text())));
    }
    if (rule.tls) {
        conditions.push_back(fmt::format("tls: {}", scalar_text(rule.tls->name)));
    }
    return fmt::format("{{ {} }}", fmt::join(conditions, ", "));
}

std::string rules_text(const std::vector<AccessRule>& rules,
                       const std::vector<RemotePtr>& remotes) {
    std::vector<std::string> texts;
    texts.reserve(rules.size());
    for (const AccessRule& rule : rules) {
        texts.push_back(rule_text(rule, remotes));
    }
    return fmt::format("[{}]", fmt::join(texts, ", "));
}

// With %s where the file is named after its zone, so that zones share a template.
std::string file_pattern(const Zone& zone) {
    const std::string file = zone.source_file();
    const std::filesystem::path path{file};
    const std::string folder = path.parent_path().string();
    const Result<std::string> usual = zone_file_in(folder, zone.name);
    const bool is_usual = usual && *usual == file;
    std::string pattern;
    for (const char c : is_usual ? folder : file) {
        pattern.append(c == '%' ? 2 : 1, c);
    }
    return is_usual ? pattern + "/%s.zone" : pattern;
}

std::string_view word_of(SerialPolicy policy) {
    switch (policy) {
        case SerialPolicy::keep: return "keep";
        case SerialPolicy::increment: return "increment";
        case SerialPolicy::unixtime: return "unixtime";
        case SerialPolicy::date: return "date";
    }
    TWINZONE_UNREACHABLE();
}

std::string_view word_of(ZonemdMode mode) {
    switch (mode) {
        case ZonemdMode::off: return "off";
        case ZonemdMode::verify: return "verify";
        case ZonemdMode::require: return "require";
        case ZonemdMode::generate: return "generate";
    }
    TWINZONE_UNREACHABLE();
}

std::string_view word_of(HookEvent event) {
    switch (event) {
        case HookEvent::committed: return "committed";
        case HookEvent::failed: return "failed";
        case HookEvent::held: return "held";
        case HookEvent::expired: return "expired";
    }
    TWINZONE_UNREACHABLE();
}

std::string hook_text(const Hook& hook) {
    std::vector<std::string> words;
    for (const std::string& word : hook.exec) {
        words.push_back(scalar_text(word));
    }
    std::vector<std::string_view> events;
    for (const HookEvent event : hook.on) {
        events.push_back(word_of(event));
    }
    return fmt::format("{{ on: [{}], exec: [{}], timeout: {} }}", fmt::join(events, ", "),
                       fmt::join(words, ", "), duration_text(hook.timeout));
}

class Lines {
  public:
    explicit Lines(std::string_view indent) : indent_(indent) {}

    void add(std::string_view key, std::string_view value) {
        text_ += fmt::format("{}{}: {}\n", indent_, key, value);
    }
    void add_clamp(std::string_view key, const Clamp& clamp, const Clamp& usual) {
        if (clamp.min != usual.min || clamp.max != usual.max) {
            add(key, fmt::format("{{ min: {}, max: {} }}", duration_text(clamp.min),
                                 duration_text(clamp.max)));
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string_view indent_;
    std::string text_;
};

void add_journal(const JournalLimits& journal, Lines& lines) {
    const JournalLimits usual;
    if (journal.max_versions == usual.max_versions && journal.max_bytes == usual.max_bytes &&
        journal.max_share_percent == usual.max_share_percent) {
        return;
    }
    const std::string size = journal.max_bytes == 0 && journal.max_share_percent != 0
                                 ? fmt::format("{}%", journal.max_share_percent)
                                 : size_text(journal.max_bytes);
    lines.add("journal",
              fmt::format("{{ max-versions: {}, max-size: {} }}", journal.max_versions, size));
}

// What only matters where the zone is followed.
void add_following(const Zone& zone, const std::vector<RemotePtr>& remotes, Lines& lines) {
    const ZoneSettings usual;
    if (zone->on_lower_serial == OnLowerSerial::adopt) {
        lines.add("on-lower-serial", "adopt");
    }
    lines.add("allow-notify", rules_text(zone->allow_notify, remotes));
    lines.add_clamp("refresh", zone->refresh, usual.refresh);
    lines.add_clamp("retry", zone->retry, usual.retry);
    if (zone->expire_min != usual.expire_min) {
        lines.add("expire", fmt::format("{{ min: {} }}", duration_text(zone->expire_min)));
    }
    if (zone->verify_interval != usual.verify_interval) {
        lines.add("verify-interval", duration_text(zone->verify_interval));
    }
}

}  // namespace

std::string zone_settings_text(const Zone& zone, const std::vector<RemotePtr>& remotes,
                               std::string_view indent) {
    Lines lines{indent};
    if (zone.is_followed()) {
        lines.add("source", fmt::format("{{ transfer: {} }}", names_of(zone->primaries)));
        add_following(zone, remotes, lines);
    } else {
        lines.add("source", fmt::format("{{ file: {} }}", scalar_text(file_pattern(zone))));
        if (zone->serial_policy != SerialPolicy::keep) {
            lines.add("serial-policy", word_of(zone->serial_policy));
        }
    }
    if (!zone->notify.empty() || zone->notify_ns_set) {
        lines.add("notify", names_of(zone->notify, zone->notify_ns_set));
    }
    if (!zone->allow_transfer.empty()) {
        lines.add("allow-transfer", rules_text(zone->allow_transfer, remotes));
    }
    if (zone->zonemd != ZonemdMode::off) {
        lines.add("zonemd", word_of(zone->zonemd));
    }
    if (zone->dnssec) {
        lines.add("dnssec", "verify");
    }
    add_journal(zone->journal, lines);
    if (zone->guard) {
        lines.add("guard", fmt::format("{{ max-delete: {}%, min-records: {} }}",
                                       zone->guard->max_delete_percent, zone->guard->min_records));
    }
    std::vector<std::string> hooks;
    for (const Hook& hook : zone->hooks) {
        hooks.push_back(hook_text(hook));
    }
    if (!hooks.empty()) {
        lines.add("hooks", fmt::format("[{}]", fmt::join(hooks, ", ")));
    }
    return lines.take();
}

}  // namespace twinzone::config
