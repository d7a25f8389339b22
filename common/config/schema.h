// The keys of every map in the configuration file, and which of them this version reads for which
// role.
#pragma once

#include <algorithm>
#include <array>

#include "common/config/map_reader.h"

namespace twinzone::config {

inline constexpr KeySpec kTopKeys[] = {
    {"version"}, {"server"},  {"store"},  {"control"},   {"web"},   {"log"},        {"keys"},
    {"tls"},     {"remotes"}, {"limits"}, {"templates"}, {"zones"}, {"zones-file"}, {"catalogs"},
};
inline constexpr KeySpec kServerKeys[] = {
    {"listen"}, {"listen-tls"}, {"tls"}, {"user"}, {"threads"}, {"proxy-from"}, {"nsid"},
};
inline constexpr KeySpec kStoreKeys[] = {{"path"}, {"max-size"}, {"shared", KeyUse::primary_only}};
inline constexpr KeySpec kSharedKeys[] = {{"postgresql"},   {"name"},     {"take-over"},
                                          {"max-versions"}, {"max-size"}, {"max-age"}};
inline constexpr KeySpec kControlKeys[] = {{"socket"}, {"group"}};
inline constexpr KeySpec kLogKeys[] = {{"target"}, {"level"}, {"format"}};
inline constexpr KeySpec kKeyKeys[] = {{"name"}, {"algorithm"}, {"secret"}, {"secret-file"}};
inline constexpr KeySpec kTlsKeys[] = {{"name"},        {"cert"}, {"key"},        {"ca"},
                                       {"server-name"}, {"pin"},  {"client-name"}};
inline constexpr KeySpec kRemoteKeys[] = {{"name"}, {"addresses"}, {"key"}, {"via"}, {"tls"}};
inline constexpr KeySpec kLimitKeys[] = {
    {"zone-records"}, {"zone-bytes"},    {"transfers-in"},  {"transfers-out"},
    {"per-remote"},   {"transfer-time"}, {"transfer-idle"}, {"min-rate"},
    {"soa-rate"},     {"notify-rate"},   {"tcp-clients"},   {"tcp-idle"},
};
inline constexpr KeySpec kRuleKeys[] = {{"address"}, {"key"}, {"tls"}};
inline constexpr KeySpec kSourceKeys[] = {{"file"}, {"directory"}, {"transfer"}};
inline constexpr KeySpec kOutputKeys[] = {{"mode"},    {"path"},   {"reload"},
                                          {"command"}, {"verify"}, {"timeout"}};
inline constexpr KeySpec kCatalogKeys[] = {{"zone"},     {"role"},  {"primaries"},
                                           {"template"}, {"grace"}, {"max-removals"}};
inline constexpr KeySpec kWebKeys[] = {{"listen"}};
inline constexpr KeySpec kGuardKeys[] = {{"max-delete"}, {"min-records"}};
inline constexpr KeySpec kHookKeys[] = {{"on"}, {"exec"}, {"timeout"}};
inline constexpr KeySpec kJournalKeys[] = {{"max-versions"}, {"max-size"}};
inline constexpr KeySpec kClampKeys[] = {{"min"}, {"max"}};
inline constexpr KeySpec kFloorKeys[] = {{"min"}};

// What a template and a zone's entry have in common.
inline constexpr std::array kSettingKeys = std::to_array<KeySpec>({
    {"source", KeyUse::primary_only},
    {"serial-policy", KeyUse::primary_only},
    {"primaries", KeyUse::secondary_only},
    {"on-lower-serial"},
    {"output", KeyUse::secondary_only},
    {"notify"},
    {"allow-transfer"},
    {"allow-notify"},
    {"journal"},
    {"refresh"},
    {"retry"},
    {"expire"},
    {"zonemd"},
    {"dnssec"},
    {"verify-interval"},
    {"guard"},
    {"hooks"},
});

template <std::size_t N>
constexpr auto with_settings(const std::array<KeySpec, N>& own) {
    std::array<KeySpec, N + kSettingKeys.size()> all{};
    std::copy(own.begin(), own.end(), all.begin());
    std::copy(kSettingKeys.begin(), kSettingKeys.end(), all.begin() + N);
    return all;
}
inline constexpr std::array kTemplateKeys = with_settings(std::array<KeySpec, 1>{{{"name"}}});
inline constexpr std::array kZoneKeys =
    with_settings(std::array<KeySpec, 2>{{{"zone"}, {"template"}}});

inline constexpr Schema kTopSchema{"the configuration", kTopKeys};
inline constexpr Schema kServerSchema{"'server'", kServerKeys};
inline constexpr Schema kStoreSchema{"'store'", kStoreKeys};
inline constexpr Schema kSharedSchema{"'shared'", kSharedKeys};
inline constexpr Schema kControlSchema{"'control'", kControlKeys};
inline constexpr Schema kWebSchema{"'web'", kWebKeys};
inline constexpr Schema kGuardSchema{"'guard'", kGuardKeys};
inline constexpr Schema kHookSchema{"an entry of 'hooks'", kHookKeys};
inline constexpr Schema kCatalogSchema{"an entry of 'catalogs'", kCatalogKeys};
inline constexpr Schema kLogSchema{"'log'", kLogKeys};
inline constexpr Schema kKeySchema{"an entry of 'keys'", kKeyKeys};
inline constexpr Schema kTlsSchema{"an entry of 'tls'", kTlsKeys};
inline constexpr Schema kRemoteSchema{"an entry of 'remotes'", kRemoteKeys};
inline constexpr Schema kLimitsSchema{"'limits'", kLimitKeys};
inline constexpr Schema kTemplateSchema{"an entry of 'templates'", kTemplateKeys};
inline constexpr Schema kZoneSchema{"an entry of 'zones'", kZoneKeys};
inline constexpr Schema kRuleSchema{"an access rule", kRuleKeys};
inline constexpr Schema kSourceSchema{"'source'", kSourceKeys};
inline constexpr Schema kOutputSchema{"'output'", kOutputKeys};
inline constexpr Schema kJournalSchema{"'journal'", kJournalKeys};
inline constexpr Schema kRefreshSchema{"'refresh'", kClampKeys};
inline constexpr Schema kRetrySchema{"'retry'", kClampKeys};
inline constexpr Schema kExpireSchema{"'expire'", kFloorKeys};

// Where a misplaced key is looked for, in this order.
inline constexpr std::array kSchemas = {
    kTopSchema,    kServerSchema,   kStoreSchema,  kSharedSchema, kControlSchema, kLogSchema,
    kLimitsSchema, kTemplateSchema, kRemoteSchema, kKeySchema,    kTlsSchema,     kOutputSchema,
    kSourceSchema, kJournalSchema,  kWebSchema,    kGuardSchema,  kHookSchema,    kCatalogSchema,
};

}  // namespace twinzone::config
