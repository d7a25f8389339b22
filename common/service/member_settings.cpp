#include "common/service/member_settings.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/config/file_text.h"
#include "common/config/member_zone.h"
#include "common/config/values.h"

namespace twinzone::service {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 30;

// Zones that a configuration names itself.
class WrittenZones final : public zone::ConfiguredZones {
  public:
    explicit WrittenZones(const config::Config& config) : config_(config) {}
    [[nodiscard]] bool is_configured(const dns::Name& zone) const override {
        return std::any_of(config_.zones.begin(), config_.zones.end(),
                           [&](const config::Zone& each) { return each.name == zone; });
    }

  private:
    const config::Config& config_;
};

}  // namespace

Result<config::Zone> MemberSettings::of(const config::Config& config,
                                        const config::Catalog& catalog,
                                        const zone::Membership& membership) {
    config::MemberProperties properties{.groups = membership.member.groups, .primaries = {}};
    for (const zone::CatalogPrimary& primary : membership.member.primaries) {
        if (config::RemotePtr asked = remote(config, primary)) {
            properties.primaries.push_back(std::move(asked));
        }
    }
    return config::member_zone(config, catalog, membership.member.zone, properties);
}

// Null for one with a key that is not here: it is not asked at all, least of all unsigned.
config::RemotePtr MemberSettings::remote(const config::Config& config,
                                         const zone::CatalogPrimary& primary) {
    const Endpoint endpoint{.address = primary.address, .port = config::kDnsPort};
    const auto [at, is_new] = remotes_.try_emplace({endpoint.to_text(), primary.key});
    if (!is_new) {
        return at->second;
    }
    config::Remote remote;
    remote.name = endpoint.to_text();
    remote.addresses = {endpoint};
    if (!primary.key.empty()) {
        const Result<dns::Name> key = dns::Name::from_text(primary.key);
        remote.key = key ? config.keys.find(*key) : nullptr;
        remote.name += fmt::format(" key {}", primary.key);
        if (remote.key == nullptr) {
            problems_.push_back(fmt::format(
                "a catalog names the primary {} with key {}, which is not among 'keys': "
                "it is not asked",
                endpoint.to_text(), primary.key));
            return nullptr;
        }
    }
    at->second = std::make_shared<const config::Remote>(std::move(remote));
    return at->second;
}

std::vector<config::Catalog> consumed_catalogs(const config::Config& config) {
    std::vector<config::Catalog> consumed;
    for (const config::Catalog& catalog : config.catalogs) {
        if (catalog.role == config::CatalogRole::consumer) {
            consumed.push_back(catalog);
        }
    }
    return consumed;
}

std::vector<zone::CatalogRules> rules_of(const std::vector<config::Catalog>& catalogs) {
    std::vector<zone::CatalogRules> rules;
    for (const config::Catalog& catalog : catalogs) {
        zone::CatalogRules& rule =
            rules.emplace_back(zone::CatalogRules{.catalog = catalog.zone, .grace = catalog.grace});
        if (catalog.max_removals) {
            rule.limit = zone::RemovalLimit{.count = catalog.max_removals->count,
                                            .is_percent = catalog.max_removals->is_percent};
        }
    }
    return rules;
}

std::string members_file(const config::Config& config) {
    return config.store_path + "/members";
}

std::vector<config::Zone> saved_members(const config::Config& config) {
    const std::vector<config::Catalog> consumed = consumed_catalogs(config);
    const Result<config::FileText> file = config::read_file(members_file(config), kMaxFileBytes);
    if (consumed.empty() || !file) {
        return {};
    }
    zone::MembershipBook book;
    const WrittenZones written{config};
    book.configure(rules_of(consumed), written, UnixTime{});
    std::vector<config::Zone> zones;
    if (!book.restore(file->text, written)) {
        return zones;
    }
    MemberSettings settings;
    for (const auto& [zone, membership] : book.members()) {
        Result<config::Zone> member = settings.of(config, consumed[membership.catalog], membership);
        if (member) {
            zones.push_back(std::move(*member));
        }
    }
    return zones;
}

}  // namespace twinzone::service
