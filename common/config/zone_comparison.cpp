#include "common/config/zone_comparison.h"

#include <algorithm>

#include "common/dns/tsig_digest.h"

namespace twinzone::config {

namespace {

bool same_clamp(const Clamp& a, const Clamp& b) {
    return a.min == b.min && a.max == b.max;
}

bool same_guard(const std::optional<Guard>& a, const std::optional<Guard>& b) {
    return a.has_value() == b.has_value() &&
           (!a ||
            (a->max_delete_percent == b->max_delete_percent && a->min_records == b->min_records));
}

bool same_hooks(const std::vector<Hook>& a, const std::vector<Hook>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Hook& x, const Hook& y) {
        return x.on == y.on && x.exec == y.exec && x.timeout == y.timeout;
    });
}

bool same_journal(const JournalLimits& a, const JournalLimits& b) {
    return a.max_versions == b.max_versions && a.max_bytes == b.max_bytes &&
           a.max_share_percent == b.max_share_percent;
}

}  // namespace

bool same_tls(const TlsPtr& a, const TlsPtr& b) {
    if (a == nullptr || b == nullptr) {
        return a == b;
    }
    return a->name == b->name && a->certificate == b->certificate && a->key == b->key &&
           a->ca == b->ca && a->server_name == b->server_name && a->pins == b->pins &&
           a->client_name == b->client_name;
}

bool ZoneComparison::same_key(const dns::TsigKeyPtr& a, const dns::TsigKeyPtr& b) {
    if (a == b || a == nullptr || b == nullptr) {
        return a == b;
    }
    const auto [at, is_new] = keys_.try_emplace({a.get(), b.get()}, false);
    if (is_new) {
        at->second = dns::same_key(*a, *b);
    }
    return at->second;
}

bool ZoneComparison::same_remote(const RemotePtr& a, const RemotePtr& b) {
    if (a == b || a == nullptr || b == nullptr) {
        return a == b;
    }
    const auto [at, is_new] = remotes_.try_emplace({a.get(), b.get()}, false);
    if (is_new) {
        at->second = a->name == b->name && a->addresses == b->addresses && a->via == b->via &&
                     same_key(a->key, b->key) && same_tls(a->tls, b->tls);
    }
    return at->second;
}

bool ZoneComparison::same_remotes(const std::vector<RemotePtr>& a,
                                  const std::vector<RemotePtr>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [this](const RemotePtr& x, const RemotePtr& y) { return same_remote(x, y); });
}

bool ZoneComparison::same_rules(const std::vector<AccessRule>& a,
                                const std::vector<AccessRule>& b) {
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(), [this](const AccessRule& x, const AccessRule& y) {
            return x.addresses == y.addresses && same_key(x.key, y.key) && same_tls(x.tls, y.tls);
        });
}

bool ZoneComparison::same_output(const Output& a, const Output& b) {
    return a.mode == b.mode && a.path == b.path && a.reload == b.reload && a.command == b.command &&
           same_remote(a.verify, b.verify) && a.verify_timeout == b.verify_timeout;
}

bool ZoneComparison::same_settings(const SettingsPtr& a, const SettingsPtr& b) {
    if (a == b) {
        return true;
    }
    const auto [at, is_new] = settings_.try_emplace({a, b}, false);
    if (is_new) {
        at->second = same(*a, *b);
    }
    return at->second;
}

bool ZoneComparison::same(const ZoneSettings& a, const ZoneSettings& b) {
    return a.template_name == b.template_name && a.catalog == b.catalog &&
           a.serial_policy == b.serial_policy && same_remotes(a.primaries, b.primaries) &&
           a.on_lower_serial == b.on_lower_serial && same_output(a.output, b.output) &&
           same_remotes(a.notify, b.notify) && a.notify_ns_set == b.notify_ns_set &&
           same_rules(a.allow_transfer, b.allow_transfer) &&
           same_rules(a.allow_notify, b.allow_notify) && same_journal(a.journal, b.journal) &&
           same_clamp(a.refresh, b.refresh) && same_clamp(a.retry, b.retry) &&
           a.expire_min == b.expire_min && a.verify_interval == b.verify_interval &&
           a.zonemd == b.zonemd && a.dnssec == b.dnssec && same_guard(a.guard, b.guard) &&
           same_hooks(a.hooks, b.hooks);
}

bool ZoneComparison::same(const Zone& a, const Zone& b) {
    return a.name == b.name && same_settings(a.settings(), b.settings()) &&
           (a.settings() == b.settings() ||
            (a.source_file() == b.source_file() && a.output_path() == b.output_path()));
}

}  // namespace twinzone::config
