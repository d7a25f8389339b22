#include "primary/zone_sources.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "common/config/zone_directory.h"
#include "common/service/hold_text.h"
#include "primary/publication.h"

namespace twinzone::primary {

namespace {

using observe::Level;
using service::Reason;

// A file that is written in place is taken to be whole when nothing has changed for this long; and
// for this long where its last line has no end.
constexpr Duration kQuiet = milliseconds{100};
constexpr Duration kQuietWithoutNewline = seconds{1};

// Before another try where our own disk or store was the trouble.
constexpr Duration kRetry = seconds{10};

// Files read at a time: libuv's pool has four threads.
constexpr std::size_t kMaxLoads = 3;

// Every file is looked at once in this many seconds even where the kernel tells nothing (network
// file systems).
constexpr std::size_t kPollRounds = 30;

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    return folder.empty() ? "." : folder;
}

std::string path_in(const std::string& folder, std::string_view name) {
    return (std::filesystem::path{folder} / name).lexically_normal().string();
}

Reason reason_of(Errc code) {
    return code == Errc::zone_file_syntax || code == Errc::zone_file_content || code == Errc::limit
               ? Reason::file_refused
               : Reason::file_unreadable;
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

struct ZoneSources::Source {
    Source(const config::Zone& settings, net::Loop& loop) : zone(settings), timer(loop) {}

    config::Zone zone;
    net::Timer timer;
    FileFingerprint taken;  // of the content judged last
    FileFingerprint seen;   // of the content being waited for or read
    bool ever_taken = false;
    bool busy = false;                    // waiting for a place, loading or publishing
    bool again = false;                   // changed meanwhile
    bool lacked_newline = false;          // `seen` was read once and ended within a line
    bool waits = false;                   // changed, but the zone is frozen
    bool rejected = false;                // the file holds what an operator rejected
    std::optional<dns::Serial> replaced;  // by the commit under way
    std::string problem;                  // empty: the file is what is served
};

ZoneSources::ZoneSources(service::Daemon& daemon) : daemon_(daemon), poll_timer_(daemon.loop()) {
    poll_some();
}

ZoneSources::~ZoneSources() = default;

void ZoneSources::add(const config::Zone& zone) {
    if (daemon_.serves(zone.name)) {
        return;
    }
    daemon_.add_zone(zone);
    if (zone.is_followed()) {
        return;
    }
    sources_.push_back(std::make_unique<Source>(zone, daemon_.loop()));
    Source& source = *sources_.back();
    by_zone_.emplace(zone.name, &source);
    const std::string folder = folder_of(zone.source_file);
    by_path_.emplace(path_in(folder, std::filesystem::path{zone.source_file}.filename().string()),
                     &source);
    watch(folder);
    look(source);
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
    for (Source* source : changed) {
        look(*source);
    }
    for (const config::Config::Directory& directory : directories_) {
        if (changed.empty() && directory.path == folder) {
            scan(directory);
        }
    }
}

void ZoneSources::look(Source& source) {
    if (source.busy) {
        source.again = true;
        return;
    }
    const Result<FileFingerprint> now = fingerprint(source.zone.source_file);
    if (!now) {
        source.timer.cancel();
        source.ever_taken = false;  // whatever comes back is read
        set_problem(source, Reason::file_unreadable, now.error());
        return;
    }
    if (source.ever_taken && *now == source.taken) {
        return;
    }
    if (is_frozen(source)) {
        source.waits = source.waits || source.ever_taken;
        return;
    }
    const bool replaced = !source.ever_taken || now->inode != source.taken.inode ||
                          now->device != source.taken.device;
    if (replaced && !source.timer.is_armed()) {
        enqueue(source, *now);
    } else {
        if (!source.timer.is_armed()) {
            record(source, Reason::file_settling);
        }
        settle(source, kQuiet, *now);
    }
}

// Waits until the file has not changed for `quiet`.
void ZoneSources::settle(Source& source, Duration quiet, const FileFingerprint& seen) {
    source.timer.arm_after(quiet, [this, &source, quiet, seen] {
        const Result<FileFingerprint> now = fingerprint(source.zone.source_file);
        if (!now) {
            look(source);
        } else if (*now == seen) {
            enqueue(source, seen);
        } else {
            settle(source, quiet, *now);
        }
    });
}

void ZoneSources::enqueue(Source& source, const FileFingerprint& seen) {
    source.timer.cancel();
    source.busy = true;
    source.again = false;
    source.lacked_newline = source.lacked_newline && source.seen == seen;
    source.seen = seen;
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

void ZoneSources::load(Source& source) {
    ++loading_;
    LoadOptions options;
    options.zone = source.zone.name;
    options.file = source.zone.source_file;
    options.spill_directory = daemon_.config().store_path;
    options.max_records = daemon_.config().limits.zone_records;
    options.max_bytes = daemon_.config().limits.zone_bytes;
    auto loaded = std::make_shared<std::optional<Result<LoadedZone>>>();
    daemon_.loop().work([loaded, options] { loaded->emplace(load_zone_file(options)); },
                        [this, &source, loaded] {
                            --loading_;
                            handle_loaded(source, std::move(**loaded));
                            start_loads();
                        });
}

void ZoneSources::handle_loaded(Source& source, Result<LoadedZone> loaded) {
    source.busy = false;
    const Result<FileFingerprint> now = fingerprint(source.zone.source_file);
    if (!now ||
        !(*now == source.seen)) {  // changed under our hands: what was read may be half of each
        record(source, Reason::file_changed_meanwhile);
        look(source);
        return;
    }
    if (loaded && !loaded->ended_with_newline && !std::exchange(source.lacked_newline, true)) {
        record(source, Reason::file_unfinished);
        settle(source, kQuietWithoutNewline, source.seen);
        return;
    }
    source.taken = source.seen;
    source.ever_taken = true;
    if (!loaded) {
        set_problem(source, reason_of(loaded.error().code()), loaded.error());
        if (is_local(loaded.error().code())) {
            source.ever_taken = false;
            source.timer.arm_after(kRetry, [this, &source] { look(source); });
        }
        return;
    }
    publish(source, std::move(*loaded));
}

void ZoneSources::publish(Source& source, LoadedZone loaded) {
    const zone::ZoneState* state = daemon_.store().find(source.zone.name);
    const std::optional<zone::Version> current = state != nullptr ? state->version : std::nullopt;
    const UnixTime now = daemon_.loop().now().unix;
    if (is_frozen(source)) {
        wait_for_thaw(source);
        return;
    }
    const Result<std::optional<dns::SoaRecord>> soa =
        plan_publication(source.zone.serial_policy, current, loaded, now);
    if (!soa) {
        set_problem(source, Reason::file_refused,
                    Error{soa.error().code(),
                          fmt::format("{}: {}", source.zone.source_file, soa.error().detail())});
        return;
    }
    if (loaded.duplicates > 0) {
        record(source, Reason::file_duplicates,
               {.note = fmt::format("{} duplicate records were dropped", loaded.duplicates)});
    }
    const Judged judged =
        judged_before(source.zone.serial_policy, daemon_.store().hold(source.zone.name), loaded);
    source.rejected = judged == Judged::rejected;
    if (!*soa || judged != Judged::no) {
        clear_problem(source);
        if (judged == Judged::no) {
            record(source, Reason::file_unchanged, {.to = current->serial()});
            forget_held(source);
        } else {
            record(source, Reason::file_kept_back,
                   {.detail = judged == Judged::held ? "held already" : "rejected already",
                    .to = loaded.soa.serial});
        }
        return;
    }
    zone::Commit commit;
    commit.zone = source.zone.name;
    commit.base = current ? std::optional{current->serial()} : std::nullopt;
    commit.change = zone::ReplaceWith{.soa = **soa, .records = std::move(loaded.stream)};
    // That the zone was promoted here is kept: a secondary on this store must not follow it.
    commit.timers =
        zone::ZoneTimers{.last_success = now,
                         .expires = UnixTime{},
                         .promoted = state != nullptr ? state->timers.promoted : UnixTime{}};
    commit.source = source.zone.source_file;
    commit.now = now;
    commit.guard = service::guard_of(source.zone);
    source.busy = true;
    source.replaced = commit.base;
    daemon_.submit(std::move(commit), [this, &source](const Result<zone::Committed>& committed) {
        handle_committed(source, committed);
    });
}

// The file has again what is in service: what was held of it is no more.
void ZoneSources::forget_held(const Source& source) {
    const zone::ZoneHold* hold = daemon_.store().hold(source.zone.name);
    if (hold == nullptr || !hold->held) {
        return;
    }
    zone::Commit commit;
    commit.zone = source.zone.name;
    commit.change = zone::DropHeld{.serial = hold->held->version.serial(), .reject = false};
    commit.now = daemon_.loop().now().unix;
    daemon_.store().submit(std::move(commit),
                           [](const Result<zone::Committed>&) {});  // else an operator drops it
}

bool ZoneSources::is_frozen(const Source& source) const {
    const zone::ZoneHold* hold = daemon_.store().hold(source.zone.name);
    return hold != nullptr && hold->frozen_since;
}

void ZoneSources::wait_for_thaw(Source& source) {
    source.waits = true;
    source.ever_taken = false;
    record(source, Reason::file_waits);
}

void ZoneSources::handle_released(const dns::Name& zone) {
    const auto at = by_zone_.find(zone);
    if (at != by_zone_.end()) {
        at->second->waits = false;
        at->second->ever_taken = false;
        look(*at->second);
    }
}

void ZoneSources::handle_committed(Source& source, const Result<zone::Committed>& committed) {
    source.busy = false;
    if (!committed && committed.error().code() == Errc::zone_frozen) {
        wait_for_thaw(source);
        return;
    }
    if (!committed) {
        source.ever_taken = false;
        set_problem(source, Reason::commit_failed, committed.error());
        source.timer.arm_after(kRetry, [this, &source] { look(source); });
        return;
    }
    clear_problem(source);
    if (!committed->held) {
        record_published(source, *committed);
    }
    if (source.again) {
        look(source);
    }
}

void ZoneSources::record_published(const Source& source, const zone::Committed& committed) {
    observe::EventFacts facts;
    facts.from = source.replaced;
    facts.to = committed.version->serial();
    facts.added = committed.added;
    facts.removed = committed.removed;
    facts.digest = committed.version->digest.to_text();
    record(source, Reason::published_from_file, std::move(facts));
}

void ZoneSources::record(const Source& source, Reason reason, observe::EventFacts facts) {
    facts.file = source.zone.source_file;
    daemon_.events().record(daemon_.loop().now(), source.zone.name, reason, std::move(facts));
}

// A file's fault comes with the line and a caret, which only the log has room for.
void ZoneSources::set_problem(Source& source, Reason reason, const Error& error) {
    const std::string problem = first_line(error.detail());
    if (problem == source.problem) {
        return;
    }
    source.problem = problem;
    daemon_.handle_trouble(source.zone.name, service::Trouble::source, problem);
    record(source, reason, {.detail = problem});
    std::string_view rest = error.detail();
    rest.remove_prefix(std::min(problem.size() + 1, rest.size()));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        daemon_.log().zone(Level::error, source.zone.name.to_text(), rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

void ZoneSources::clear_problem(Source& source) {
    source.problem.clear();
    daemon_.handle_well(source.zone.name, service::Trouble::source);
}

void ZoneSources::describe(control::ZoneStatus& status, const dns::Name& zone) const {
    const auto at = by_zone_.find(zone);
    if (at == by_zone_.end()) {
        return;
    }
    const Source& source = *at->second;
    status.source = source.zone.source_file;
    if (!source.problem.empty()) {
        status.state = control::ZoneState::failed;
        status.reason = source.problem;
    } else if (!status.serial) {
        status.state = control::ZoneState::loading;
    } else if (source.rejected) {
        status.state = control::ZoneState::stale;
        status.reason = "what the file holds was rejected; a newer one is waited for";
    }
    if (source.waits) {
        status.reason = "the file has changed and waits";
    }
}

void ZoneSources::poll_some() {
    const std::size_t share = sources_.size() / kPollRounds + 1;
    for (std::size_t i = 0; i < std::min(share, sources_.size()); ++i) {
        next_poll_ = (next_poll_ + 1) % sources_.size();
        look(*sources_[next_poll_]);
    }
    poll_timer_.arm_after(seconds{1}, [this] { poll_some(); });
}

}  // namespace twinzone::primary
