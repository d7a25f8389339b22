// What a zone file that was read means for the version in service, and what status says of it.

#include <algorithm>

#include <fmt/format.h>

#include "common/service/hold_text.h"
#include "primary/publication.h"
#include "primary/zone_sources_parts.h"

namespace twinzone::primary {

namespace {

using observe::Level;
using service::Reason;

// As long a file that is written in place must have been quiet where its last line has no end.
constexpr Duration kQuietWithoutNewline = seconds{1};

// Before another try where our own disk or store was the trouble.
constexpr Duration kRetry = seconds{10};
// And where it was others' agreement.
constexpr Duration kRetryOfShared = seconds{1};

Reason reason_of(Errc code) {
    return code == Errc::zone_file_syntax || code == Errc::zone_file_content || code == Errc::limit
               ? Reason::file_refused
               : Reason::file_unreadable;
}

// True where a file was written so late that it may have been read before.
bool changed_since(const ZoneSources::Reading& reading) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    return std::any_of(reading.included.begin(), reading.included.end(), [&](const auto& file) {
        return file && file->changed_ns >= reading.began.value() * second_ns;
    });
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

config::Zone ZoneSources::zone_of(const Source& source) const {
    return {dns::Name{names_->name(source.number)}, settings_[source.number]};
}

Result<SourceFingerprint> ZoneSources::fingerprint_of(const Source& source) const {
    return fingerprint(zone_of(source).source_file(), source.included());
}

// Whatever changed under our hands: what was read may be half of each.
void ZoneSources::handle_read(Source& source, Reading& reading) {
    const Result<SourceFingerprint> now = fingerprint_of(source);
    const bool is_new_list = reading.read->included != source.included();
    if (!now || !(*now == work(source).seen) || (is_new_list && changed_since(reading))) {
        take_included(source, reading);
        record(source, Reason::file_changed_meanwhile);
        source.ever_taken = false;
        look(source);
        return;
    }
    take_included(source, reading);
    const Result<LoadedZone>& loaded = reading.read->zone;
    if (loaded && !loaded->ended_with_newline && !std::exchange(source.lacked_newline, true)) {
        record(source, Reason::file_unfinished);
        settle(source, kQuietWithoutNewline, work(source).seen);
        return;
    }
    source.take(work(source).seen);
    source.ever_taken = true;
    if (!loaded) {
        set_problem(source, reason_of(loaded.error().code()), loaded.error());
        if (is_local(loaded.error().code())) {
            source.ever_taken = false;
            work(source).timer.arm_after(kRetry, [this, &source] { look(source); });
        }
        return;
    }
    work(source).fresh = std::move(reading.read->memory);
    work(source).records = loaded->records;
    work(source).counts_duplicates = !reading.has_digest;
    publish(source, *std::move(reading.read->zone));
}

// What was remembered of the file does not lead to the version in service.
void ZoneSources::read_whole(Source& source) {
    set_memory(source, nullptr);
    work(source).fresh.reset();
    source.ever_taken = false;
    look(source);
}

// The version has the records of the file that was read last: what is remembered of that holds for
// it, where no record stood there twice.
void ZoneSources::keep_memory(Source& source, const zone::Version& version) {
    const std::shared_ptr<FileMemory> fresh = std::exchange(work(source).fresh, nullptr);
    if (fresh && fresh->records + 1 == version.records) {
        fresh->content = content_of(version);
        set_memory(source, fresh);
    } else {
        set_memory(source, nullptr);
    }
}

void ZoneSources::set_memory(Source& source, std::shared_ptr<const FileMemory> memory) {
    memories_ += memory ? 1 : 0;
    memories_ -= source.memory() ? 1 : 0;
    if (memory || source.under_way) {
        work(source).memory = std::move(memory);
    }
}

void ZoneSources::report_duplicates(const Source& source, std::uint64_t count) {
    if (count > 0) {
        record(source, Reason::file_duplicates,
               {.note = fmt::format("{} duplicate records were dropped", count)});
    }
}

// From now on the source is made of these files as well.
void ZoneSources::take_included(Source& source, const Reading& reading) {
    work(source).seen.included = reading.included;
    if (source.included() == reading.read->included) {
        return;
    }
    forget_files(source);
    source.includes =
        reading.read->included.empty() ? nullptr : std::make_unique<Source::Included>();
    if (source.includes) {
        source.includes->files = reading.read->included;
    }
    watch_files(source);
}

void ZoneSources::publish(Source& source, LoadedZone loaded) {
    if (!daemon_.may_originate()) {
        source.ever_taken = false;
        return;
    }
    const config::Zone zone = zone_of(source);
    const zone::ZoneState* state = daemon_.store().find(zone.name);
    const std::optional<zone::Version> current = state != nullptr ? state->version : std::nullopt;
    if ((loaded.change && !(current && content_of(*current) == source.memory()->content)) ||
        (current && work(source).counts_duplicates)) {
        read_whole(source);  // another version came into service meanwhile
        return;
    }
    if (is_frozen(source)) {
        wait_for_thaw(source);
        return;
    }
    const Result<std::optional<dns::SoaRecord>> soa =
        plan_publication(zone->serial_policy, current, loaded, daemon_.loop().now().unix);
    if (!soa) {
        set_problem(source, Reason::file_refused,
                    Error{soa.error().code(),
                          fmt::format("{}: {}", zone.source_file(), soa.error().detail())});
        return;
    }
    report_duplicates(source, loaded.duplicates);
    const Judged judged =
        judged_before(zone->serial_policy, daemon_.store().hold(zone.name), loaded);
    source.rejected = judged == Judged::rejected;
    if (!*soa || judged != Judged::no) {
        clear_problem(source);
        if (judged == Judged::no) {
            keep_memory(source, *current);
            record(source, Reason::file_unchanged, {.to = current->serial()});
            forget_held(source);
        } else {
            record(source, Reason::file_kept_back,
                   {.detail = judged == Judged::held ? "held already" : "rejected already",
                    .to = loaded.soa.serial});
        }
        rest(source);
        return;
    }
    work(source).by_change = loaded.change.has_value();
    zone::Commit commit = commit_of(source, std::move(loaded), current, **soa);
    source.busy = true;
    work(source).replaced = commit.base;
    daemon_.submit(std::move(commit), [this, &source](const Result<zone::Committed>& committed) {
        source.busy = false;
        if (!bury(source)) {
            handle_committed(source, committed);
        }
    });
}

zone::Commit ZoneSources::commit_of(Source& source, LoadedZone loaded,
                                    const std::optional<zone::Version>& current,
                                    const dns::SoaRecord& soa) const {
    const config::Zone zone = zone_of(source);
    const zone::ZoneState* state = daemon_.store().find(zone.name);
    zone::Commit commit;
    commit.zone = zone.name;
    commit.base = current ? std::optional{current->serial()} : std::nullopt;
    if (loaded.change) {
        commit.expected = loaded.content;
        commit.expected->add(soa.record().view());
        std::vector<zone::Diff> diffs(1);
        diffs.front() = {.from = current->soa,
                         .to = soa,
                         .removed = std::move(loaded.change->removed),
                         .added = std::move(loaded.change->added)};
        commit.change = zone::ApplyDiffs{std::move(diffs)};
    } else {
        commit.change = zone::ReplaceWith{.soa = soa, .records = std::move(loaded.stream)};
    }
    commit.now = daemon_.loop().now().unix;
    // That the zone was promoted here is kept: a secondary on this store must not follow it.
    commit.timers =
        zone::ZoneTimers{.last_success = commit.now,
                         .expires = UnixTime{},
                         .promoted = state != nullptr ? state->timers.promoted : UnixTime{}};
    commit.source = zone.source_file();
    commit.guard = service::guard_of(*zone.settings());
    return commit;
}

// The file has again what is in service: what was held of it is no more.
void ZoneSources::forget_held(const Source& source) {
    const dns::NameView zone = names_->name(source.number);
    const zone::ZoneHold* hold = daemon_.store().hold(zone);
    if (hold == nullptr || !hold->held) {
        return;
    }
    zone::Commit commit;
    commit.zone = dns::Name{zone};
    commit.change = zone::DropHeld{.serial = hold->held->version.serial(), .reject = false};
    commit.now = daemon_.loop().now().unix;
    daemon_.store().submit(std::move(commit),
                           [](const Result<zone::Committed>&) {});  // else an operator drops it
}

bool ZoneSources::is_frozen(const Source& source) const {
    const zone::ZoneHold* hold = daemon_.store().hold(names_->name(source.number));
    return hold != nullptr && hold->frozen_since;
}

void ZoneSources::wait_for_thaw(Source& source) {
    source.waits = true;
    source.ever_taken = false;
    record(source, Reason::file_waits);
}

void ZoneSources::handle_released(const dns::Name& zone) {
    if (Source* source = find(zone)) {
        source->waits = false;
        source->ever_taken = false;
        look(*source);
    }
}

void ZoneSources::handle_committed(Source& source, const Result<zone::Committed>& committed) {
    if (!committed && committed.error().code() == Errc::zone_frozen) {
        wait_for_thaw(source);
        return;
    }
    if (!committed && committed.error().code() == Errc::zone_unverified) {
        set_problem(
            source, Reason::file_refused,
            Error{committed.error().code(), fmt::format("{}: {}", zone_of(source).source_file(),
                                                        committed.error().detail())});
        return;
    }
    if (!committed && work(source).by_change &&
        committed.error().code() == Errc::transfer_diverged) {
        read_whole(source);
        return;
    }
    if (!committed && !daemon_.may_originate()) {
        source.ever_taken = false;  // who leads now publishes it
        return;
    }
    if (!committed) {
        source.ever_taken = false;
        set_problem(source, Reason::commit_failed, committed.error());
        const Duration pause = daemon_.config().shared ? kRetryOfShared : kRetry;
        work(source).timer.arm_after(pause, [this, &source] { look(source); });
        return;
    }
    clear_problem(source);
    if (!committed->held) {
        if (work(source).counts_duplicates) {
            report_duplicates(source, work(source).records - committed->version->records);
        }
        keep_memory(source, *committed->version);
        record_published(source, *committed);
    }
    if (source.again) {
        look(source);
    }
    rest(source);
}

void ZoneSources::record_published(const Source& source, const zone::Committed& committed) {
    observe::EventFacts facts;
    facts.from = source.under_way ? source.under_way->replaced : std::nullopt;
    facts.to = committed.version->serial();
    facts.added = committed.added;
    facts.removed = committed.removed;
    facts.digest = committed.version->digest.to_text();
    record(source, Reason::published_from_file, std::move(facts));
}

void ZoneSources::record(const Source& source, Reason reason, observe::EventFacts facts) {
    facts.file = zone_of(source).source_file();
    daemon_.events().record(daemon_.loop().now(), zone_of(source).name, reason, std::move(facts));
}

// A file's fault comes with the line and a caret, which only the log has room for.
void ZoneSources::set_problem(Source& source, Reason reason, const Error& error) {
    const std::string problem = first_line(error.detail());
    if (problem == source.problem()) {
        return;
    }
    work(source).problem = problem;
    daemon_.handle_trouble(zone_of(source).name, service::Trouble::source, problem);
    record(source, reason, {.detail = problem});
    std::string_view rest = error.detail();
    rest.remove_prefix(std::min(problem.size() + 1, rest.size()));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        daemon_.log().zone(Level::error, zone_of(source).name.to_text(), rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

void ZoneSources::clear_problem(Source& source) {
    if (source.under_way) {
        source.under_way->problem.clear();
    }
    daemon_.handle_well(zone_of(source).name, service::Trouble::source);
}

void ZoneSources::describe(control::ZoneStatus& status, const dns::Name& zone) const {
    const Source* found = find(zone);
    if (found == nullptr) {
        return;
    }
    const Source& source = *found;
    status.source = zone_of(source).source_file();
    if (!source.problem().empty()) {
        status.state = control::ZoneState::failed;
        status.reason = source.problem();
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

}  // namespace twinzone::primary
