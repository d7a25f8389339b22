#include "common/service/catalogs.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/file_replacement.h"
#include "common/config/file_text.h"
#include "common/service/catalog_text.h"
#include "common/service/daemon.h"
#include "common/zone/page_records.h"

namespace twinzone::service {

namespace {

using observe::Level;

// Zones that come or go in one turn of the loop: a few milliseconds.
constexpr std::size_t kTasksAtOnce = 100;

constexpr Duration kRetry = seconds{5};
constexpr std::size_t kMaxStateBytes = std::size_t{4} << 30;

// Zones that a new configuration names itself.
class NamedZones final : public zone::ConfiguredZones {
  public:
    explicit NamedZones(const std::vector<config::Zone>& zones) {
        names_.reserve(zones.size());
        for (const config::Zone& zone : zones) {
            names_.insert(zone.name);
        }
    }
    [[nodiscard]] bool is_configured(const dns::Name& zone) const override {
        return names_.contains(zone);
    }

  private:
    std::unordered_set<dns::Name, dns::NameHash> names_;
};

Reason reason_of(zone::MemberChange change) {
    switch (change) {
        case zone::MemberChange::added: return Reason::member_added;
        case zone::MemberChange::changed: return Reason::member_changed;
        case zone::MemberChange::reset: return Reason::member_reset;
        case zone::MemberChange::moved: return Reason::member_moved;
        case zone::MemberChange::leaving: return Reason::member_leaving;
        case zone::MemberChange::back: return Reason::member_back;
        case zone::MemberChange::removed: return Reason::member_removed;
    }
    TWINZONE_UNREACHABLE();
}

Result<zone::CatalogContent> read_from(const dns::Name& catalog, const zone::Snapshot& snapshot) {
    zone::PageRecords records{snapshot.pages()};
    return zone::read_catalog(catalog, records);
}

}  // namespace

// A catalog's version on its way from the store.
struct Catalogs::Reading {
    dns::Name catalog;
    std::string version;  // its digest
    dns::Serial serial{0};
    std::optional<Result<zone::CatalogContent>> content{};
};

Catalogs::Catalogs(Daemon& daemon, Program program)
    : daemon_(daemon),
      program_(std::move(program)),
      grace_timer_(daemon.loop()),
      retry_timer_(daemon.loop()) {
    daemon_.use_catalogs(this);
}

Catalogs::~Catalogs() {
    daemon_.use_catalogs(nullptr);
}

bool Catalogs::is_configured(const dns::Name& zone) const {
    return daemon_.serves(zone) && !served_.contains(zone);
}

void Catalogs::start() {
    consumed_ = consumed_catalogs(daemon_.config());
    book_.configure(rules_of(consumed_), *this, daemon_.loop().now().unix);
    if (consumed_.empty()) {
        return;
    }
    restore();
    for (const config::Catalog& catalog : consumed_) {
        const Result<std::shared_ptr<const zone::Snapshot>> snapshot =
            daemon_.store().snapshot(catalog.zone);
        if (snapshot) {
            const zone::Version& version = (*snapshot)->version();
            take({.catalog = catalog.zone,
                  .version = version.digest.to_text(),
                  .serial = version.serial(),
                  .content = read_from(catalog.zone, **snapshot)});
        }
    }
    // Those whose content is dropped first come when that is done.
    std::unordered_set<dns::Name, dns::NameHash> later;
    for (const Task& task : tasks_) {
        if (task.change == zone::MemberChange::reset) {
            later.insert(task.zone);
        }
    }
    for (const auto& [zone, membership] : book_.members()) {
        if (!later.contains(zone)) {
            put(zone);
        }
    }
    arm_grace();
}

// What was saved of catalogs that are ours no more is passed over.
void Catalogs::restore() {
    const Result<config::FileText> file =
        config::read_file(members_file(daemon_.config()), kMaxStateBytes);
    if (file && !book_.restore(file->text, *this)) {
        daemon_.log().server(Level::error,
                             fmt::format("{} is damaged; the members of catalogs are those that "
                                         "the catalogs in the store list",
                                         members_file(daemon_.config())));
    }
}

void Catalogs::append_members(std::vector<config::Zone>& zones) {
    consumed_ = consumed_catalogs(daemon_.config());
    settings_ = {};
    const std::vector<zone::MemberEvent> events =
        book_.configure(rules_of(consumed_), NamedZones{zones}, daemon_.loop().now().unix);
    served_.clear();
    for (const auto& [zone, membership] : book_.members()) {
        std::optional<config::Zone> settings = settings_of(membership);
        if (settings && !dropping_.contains(zone)) {
            zones.push_back(std::move(*settings));
            served_.insert(zone);
        }
    }
    is_dirty_ = true;
    enqueue(events);
    for (const config::Catalog& catalog : consumed_) {
        read(catalog.zone);
    }
    arm_grace();
}

bool Catalogs::give_up(const dns::Name& zone) {
    if (served_.erase(zone) == 0) {
        return false;
    }
    enqueue(book_.configure(rules_of(consumed_), *this, daemon_.loop().now().unix));
    is_dirty_ = true;
    return true;
}

void Catalogs::handle_published(const dns::Name& zone) {
    if (book_.place_of(zone)) {
        read(zone);
    }
}

// On the pool; one version of a catalog at a time.
void Catalogs::read(const dns::Name& catalog) {
    const auto [at, is_new] = reading_.try_emplace(catalog, false);
    if (!is_new) {
        at->second = true;
        return;
    }
    Result<std::shared_ptr<const zone::Snapshot>> snapshot = daemon_.store().snapshot(catalog);
    if (!snapshot) {
        reading_.erase(at);
        return;
    }
    const zone::Version& version = (*snapshot)->version();
    auto reading = std::make_shared<Reading>(Reading{
        .catalog = catalog, .version = version.digest.to_text(), .serial = version.serial()});
    daemon_.loop().work(
        [reading, snapshot = *snapshot] {
            reading->content.emplace(read_from(reading->catalog, *snapshot));
        },
        [this, reading] {
            const bool again = reading_.at(reading->catalog);
            reading_.erase(reading->catalog);
            take(*reading);
            if (again) {
                read(reading->catalog);
            }
            save();
        });
}

void Catalogs::take(const Reading& reading) {
    const std::optional<std::size_t> place = book_.place_of(reading.catalog);
    TWINZONE_ASSERT(reading.content);
    if (!place) {
        return;
    }
    if (!*reading.content) {  // the store heals damage by fetching the zone anew
        daemon_.events().record(daemon_.loop().now(), reading.catalog, Reason::catalog_broken,
                                {.detail = reading.content->error().detail()});
        return;
    }
    const zone::MembershipBook::Outcome outcome =
        book_.take(*place, **reading.content, reading.version, *this, daemon_.loop().now().unix);
    tell(reading, *place, outcome);
    is_dirty_ = true;
    enqueue(outcome.events);
    arm_grace();
}

void Catalogs::tell(const Reading& reading, std::size_t place,
                    const zone::MembershipBook::Outcome& outcome) {
    const Now now = daemon_.loop().now();
    const dns::Name& catalog = reading.catalog;
    const zone::MembershipBook::View view = book_.view(place);
    switch (outcome.verdict) {
        case zone::CatalogVerdict::applied:
            daemon_.handle_well(catalog, Trouble::catalog);
            daemon_.events().record(now, catalog, Reason::catalog_applied,
                                    {.note = fmt::format("{} members, {} of them changed",
                                                         view.members, outcome.events.size())});
            if (view.clash_count > 0) {
                daemon_.events().record(now, catalog, Reason::catalog_clash,
                                        {.note = clash_text(view)});
            }
            return;
        case zone::CatalogVerdict::broken:
            daemon_.events().record(now, catalog, Reason::catalog_broken, {.detail = view.broken});
            daemon_.handle_trouble(catalog, Trouble::catalog,
                                   fmt::format("the catalog is broken: {}", view.broken));
            return;
        case zone::CatalogVerdict::held:
            daemon_.events().record(now, catalog, Reason::catalog_held,
                                    {.detail = held_text(view)});
            daemon_.hook_runner().handle_held(
                catalog, reading.serial, fmt::format("its members are held: {}", held_text(view)));
            return;
        case zone::CatalogVerdict::rejected: return;
    }
}

void Catalogs::enqueue(const std::vector<zone::MemberEvent>& events) {
    for (const zone::MemberEvent& event : events) {
        tasks_.push_back({.zone = event.zone, .change = event.change});
        daemon_.events().record(daemon_.loop().now(), event.zone, reason_of(event.change),
                                {.note = fmt::format("catalog {}", event.catalog.to_text())});
    }
    if (!std::exchange(is_working_, true)) {
        daemon_.loop().post([this] { work(); });
    }
}

// A few zones at a time, so that nobody waits behind ten thousand that come.
void Catalogs::work() {
    for (std::size_t i = 0; i < kTasksAtOnce && !tasks_.empty(); ++i) {
        const Task task = std::move(tasks_.front());
        tasks_.pop_front();
        run(task);
    }
    if (!tasks_.empty()) {
        daemon_.loop().post([this] { work(); });
        return;
    }
    is_working_ = false;
    save();
}

void Catalogs::run(const Task& task) {
    switch (task.change) {
        case zone::MemberChange::leaving: return;
        case zone::MemberChange::added:
        case zone::MemberChange::changed:
        case zone::MemberChange::moved:
        case zone::MemberChange::back: put(task.zone); return;
        case zone::MemberChange::reset:
            if (daemon_.is_promoted(task.zone)) {  // there is nobody to fetch it from
                return;
            }
            take_away(task.zone);
            drop(task.zone);
            return;
        case zone::MemberChange::removed:
            // What an operator has made our own stays until the next start, and in the store.
            if (book_.find(task.zone) == nullptr && !is_configured(task.zone) &&
                !daemon_.is_promoted(task.zone)) {
                take_away(task.zone);
                drop(task.zone);
            }
            return;
    }
}

void Catalogs::put(const dns::Name& zone) {
    const zone::Membership* membership = book_.find(zone);
    if (membership == nullptr || dropping_.contains(zone) || is_configured(zone)) {
        return;
    }
    const std::optional<config::Zone> settings = settings_of(*membership);
    if (!settings) {
        return;
    }
    served_.insert(zone);
    daemon_.put_zone(*settings);
    program_.put(*settings);
}

void Catalogs::take_away(const dns::Name& zone) {
    if (served_.erase(zone) > 0 && daemon_.serves(zone)) {
        program_.remove(zone);
        daemon_.remove_zone(zone);
    }
}

// RFC 9432 §5.3, §5.6: with all that was kept of it. Nothing is served meanwhile.
void Catalogs::drop(const dns::Name& zone) {
    if (!dropping_.insert(zone).second) {
        return;
    }
    daemon_.store().drop(zone, [this, zone](const Result<zone::Committed>& dropped) {
        dropping_.erase(zone);
        if (!dropped) {
            daemon_.log().zone(Level::error, zone.to_text(),
                               fmt::format("not dropped: {}", dropped.error().detail()));
        }
        put(zone);
        save();
    });
}

bool Catalogs::is_busy() const noexcept {
    return is_working_ || is_saving_ || !dropping_.empty() || !reading_.empty();
}

// Only what is done is saved: after a crash the rest is done again.
void Catalogs::save() {
    if (is_saving_ || is_working_ || !dropping_.empty()) {
        return;
    }
    if (!is_dirty_) {
        if (program_.on_idle && reading_.empty()) {
            program_.on_idle();
        }
        return;
    }
    is_dirty_ = false;
    is_saving_ = true;
    auto failed = std::make_shared<std::optional<Error>>();
    daemon_.loop().work(
        [failed, path = members_file(daemon_.config()), text = book_.to_text()] {
            Result<FileReplacement> file = FileReplacement::create(path);
            Result<void> done = file ? file->append(text) : fail(file.error());
            done = done ? file->finish() : std::move(done);
            if (!done) {
                failed->emplace(done.error());
            }
        },
        [this, failed] {
            is_saving_ = false;
            if (*failed) {
                daemon_.log().server(Level::error, fmt::format("members of catalogs not saved: {}",
                                                               (*failed)->detail()));
                is_dirty_ = true;
                retry_timer_.arm_after(kRetry, [this] { save(); });
                return;
            }
            save();
        });
}

void Catalogs::arm_grace() {
    const std::optional<UnixTime> next = book_.next_time();
    if (!next) {
        grace_timer_.cancel();
        return;
    }
    const seconds wait = std::max(seconds{0}, *next - daemon_.loop().now().unix);
    grace_timer_.arm_after(wait, [this] {
        const std::vector<zone::MemberEvent> events =
            book_.handle_time(*this, daemon_.loop().now().unix);
        is_dirty_ = is_dirty_ || !events.empty();
        enqueue(events);
        arm_grace();
    });
}

std::optional<config::Zone> Catalogs::settings_of(const zone::Membership& membership) {
    Result<config::Zone> settings =
        settings_.of(daemon_.config(), consumed_[membership.catalog], membership);
    for (const std::string& problem : settings_.take_problems()) {
        daemon_.log().server(Level::error, problem);
    }
    if (!settings) {
        daemon_.log().zone(Level::error, membership.member.zone.to_text(),
                           settings.error().detail());
        return std::nullopt;
    }
    return std::move(*settings);
}

}  // namespace twinzone::service
