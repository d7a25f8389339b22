#include "common/service/shared_part.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/service/shared_upload.h"
#include "common/shared/schema.h"

namespace twinzone::service {

namespace {

using What = SharedNote::What;

// How often the leader looks for what may go, and for zones that want a snapshot.
constexpr Duration kHousekeeping = seconds{20};

}  // namespace

std::string without_run(const std::string& holder) {
    return holder.substr(0, holder.rfind('/'));
}

SharedPart::SharedPart(SharedPartSettings settings, zone::VersionStore& store,
                       IntakeSource& intakes, SharedZones zones)
    : settings_(std::move(settings)),
      store_(store),
      zones_(zones),
      keeper_(settings_.times),
      follower_(
          {.store = store,
           .intakes = intakes,
           .zones = std::move(zones),
           .questions = questions_,
           .events = events_,
           .on_unknown = [this](Now now, const dns::Name& zone) { begin_adoption(now, zone); }}) {}

std::optional<SharedEvent> SharedPart::poll_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    SharedEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void SharedPart::note(What what, std::string detail) {
    events_.emplace_back(SharedNote{.what = what, .detail = std::move(detail)});
}

std::string SharedPart::problem() const {
    return problem_.empty() ? follower_.problem() : problem_;
}

void SharedPart::handle_ready(Now now) {
    is_ready_ = true;
    note(problem_.empty() ? What::reached : What::reached_again, {});
    problem_.clear();
    follower_.handle_ready();
    follower_.look();
    if (role_ == SharedRole::catching_up) {
        follower_.when_idle(now, [this](Now then) { begin_leading(then); });
    }
    if (!is_parting_) {
        ask_lease(now);
    }
}

void SharedPart::handle_lost(const Error& error) {
    is_ready_ = false;
    keeper_.handle_failure();
    follower_.handle_lost();
    if (problem_ != error.detail()) {
        problem_ = error.detail();
        note(What::lost, problem_);
    }
}

void SharedPart::handle_hint() {
    if (role_ != SharedRole::leading) {
        follower_.look();
    }
}

// Also after this process was stopped for a while: what ended meanwhile is seen first.
void SharedPart::handle_time(Now now) {
    take(now, keeper_.handle_time(now.instant));
    if (is_ready_ && !is_parting_ && keeper_.wants_to_ask(now.instant)) {
        ask_lease(now);
    }
    follower_.handle_time(now);
    if (now.instant >= next_house_) {
        next_house_ = now.instant + kHousekeeping;
        keep_house(now);
    }
}

// Without a connection there is nothing to ask for.
Instant SharedPart::next_timeout() const noexcept {
    Instant next = std::min(next_house_, follower_.next_timeout().value_or(next_house_));
    const std::optional<Instant> lease = keeper_.next_timeout(is_ready_ && !is_parting_);
    return std::min(next, lease.value_or(next));
}

void SharedPart::ask_lease(Now now) {
    keeper_.handle_asked(now.instant);
    questions_.ask(shared::hold_lease(holder(), settings_.times.length),
                   [this](Now then, const Result<shared::Rows>& rows, const std::string&) {
                       handle_lease(then, rows ? shared::read_lease(*rows) : fail(rows.error()));
                   });
}

void SharedPart::handle_lease(Now now, const Result<shared::LeaseRow>& row) {
    if (!row) {
        keeper_.handle_failure();
        return;
    }
    answered_ = now.instant;
    if (leader_ != row->leader) {
        leader_ = row->leader;
        note(What::leader, leader_);
    }
    last_sequence_ = row->last_sequence;
    if (is_parting_) {
        return;
    }
    take(now, keeper_.handle_answer(now.instant, row->answer));
    if (role_ == SharedRole::following && last_sequence_ > follower_.sequence()) {
        follower_.look();
    }
}

void SharedPart::take(Now now, shared::LeaseChange change) {
    if (change == shared::LeaseChange::lost) {
        set_role(SharedRole::following);
    } else if (change == shared::LeaseChange::gained) {
        set_role(SharedRole::catching_up);
        follower_.look();
        follower_.when_idle(now, [this](Now then) { begin_leading(then); });
    }
}

// What the history does not know yet begins with what is here.
void SharedPart::begin_leading(Now now) {
    if (role_ != SharedRole::catching_up) {
        return;
    }
    follower_.put_unmet();
    follower_.when_idle(now, [this](Now) { finish_adoptions(); });
}

void SharedPart::finish_adoptions() {
    if (role_ == SharedRole::catching_up && adopting_ == 0) {
        set_role(SharedRole::leading);
    }
}

void SharedPart::set_role(SharedRole role) {
    if (std::exchange(role_, role) != role) {
        events_.emplace_back(RoleTaken{.role = role});
    }
}

void SharedPart::begin_adoption(Now now, const dns::Name& zone) {
    Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(zone);
    if (role_ == SharedRole::following || !snapshot) {
        return;
    }
    ++adopting_;
    upload_content(questions_, now, zone, *std::move(snapshot),
                   [this, zone](Now then, const Result<shared::Entry>& entry) {
                       if (entry) {
                           append_adopted(zone, *entry);
                           return;
                       }
                       note(What::not_begun,
                            fmt::format("{}: {}", zone.to_text(), entry.error().detail()));
                       end_adoption(then, zone);
                   });
}

void SharedPart::append_adopted(const dns::Name& zone, const shared::Entry& entry) {
    questions_.ask(shared::append(holder(), entry.run.blob, {&entry, 1}),
                   [this, zone, serial = entry.to.serial()](
                       Now then, const Result<shared::Rows>& rows, const std::string& state) {
                       if (rows) {
                           ZoneShared event{
                               .zone = zone, .reason = Reason::history_adopted, .facts = {}};
                           event.facts.to = serial;
                           events_.emplace_back(std::move(event));
                       } else {
                           handle_refusal(then, rows.error(), state);
                       }
                       end_adoption(then, zone);
                   });
}

void SharedPart::end_adoption(Now now, const dns::Name& zone) {
    --adopting_;
    if (!is_ready_) {
        return;  // all of it is begun again
    }
    follower_.put(zone);
    if (role_ == SharedRole::catching_up) {
        follower_.when_idle(now, [this](Now) { finish_adoptions(); });
    }
}

void SharedPart::handle_agreement(Now now, const AgreementRequest& request, Answer answer) {
    if (const auto* pages = std::get_if<StagePages>(&request)) {
        stage(now, *pages, std::move(answer));
    } else {
        append(std::get<AppendEntries>(request), std::move(answer));
    }
}

void SharedPart::stage(Now now, const StagePages& request, Answer answer) {
    if (!leads(now.instant)) {
        answer(fail(Errc::peer_unreachable,
                    leader_.empty() || !problem_.empty()
                        ? fmt::format("the shared history is not reached: {}", problem_)
                        : fmt::format("{} leads the shared history", without_run(leader_))));
        return;
    }
    questions_.ask_bulk(
        shared::stage(request.blob, request.first, request.pages),
        [answer = std::move(answer)](Now, const Result<shared::Rows>& rows, const std::string&) {
            answer(rows ? shared::read_number(*rows) : fail(rows.error()));
        });
}

void SharedPart::append(const AppendEntries& request, Answer answer) {
    questions_.ask(shared::append(holder(), request.blob, request.entries),
                   [this, answer = std::move(answer)](Now now, const Result<shared::Rows>& rows,
                                                      const std::string& state) {
                       if (!rows) {
                           handle_refusal(now, rows.error(), state);
                           answer(fail(rows.error()));
                           return;
                       }
                       const Result<std::int64_t> sequence = shared::read_number(*rows);
                       last_sequence_ =
                           sequence ? std::max(last_sequence_, *sequence) : last_sequence_;
                       answer(sequence);
                   });
}

void SharedPart::handle_refusal(Now now, const Error& error, const std::string& state) {
    if (state == shared::kNotTheLeader) {
        note(What::refused, error.detail());
        take(now, keeper_.give_up());
    }
}

bool SharedPart::give_back(std::function<void()> then) {
    is_parting_ = true;
    if (keeper_.token() == 0 || !is_ready_) {
        return false;
    }
    questions_.ask(
        shared::release_lease(holder()),
        [then = std::move(then)](Now, const Result<shared::Rows>&, const std::string&) { then(); });
    static_cast<void>(keeper_.give_up());
    set_role(SharedRole::following);
    return true;
}

// ---- retention

void SharedPart::keep_house(Now now) {
    if (!leads(now.instant) || !is_ready_) {
        return;
    }
    questions_.ask_bulk(shared::ask_wanted_snapshots(settings_.retention),
                        [this](Now then, const Result<shared::Rows>& rows, const std::string&) {
                            renew_snapshots(then,
                                            rows ? shared::read_names(*rows) : fail(rows.error()));
                        });
}

void SharedPart::renew_snapshots(Now now, const Result<std::vector<dns::Name>>& zones) {
    if (!zones || !leads(now.instant)) {
        return;
    }
    for (const dns::Name& name : *zones) {
        const std::optional<dns::Name> zone = zones_.ours(name);
        if (!zone) {
            continue;
        }
        Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(*zone);
        if (!snapshot) {
            continue;
        }
        upload_content(questions_, now, *zone, *std::move(snapshot),
                       [this](Now, const Result<shared::Entry>& entry) {
                           if (entry) {  // where the zone went on meanwhile, it is for next time
                               questions_.ask(
                                   shared::put_snapshot(holder(), *entry),
                                   [](Now, const Result<shared::Rows>&, const std::string&) {});
                           }
                       });
    }
    questions_.ask_bulk(shared::prune(holder(), settings_.retention),
                        [this](Now, const Result<shared::Rows>& rows, const std::string& state) {
                            if (!rows && state != shared::kNotTheLeader) {
                                note(What::not_pruned, rows.error().detail());
                            }
                        });
}

}  // namespace twinzone::service
