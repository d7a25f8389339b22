#include "primary/zone_sources.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "common/config/zone_directory.h"
#include "common/service/catalogs.h"
#include "common/service/hold_text.h"
#include "primary/publication.h"
#include "primary/seen_files.h"
#include "primary/zone_sources_parts.h"

namespace twinzone::primary {

namespace {

using observe::Level;
using service::Reason;

// A file that is written in place is taken to be whole when nothing has changed for this long.
constexpr Duration kQuiet = milliseconds{100};

// Files read at a time: libuv's pool has four threads.
constexpr std::size_t kMaxLoads = 3;

// Files whose text is remembered: each has a descriptor.
constexpr std::size_t kMaxMemories = 256;

// Every file is looked at once in this many seconds even where the kernel tells nothing (network
// file systems).
constexpr std::size_t kPollRounds = 30;

// After the start, between two turns of the loop; no more wait to be read, for each takes memory.
constexpr std::size_t kLooksAtOnce = 256;
constexpr Duration kFullPause = milliseconds{2};

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    return folder.empty() ? "." : folder;
}

std::string path_in(const std::string& folder, std::string_view name) {
    return (std::filesystem::path{folder} / name).lexically_normal().string();
}

// Of a file, as a change in its folder is told.
std::string key_of(const std::string& path) {
    return path_in(folder_of(path), std::filesystem::path{path}.filename().string());
}

// In a folder under its zone's name: a change there names the zone.
bool is_named_after_zone(const config::Zone& zone) {
    return zone->source_file.empty() && !zone->source_directory.empty();
}

std::string seen_path(const service::Daemon& daemon) {
    return daemon.config().store_path + "/files.seen";
}

}  // namespace

ZoneSources::ZoneSources(service::Daemon& daemon)
    : daemon_(daemon),
      names_(daemon.names()),
      poll_timer_(daemon.loop()),
      first_timer_(daemon.loop()) {}

void ZoneSources::start() {
    is_started_ = true;
    take_seen();
    look_at_first();
    poll_some();
}

// A file is as good as read where it is what it was, and its version still what is in service.
void ZoneSources::take_seen() {
    for (const SeenFile& seen : take_seen_files(seen_path(daemon_))) {
        Source* source = find(seen.zone);
        const zone::ZoneState* state = daemon_.store().find(seen.zone);
        if (source != nullptr && state != nullptr && state->version &&
            state->version->digest == seen.version &&
            settings_[source->number]->serial_policy == seen.serial_policy &&
            settings_[source->number]->zonemd == seen.zonemd &&
            daemon_.store().hold(seen.zone) == nullptr) {
            source->taken = seen.file;
            source->ever_taken = true;
        }
    }
}

void ZoneSources::keep_seen() const {
    std::vector<SeenFile> all;
    all.reserve(sources_.size());
    for (const std::unique_ptr<Source>& source : sources_) {
        const config::Zone zone = zone_of(*source);
        const zone::ZoneState* state = daemon_.store().find(zone.name);
        const bool is_served =
            source->ever_taken && !source->busy && !source->rejected && !source->waits &&
            source->included().empty() && source->problem().empty() && !source->is_waiting() &&
            state != nullptr && state->version && daemon_.store().hold(zone.name) == nullptr;
        if (is_served) {
            all.push_back({.zone = zone.name,
                           .file = source->taken,
                           .version = state->version->digest,
                           .serial_policy = zone->serial_policy,
                           .zonemd = zone->zonemd});
        }
    }
    if (const Result<void> written = write_seen_files(seen_path(daemon_), all); !written) {
        daemon_.log().server(Level::notice, fmt::format("{}; the next start reads all zone files",
                                                        written.error().detail()));
    }
}

// So many at a time that peers are answered meanwhile.
void ZoneSources::look_at_first() {
    for (std::size_t count = 0;
         count < kLooksAtOnce && waiting_.size() < kLooksAtOnce && looked_at_ < sources_.size();
         ++count) {
        look(*sources_[looked_at_++]);
    }
    if (looked_at_ < sources_.size()) {
        const bool is_full = waiting_.size() >= kLooksAtOnce;
        first_timer_.arm_after(is_full ? kFullPause : Duration{0}, [this] { look_at_first(); });
    }
}

ZoneSources::Work& ZoneSources::work(Source& source) {
    if (!source.under_way) {
        source.under_way = std::make_unique<Work>(daemon_.loop());
    }
    return *source.under_way;
}

// Nothing is under way any more.
void ZoneSources::rest(Source& source) {
    const bool is_idle = source.under_way && !source.busy && !source.is_waiting() &&
                         source.problem().empty() && !source.memory() && !source.under_way->fresh;
    if (is_idle) {
        source.under_way.reset();
    }
}

ZoneSources::Source* ZoneSources::find(const dns::Name& zone) const {
    const std::optional<std::uint32_t> number = names_->find(zone);
    const std::uint32_t place = number ? by_zone_[*number] : 0;
    return place == 0 ? nullptr : sources_[place - 1].get();
}

ZoneSources::~ZoneSources() = default;

void ZoneSources::add(const config::Zone& zone) {
    if (!daemon_.serves(zone.name)) {
        daemon_.add_zone(zone);
    } else if (daemon_.catalogs() != nullptr && daemon_.catalogs()->give_up(zone.name)) {
        daemon_.put_zone(zone);
    } else {
        return;
    }
    put(zone);
}

void ZoneSources::put(const config::Zone& zone) {
    Source* known = find(zone.name);
    if (known != nullptr && zone_of(*known).source_file() == zone.source_file()) {
        Source& source = *known;
        forget_files(source);
        settings_.set(source.number, zone.settings());
        watch_files(source);
        source.ever_taken = false;  // what was judged by other settings is judged anew
        look(source);
        return;
    }
    remove(zone.name);
    if (!zone.has_source_file()) {  // by transfer, or a catalog of ours
        return;
    }
    const std::uint32_t number = names_->add(zone.name);
    sources_.push_back(std::make_unique<Source>(number));
    Source& source = *sources_.back();
    by_zone_.at(number) = static_cast<std::uint32_t>(sources_.size());
    settings_.set(number, zone.settings());
    watch_files(source);
    if (is_started_) {
        look(source);
    }
}

void ZoneSources::remove(const dns::Name& zone) {
    Source* known = find(zone);
    if (known == nullptr) {
        return;
    }
    Source& source = *known;
    const std::size_t place = by_zone_[source.number] - std::size_t{1};
    forget_files(source);
    by_zone_.at(source.number) = 0;
    settings_.set(source.number, nullptr);
    set_memory(source, nullptr);
    if (source.under_way) {
        source.under_way->timer.cancel();
    }
    source.gone = true;
    const auto queued = std::find(waiting_.begin(), waiting_.end(), &source);
    if (queued != waiting_.end()) {
        waiting_.erase(queued);
        source.busy = false;
    }
    leaving_.push_back(std::move(sources_[place]));
    std::swap(sources_[place], sources_.back());
    sources_.pop_back();
    if (place < sources_.size()) {
        by_zone_.at(sources_[place]->number) = static_cast<std::uint32_t>(place + 1);
        if (is_started_ && !sources_[place]->ever_taken) {
            look(*sources_[place]);  // its turn may have been at the old place
        }
    }
    if (!source.busy) {
        bury(source);
    }
}

// True where the source was removed; it is no more then. For what comes back from pool or store.
bool ZoneSources::bury(Source& source) {
    if (!source.gone) {
        return false;
    }
    std::erase_if(leaving_, [&](const auto& each) { return each.get() == &source; });
    return true;
}

void ZoneSources::handle_reloaded() {
    directories_.clear();
    for (const config::Config::Directory& directory : daemon_.config().directories) {
        add_directory(directory);
    }
    for (const std::unique_ptr<Source>& source : sources_) {
        source->ever_taken = source->ever_taken && source->problem().empty();
        look(*source);
    }
}

void ZoneSources::watch_file(Source& source, const std::string& path) {
    by_path_.emplace(key_of(path), &source);
    watch(folder_of(path));
}

void ZoneSources::watch_files(Source& source) {
    const config::Zone zone = zone_of(source);
    if (!is_named_after_zone(zone)) {
        watch_file(source, zone.source_file());
    }
    for (const std::string& file : source.included()) {
        watch_file(source, file);
    }
}

void ZoneSources::forget_files(const Source& source) {
    std::vector<std::string> files = source.included();
    const config::Zone zone = zone_of(source);
    if (!is_named_after_zone(zone)) {
        files.push_back(zone.source_file());
    }
    for (const std::string& file : files) {
        auto [at, last] = by_path_.equal_range(key_of(file));
        while (at != last) {
            at = at->second == &source ? by_path_.erase(at) : std::next(at);
        }
    }
}

void ZoneSources::add_directory(const config::Config::Directory& directory) {
    directories_.push_back(directory);
    watch(directory.path);
    scan(directory);
}

void ZoneSources::scan(const config::Config::Directory& directory) {
    const Result<config::DirectoryZones> found = config::zones_of(directory);
    if (!found) {
        daemon_.log().server(Level::error, found.error().detail());
        return;
    }
    for (const std::string& skipped : found->skipped) {
        daemon_.log().server(Level::warning, skipped);
    }
    for (const config::Zone& zone : found->zones) {
        add(zone);
    }
}

void ZoneSources::watch(const std::string& folder) {
    if (watchers_.contains(folder)) {
        return;
    }
    Result<std::unique_ptr<net::FileWatcher>> watcher = net::FileWatcher::watch(
        daemon_.loop(), folder,
        [this, folder](std::string_view name) { handle_change(folder, name); });
    if (!watcher) {
        daemon_.log().server(Level::warning, fmt::format("{}; its files are looked at every {} s",
                                                         watcher.error().detail(), kPollRounds));
    }
    watchers_.emplace(folder, watcher ? std::move(*watcher) : nullptr);
}

void ZoneSources::handle_change(const std::string& folder, std::string_view name) {
    const auto [first, last] = by_path_.equal_range(path_in(folder, name));
    std::vector<Source*> changed;
    for (auto at = first; at != last; ++at) {
        changed.push_back(at->second);
    }
    if (name.empty()) {  // the kernel lost count: look at all
        for (const std::unique_ptr<Source>& source : sources_) {
            changed.push_back(source.get());
        }
    }
    for (const config::Config::Directory& directory : directories_) {
        if (name.empty() || directory.path != folder) {
            continue;
        }
        const Result<std::optional<config::Zone>> zone = config::zone_in(directory, name);
        Source* source = zone && *zone ? find((*zone)->name) : nullptr;
        if (source != nullptr && is_named_after_zone(zone_of(*source)) &&
            is_named_after_zone(**zone)) {
            changed.push_back(source);
        }
    }
    for (Source* source : changed) {
        look(*source);
    }
    for (const config::Config::Directory& directory : directories_) {
        if (changed.empty() && directory.path == folder) {
            handle_new_file(directory, name);
        }
    }
}

// A file that is no zone's yet. Not every one is worth a look at the whole folder, which may have a
// hundred thousand: editors and generators write others beside it first.
void ZoneSources::handle_new_file(const config::Config::Directory& directory,
                                  std::string_view name) {
    const bool is_folder = name == std::filesystem::path{directory.path}.filename().string();
    if (name.empty() || is_folder) {
        scan(directory);
        return;
    }
    const Result<std::optional<config::Zone>> zone = config::zone_in(directory, name);
    if (!zone) {
        daemon_.log().server(Level::warning, zone.error().detail());
    } else if (*zone && std::filesystem::exists((*zone)->source_file())) {
        add(**zone);
    }
}

// Another primary's versions may have come since a file was read.
void ZoneSources::handle_origin() {
    for (const std::unique_ptr<Source>& source : sources_) {
        source->ever_taken = false;
        look(*source);
    }
}

void ZoneSources::look(Source& source) {
    if (!daemon_.may_originate()) {
        source.again = false;
        if (source.under_way) {
            source.under_way->timer.cancel();
            source.under_way->problem.clear();
        }
        return;
    }
    if (source.busy) {
        source.again = true;
        return;
    }
    const Result<SourceFingerprint> now = fingerprint_of(source);
    if (!now) {
        work(source).timer.cancel();
        source.ever_taken = false;  // whatever comes back is read
        set_problem(source, Reason::file_unreadable, now.error());
        return;
    }
    if (source.has_taken(*now)) {
        return;
    }
    if (is_frozen(source)) {
        source.waits = source.waits || source.ever_taken;
        return;
    }
    const bool replaced = !source.ever_taken || mark_of(now->file).which != source.taken.which;
    if (replaced && !source.is_waiting()) {
        enqueue(source, *now);
    } else {
        if (!source.is_waiting()) {
            record(source, Reason::file_settling);
        }
        settle(source, kQuiet, *now);
    }
}

// Waits until the file has not changed for `quiet`.
void ZoneSources::settle(Source& source, Duration quiet, const SourceFingerprint& seen) {
    work(source).timer.arm_after(quiet, [this, &source, quiet, seen] {
        const Result<SourceFingerprint> now = fingerprint_of(source);
        if (!now) {
            look(source);
        } else if (*now == seen) {
            enqueue(source, seen);
        } else {
            settle(source, quiet, *now);
        }
    });
}

void ZoneSources::enqueue(Source& source, const SourceFingerprint& seen) {
    work(source).timer.cancel();
    source.busy = true;
    source.again = false;
    source.lacked_newline = source.lacked_newline && work(source).seen == seen;
    work(source).seen = seen;
    waiting_.push_back(&source);
    start_loads();
}

void ZoneSources::start_loads() {
    while (loading_ < kMaxLoads && !waiting_.empty()) {
        Source& source = *waiting_.front();
        waiting_.pop_front();
        load(source);
    }
}

// The serials of versions that the file may hold already, of which only a sum is at hand.
std::vector<dns::Serial> ZoneSources::published_under(const Source& source) const {
    std::vector<dns::Serial> serials;
    const dns::NameView zone = names_->name(source.number);
    const zone::ZoneState* state = daemon_.store().find(zone);
    if (state != nullptr && state->version) {
        serials.push_back(state->version->serial());
    }
    const zone::ZoneHold* hold = daemon_.store().hold(zone);
    if (hold != nullptr && hold->held) {
        serials.push_back(hold->held->version.serial());
    }
    if (hold != nullptr && hold->rejected) {
        serials.push_back(hold->rejected->version.serial());
    }
    return serials;
}

void ZoneSources::load(Source& source) {
    ++loading_;
    const config::Zone zone = zone_of(source);
    LoadOptions options;
    options.zone = zone.name;
    options.file = zone.source_file();
    options.spill_directory = daemon_.config().store_path;
    options.max_records = daemon_.config().limits.zone_records;
    options.max_bytes = daemon_.config().limits.zone_bytes;
    options.makes_zonemd = zone->zonemd == config::ZonemdMode::generate;
    options.published_under = published_under(source);
    options.wants_digest = options.makes_zonemd || !options.published_under.empty();
    options.memory = source.memory();
    options.keeps_memory = options.memory || memories_ < kMaxMemories;
    auto reading = std::make_shared<Reading>();
    reading->has_digest = options.wants_digest;
    reading->began = daemon_.loop().now().unix;
    daemon_.loop().work(
        [reading, options] {
            reading->read.emplace(read_zone_file(options));
            reading->included = fingerprints(reading->read->included);
        },
        [this, &source, reading] {
            --loading_;
            source.busy = false;
            if (!bury(source)) {
                handle_read(source, *reading);
            }
            start_loads();
        });
}

void ZoneSources::poll_some() {
    const bool is_first_round = looked_at_ < sources_.size();
    const std::size_t share = is_first_round ? 0 : sources_.size() / kPollRounds + 1;
    for (std::size_t i = 0; i < std::min(share, sources_.size()); ++i) {
        next_poll_ = (next_poll_ + 1) % sources_.size();
        look(*sources_[next_poll_]);
    }
    poll_timer_.arm_after(seconds{1}, [this] { poll_some(); });
}

}  // namespace twinzone::primary
