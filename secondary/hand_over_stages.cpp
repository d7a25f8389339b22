// The stages of a hand-over: what follows what. hand_over.h has the chart.

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "secondary/hand_over_parts.h"

namespace twinzone::secondary {

// Requires: the zone has a version.
void HandOver::begin(Now now, Zone& zone) {
    const dns::Serial serial = version_of(zone)->serial();
    if (zone.attempt) {
        questions_.forget(zone.number);  // a check that is overtaken
    } else {
        ++busy_;
    }
    zone.attempt = std::make_unique<Attempt>();
    zone.attempt->began = now.instant;
    zone.attempt->from = zone.served;
    zone.target = serial;
    zone.reload_words.clear();
    due_.erase(zone.number);
    if (!zone.is_file()) {
        start_asking(now, zone, zone.output.verify_timeout);
        tell(now, zone);
    } else if (zone.file.serial == serial) {
        reload(now, zone);
    } else {
        write(zone);
    }
}

void HandOver::begin_check(Now now, Zone& zone) {
    ++busy_;
    zone.attempt = std::make_unique<Attempt>();
    zone.attempt->stage = Stage::checking;
    zone.attempt->began = now.instant;
    zone.attempt->from = zone.served;
    ask(now, zone);
}

void HandOver::write(Zone& zone) {
    zone.attempt->stage = Stage::writing;
    const bool may_fail = zone.has_command() || zone.output.verify;
    const bool is_last_good = zone.is_file_served || !zone.file.has_previous;
    enter(files_, WriteFile{.zone = zone.number, .keep_current = may_fail && is_last_good});
}

void HandOver::handle_written(Now now, std::uint32_t number, const Result<FileState>& written) {
    leave(files_);
    Zone* zone = find(number);
    if (zone == nullptr || !zone->attempt) {
        return;
    }
    if (!written) {
        give_up(now, *zone, fmt::format("zone file not written: {}", written.error().detail()));
        return;
    }
    zone->file = *written;
    zone->is_file_served = false;
    zone->target = written->serial;
    // What came while the work waited in line may be what was written.
    const zone::Version& newest = *version_of(*zone);
    if (written->serial == newest.serial() && written->digest == newest.digest) {
        zone->attempt->is_again = false;
    }
    reload(now, *zone);
}

void HandOver::reload(Now now, Zone& zone) {
    if (zone.has_command()) {
        zone.attempt->stage = Stage::reloading;
        enter(commands_, RunReload{zone.number});
    } else if (zone.output.verify) {
        start_asking(now, zone, zone.output.verify_timeout);
    } else {
        finish(now, zone);
    }
}

void HandOver::handle_reloaded(Now now, std::uint32_t number, const ReloadEnd& end) {
    leave(commands_);
    Zone* zone = find(number);
    if (zone == nullptr || !zone->attempt) {
        return;
    }
    if (zone->attempt->stage == Stage::reloading_back) {
        if (!end.is_success) {
            zone->error += fmt::format("; then {}", end.words);
        }
        settle(now, *zone);
        return;
    }
    zone->reload_words = end.words;
    zone->attempt->is_reload_failed = !end.is_success;
    if (zone->output.verify) {
        const Duration limit = zone->output.verify_timeout;
        start_asking(now, *zone, end.is_success ? limit : std::min(limit, kPatienceAfterError));
    } else if (end.is_success) {
        finish(now, *zone);
    } else {
        give_up(now, *zone, end.words);
    }
}

void HandOver::start_asking(Now now, Zone& zone, Duration limit) {
    zone.attempt->stage = Stage::asking;
    zone.attempt->deadline = now.instant + limit;
    due_.set(zone.number, now.instant + kFirstPause);
}

// Tells the server that follows us, and sets when to repeat it.
void HandOver::tell(Now now, Zone& zone) {
    questions_.notify(now, target_of(zone), version_of(zone)->soa);
    Attempt& attempt = *zone.attempt;
    attempt.next_notify = now.instant + attempt.notify_pause;
    attempt.notify_pause = std::min(attempt.notify_pause * 2, kMaxNotifyPause);
}

// The zone's due time has come.
void HandOver::step(Now now, Zone& zone) {
    if (!zone.attempt) {
        if (version_of(zone) == nullptr) {
            return;
        }
        if (zone.error.empty()) {
            begin_check(now, zone);
        } else {
            begin(now, zone);
        }
        return;
    }
    if (zone.attempt->stage == Stage::asking && !zone.is_file() &&
        zone.attempt->next_notify <= now.instant) {
        tell(now, zone);
    }
    if (!zone.attempt->is_asked) {
        ask(now, zone);
    }
}

void HandOver::ask(Now now, Zone& zone) {
    zone.attempt->is_asked = true;
    if (questions_.asking() >= kMaxQuestions) {
        zone.attempt->is_waiting = true;
        waiting_.push_back(zone.number);
        return;
    }
    questions_.ask_serial(now, target_of(zone));
    read_answers(now);
}

// As many of those in line as there is room for.
void HandOver::ask_waiting(Now now) {
    while (!waiting_.empty() && questions_.asking() < kMaxQuestions) {
        Zone* zone = find(waiting_.front());
        waiting_.pop_front();
        // A zone whose attempt was overtaken meanwhile waits no more.
        if (zone != nullptr && zone->attempt && std::exchange(zone->attempt->is_waiting, false)) {
            questions_.ask_serial(now, target_of(*zone));
        }
    }
}

void HandOver::handle_served(Now now, Zone& zone, const Result<dns::Serial>& served) {
    note(now, zone, served);
    switch (zone.attempt->stage) {
        case Stage::checking: judge_check(now, zone, served); return;
        case Stage::asking: judge_asking(now, zone, served); return;
        case Stage::settling:
            if (served || now.instant >= zone.attempt->deadline) {
                rest(now, zone);
            } else {
                due_.set(zone.number, now.instant + kMaxPause / 2);
            }
            return;
        case Stage::writing:
        case Stage::reloading:
        case Stage::putting_back:
        case Stage::reloading_back: return;
    }
}

// Facts from an answer, whatever follows from it.
void HandOver::note(Now now, Zone& zone, const Result<dns::Serial>& served) {
    Attempt& attempt = *zone.attempt;
    if (!served) {
        attempt.last_answer = served.error().detail();
        const bool has_answered = served.error().code() != Errc::peer_unreachable;
        if (has_answered && !attempt.errors_since) {
            attempt.errors_since = now.instant;
        }
        if (has_answered) {
            zone.served.reset();
        }
        return;
    }
    attempt.last_answer.clear();
    attempt.errors_since.reset();
    if (zone.served != *served) {
        zone.served = *served;
        zone.served_since = now.unix;
    }
    if (drop_lacks(zone, *served)) {
        attempt.deadline = now.instant + zone.output.verify_timeout;  // it comes nearer
    }
}

// False where the version was not among those that are lacked.
bool HandOver::drop_lacks(Zone& zone, dns::Serial up_to) {
    const auto at = std::find_if(zone.lacks.begin(), zone.lacks.end(),
                                 [&](const Zone::Lack& lack) { return lack.serial == up_to; });
    const bool is_there = at != zone.lacks.end();
    zone.lacks.erase(zone.lacks.begin(), is_there ? at + 1 : zone.lacks.begin());
    return is_there;
}

void HandOver::judge_check(Now now, Zone& zone, const Result<dns::Serial>& served) {
    const dns::Serial ours = version_of(zone)->serial();
    if (served && *served == ours) {
        zone.target = ours;
        zone.lacks.clear();
        take(zone);
        rest(now, zone);
        return;
    }
    const bool has_answered = served || served.error().code() != Errc::peer_unreachable;
    if (!has_answered && ++zone.attempt->misses < kMaxMisses) {
        due_.set(zone.number, now.instant + kMissPause);
        return;
    }
    if (zone.taken) {
        zone.error = served ? fmt::format("{} answers serial {} instead of {}", zone.server(),
                                          served->value(), ours.value())
                            : fmt::format("{} does not answer serial {}: {}", zone.server(),
                                          ours.value(), served.error().detail());
        zone.is_behind = true;
        zone.taken.reset();
        if (has_answered) {
            zone.file.serial.reset();  // it may have read something that somebody else put there
        }
        HandOverEvent event;
        event.what = HandOverEvent::What::behind;
        event.from = zone.served;
        event.to = ours;
        event.why = zone.error;
        emit(zone, std::move(event));
    }
    if (!served) {
        zone.served.reset();
    }
    if (zone.lacks.empty()) {
        zone.lacks.push_back({ours, now.unix});
    }
    begin(now, zone);
}

void HandOver::judge_asking(Now now, Zone& zone, const Result<dns::Serial>& served) {
    Attempt& attempt = *zone.attempt;
    if (served && zone.target == *served) {
        finish(now, zone);
        return;
    }
    const bool is_refused = attempt.errors_since && zone.file.has_previous &&
                            now.instant - *attempt.errors_since >= kRefusalPatience;
    if (is_refused || now.instant >= attempt.deadline) {
        give_up(now, zone, unserved(zone, now));
        return;
    }
    due_.set(zone.number, std::min(now.instant + attempt.pause, attempt.deadline));
    attempt.pause = std::min(attempt.pause * 2, kMaxPause);
}

std::string HandOver::unserved(const Zone& zone, Now now) {
    const Attempt& attempt = *zone.attempt;
    std::string why = fmt::format(
        "{} does not serve serial {} after {:.0f} s: ", zone.server(), zone.target->value(),
        std::chrono::duration<double>(now.instant - attempt.began).count());
    if (attempt.last_answer.empty() && zone.served) {
        why += fmt::format("it answers serial {}", zone.served->value());
    } else {
        why += attempt.last_answer.empty() ? "not asked" : attempt.last_answer;
    }
    for (const std::string* more : std::array{&attempt.notify_answer, &zone.reload_words}) {
        if (!more->empty()) {
            why += fmt::format("; {}", *more);
        }
    }
    return why;
}

void HandOver::finish(Now now, Zone& zone) {
    HandOverEvent event;
    event.what = HandOverEvent::What::taken;
    event.from = zone.attempt->from;
    event.to = zone.target;
    event.took = now.instant - zone.attempt->began;
    event.why = zone.output.verify ? std::string{} : zone.reload_words;
    emit(zone, std::move(event));
    if (!zone.attempt->is_again) {
        zone.lacks.clear();
    } else if (zone.target) {
        static_cast<void>(drop_lacks(zone, *zone.target));
    }
    take(zone);
    rest(now, zone);
}

// The target is served.
void HandOver::take(Zone& zone) {
    zone.taken = zone.target;
    zone.error.clear();
    zone.is_behind = false;
    zone.failures = 0;
    zone.is_file_served = true;
    if (zone.file.has_previous) {
        zone.file.has_previous = false;
        actions_.emplace_back(DropPrevious{zone.number});
    }
}

void HandOver::give_up(Now now, Zone& zone, std::string why) {
    Attempt& attempt = *zone.attempt;
    zone.error = std::move(why);
    zone.is_behind = false;
    zone.had_outage = attempt.errors_since.has_value();
    if (!attempt.last_answer.empty()) {
        zone.served.reset();
    }
    ++zone.failures;
    HandOverEvent event;
    event.what = HandOverEvent::What::failed;
    event.from = attempt.from;
    event.to = zone.target;
    event.took = now.instant - attempt.began;
    event.why = zone.error;
    emit(zone, std::move(event));
    const bool is_replaced = attempt.stage != Stage::writing && !zone.is_file_served;
    if (zone.is_file() && zone.file.has_previous && is_replaced) {
        attempt.stage = Stage::putting_back;
        enter(files_, PutBack{zone.number});
        return;
    }
    rest(now, zone);
}

void HandOver::handle_put_back(Now now, std::uint32_t number, const Result<FileState>& done) {
    leave(files_);
    Zone* zone = find(number);
    if (zone == nullptr || !zone->attempt) {
        return;
    }
    if (!done) {
        zone->error +=
            fmt::format("; the previous file is not put back: {}", done.error().detail());
        rest(now, *zone);
        return;
    }
    zone->file = *done;
    zone->is_file_served = true;
    zone->error += "; the previous file is back in place";
    HandOverEvent event;
    event.what = HandOverEvent::What::put_back;
    event.to = done->serial;
    emit(*zone, std::move(event));
    if (zone->has_command()) {
        zone->attempt->stage = Stage::reloading_back;
        enter(commands_, RunReload{zone->number});
    } else {
        settle(now, *zone);
    }
}

// What the server answers after a failure is a fact that status shows.
void HandOver::settle(Now now, Zone& zone) {
    if (!zone.output.verify) {
        rest(now, zone);
        return;
    }
    zone.attempt->stage = Stage::settling;
    zone.attempt->deadline = now.instant + kSettleTime;
    due_.set(zone.number, now.instant + kFirstPause);
}

// Nothing is under way any more, until the next version, check or retry.
void HandOver::rest(Now now, Zone& zone) {
    const bool is_again = zone.attempt->is_again;
    zone.attempt.reset();
    --busy_;
    due_.erase(zone.number);
    if (is_again) {
        zone.file.serial.reset();
        begin(now, zone);
    } else if (!zone.error.empty()) {
        due_.set(zone.number, now.instant + retry_delay(zone));
    } else if (zone.output.verify) {
        due_.set(zone.number, now.instant + check_interval(zone));
    }
}

Duration HandOver::check_interval(const Zone& zone) {
    const zone::Version* version = version_of(zone);
    const seconds wanted = version == nullptr ? zone.refresh.max : version->soa.refresh;
    const Duration refresh = std::clamp<Duration>(wanted, zone.refresh.min,
                                                  std::max(zone.refresh.min, zone.refresh.max));
    const Duration all =
        seconds{1} * static_cast<std::int64_t>(zones_.size()) / kMaxChecksPerSecond;
    const Duration interval = std::max(std::min(refresh, kMaxCheckInterval), all);
    // A tenth less at random, so that zones do not march in step.
    return interval - interval * static_cast<std::int64_t>(random_.below(1000)) / 10'000;
}

Duration HandOver::retry_delay(const Zone& zone) {
    const Duration most = zone.had_outage ? kMaxRetryAfterOutage : kMaxRetry;
    Duration delay = kFirstRetry;
    for (unsigned i = 1; i < zone.failures && delay < most; ++i) {
        delay *= 2;
    }
    return std::min(delay, most);
}

void HandOver::emit(const Zone& zone, HandOverEvent event) {
    event.zone = zone.name;
    events_.push_back(std::move(event));
}

}  // namespace twinzone::secondary
