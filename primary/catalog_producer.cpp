#include "primary/catalog_producer.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/service/catalogs.h"
#include "common/store/record_sorter.h"
#include "primary/serial_policy.h"

namespace twinzone::primary {

namespace {

// Many files are dropped into a folder at a time.
constexpr Duration kGather = milliseconds{200};

// How long a new zone may take to be read.
constexpr Duration kPatience = seconds{30};

constexpr Duration kRetry = seconds{5};
constexpr std::size_t kMaxGroupBytes = 255;

zone::Digest content_of(const zone::Version& version) {
    zone::Digest content = version.digest;
    content.remove(version.soa.record().view());
    return content;
}

zone::Digest digest_of(const zone::RecordList& records) {
    zone::Digest digest;
    for (std::size_t i = 0; i < records.size(); ++i) {
        digest.add(records[i]);
    }
    return digest;
}

// The name of the template, but for what every zone starts from.
std::string group_of(const config::Zone& zone) {
    return zone->template_name == "default" ? std::string{}
                                            : zone->template_name.substr(0, kMaxGroupBytes);
}

// What another catalog brought here is not listed again.
bool is_member(service::Daemon& daemon, const dns::Name& zone) {
    return daemon.catalogs() != nullptr && daemon.catalogs()->is_member(zone);
}

}  // namespace

CatalogProducer::CatalogProducer(service::Daemon& daemon)
    : daemon_(daemon), timer_(daemon.loop()), retry_timer_(daemon.loop()) {
    handle_change();
}

// Most primaries have no catalog, and may have very many zones to look at in vain.
bool CatalogProducer::has_catalogs() const {
    const std::vector<config::Catalog>& catalogs = daemon_.config().catalogs;
    return std::any_of(catalogs.begin(), catalogs.end(), [](const config::Catalog& catalog) {
        return catalog.role == config::CatalogRole::producer;
    });
}

void CatalogProducer::handle_change() {
    if (has_catalogs() && !timer_.is_armed()) {
        timer_.arm_after(kGather, [this] { make_all(); });
    }
}

void CatalogProducer::make_all() {
    if (!has_catalogs() || !daemon_.may_originate()) {  // not any more
        return;
    }
    look_at_zones();
    for (std::size_t place = 0; place < daemon_.zone_count(); ++place) {
        if (daemon_.settings_at(place).catalog == config::CatalogRole::producer) {
            make(daemon_.zone_at(place));
        }
    }
    if (!empty_.empty()) {
        retry_timer_.arm_after(kRetry, [this] { make_all(); });
    }
}

// Since when zones are without a version.
void CatalogProducer::look_at_zones() {
    const Instant now = daemon_.loop().now().instant;
    first_look_ = first_look_.value_or(now);
    auto before = std::exchange(empty_, {});
    for (const config::Zone& zone : daemon_.zones()) {
        const zone::ZoneState* state = daemon_.store().find(zone.name);
        if (!zone->catalog && (state == nullptr || !state->version)) {
            const auto known = before.find(zone.name);
            empty_.emplace(zone.name, known == before.end() ? now : known->second);
        }
    }
}

CatalogProducer::Listing CatalogProducer::list_zones(bool has_version) const {
    const Instant now = daemon_.loop().now().instant;
    Listing listing;
    for (const config::Zone& zone : daemon_.zones()) {
        if (zone->catalog || is_member(daemon_, zone.name)) {
            continue;
        }
        const auto empty = empty_.find(zone.name);
        const bool is_new = empty != empty_.end() && now - empty->second < kPatience &&
                            !(has_version && empty->second == first_look_);
        if (is_new) {
            listing.is_whole = false;
        } else {
            listing.zones.push_back({.zone = zone.name, .group = group_of(zone)});
        }
    }
    return listing;
}

void CatalogProducer::make(const config::Zone& catalog) {
    Made& made = made_[catalog.name];
    if (made.busy) {
        made.again = true;
        return;
    }
    const zone::ZoneState* state = daemon_.store().find(catalog.name);
    const bool has_version = state != nullptr && state->version;
    const Listing listing = list_zones(has_version);
    if (!has_version && !listing.is_whole) {
        return;
    }
    made.members = listing.zones.size();
    const zone::RecordList records = zone::catalog_records(catalog.name, listing.zones);
    if (has_version && content_of(*state->version) == digest_of(records)) {
        made.problem.clear();
        return;
    }
    submit(catalog, state, records);
}

void CatalogProducer::submit(const config::Zone& catalog, const zone::ZoneState* state,
                             const zone::RecordList& records) {
    const dns::Name name = catalog.name;
    store::RecordSorter sorter{daemon_.config().store_path};
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (Result<void> added = sorter.add(records[i]); !added) {
            handle_committed(name, fail(std::move(added).error()));
            return;
        }
    }
    Result<std::unique_ptr<store::SortedStream>> stream = sorter.finish();
    if (!stream) {
        handle_committed(name, fail(std::move(stream).error()));
        return;
    }
    const UnixTime now = daemon_.loop().now().unix;
    const bool has_version = state != nullptr && state->version;
    const auto base = has_version ? std::optional{state->version->serial()} : std::nullopt;
    const dns::Serial written{static_cast<std::uint32_t>(now.value())};
    const Result<dns::Serial> serial =
        choose_serial(config::SerialPolicy::unixtime, base, written, now);
    TWINZONE_ASSERT(serial);  // only `keep` refuses
    zone::Commit commit;
    commit.zone = name;
    commit.base = base;
    commit.change =
        zone::ReplaceWith{.soa = zone::catalog_soa(name, *serial), .records = std::move(*stream)};
    commit.timers = zone::ZoneTimers{.last_success = now, .expires = UnixTime{}};
    commit.source = "catalog";
    commit.now = now;
    made_[name].busy = true;
    daemon_.submit(std::move(commit), [this, name](const Result<zone::Committed>& committed) {
        made_[name].busy = false;
        handle_committed(name, committed);
    });
}

void CatalogProducer::handle_committed(const dns::Name& catalog,
                                       const Result<zone::Committed>& committed) {
    Made& made = made_[catalog];
    if (!committed && committed.error().code() == Errc::zone_frozen) {
        return;  // made anew when it is thawed
    }
    if (!committed) {
        made.problem = committed.error().detail();
        daemon_.events().record(daemon_.loop().now(), catalog, service::Reason::commit_failed,
                                {.detail = made.problem});
        retry_timer_.arm_after(kRetry, [this] { make_all(); });
        return;
    }
    made.problem.clear();
    observe::EventFacts facts;
    facts.to = committed->version->serial();
    facts.added = committed->added;
    facts.removed = committed->removed;
    facts.note = fmt::format("{} members", made.members);
    daemon_.events().record(daemon_.loop().now(), catalog, service::Reason::catalog_made,
                            std::move(facts));
    if (std::exchange(made.again, false)) {
        handle_change();
    }
}

void CatalogProducer::describe(control::ZoneStatus& status, const dns::Name& zone) const {
    const std::optional<config::Zone> settings = daemon_.zone_settings(zone);
    if (!settings || (*settings)->catalog != config::CatalogRole::producer) {
        return;
    }
    const auto made = made_.find(zone);
    status.source = "catalog of our zones";
    if (made != made_.end() && !made->second.problem.empty()) {
        status.state = control::ZoneState::failed;
        status.reason = made->second.problem;
    } else if (!status.serial) {
        status.state = control::ZoneState::loading;
        status.reason = "waits until our zones have been read";
    }
}

}  // namespace twinzone::primary
