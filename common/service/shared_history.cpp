#include "common/service/shared_history.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/net/entropy.h"
#include "common/service/daemon.h"
#include "common/service/shared_upload.h"
#include "common/shared/schema.h"

namespace twinzone::service {

namespace {

using observe::Level;

// How often the leader looks for what may go, and for zones that want a snapshot.
constexpr Duration kHousekeeping = seconds{20};

// How long the end of the process waits for the lease to be given back.
constexpr Duration kPartingTime = milliseconds{500};

shared::Link::Options link_options(const config::Shared& settings, Duration interval) {
    return {.conninfo = settings.postgresql,
            .application = fmt::format("twinzone-primary {}", settings.name),
            .limit = std::max<Duration>(settings.take_over, seconds{2}),
            .pause = interval};
}

shared::Retention retention_of(const config::Shared& settings) {
    return {.max_versions = settings.max_versions,
            .max_bytes = settings.max_bytes,
            .max_age = settings.max_age};
}

// "ns1", of "ns1/4be1…": the part that an operator gave it.
std::string without_run(const std::string& holder) {
    return holder.substr(0, holder.rfind('/'));
}

}  // namespace

SharedHistory::SharedHistory(Daemon& daemon, const config::Shared& settings,
                             std::shared_ptr<AgreementDesk> desk, std::function<void()> on_role)
    : daemon_(daemon),
      settings_(settings),
      desk_(std::move(desk)),
      on_role_(std::move(on_role)),
      name_(fmt::format("{}/{:016x}", settings.name, net::random_seed())),
      times_(shared::lease_times(settings.take_over)),
      keeper_(times_),
      link_(daemon.loop(), link_options(settings, times_.interval),
            {.on_ready = [this] { handle_ready(); },
             .on_lost = [this](const Error& error) { handle_lost(error); },
             .on_hint =
                 [this] {
                     if (role_ != Role::leading) {
                         follower_.look();
                     }
                 }}),
      follower_(daemon, link_, [this](const dns::Name& zone) { begin_adoption(zone); }),
      timer_(daemon.loop()),
      house_timer_(daemon.loop()) {}

SharedHistory::~SharedHistory() {
    desk_->close();
}

void SharedHistory::start() {
    desk_->open(
        {.stage = [this](
                      std::optional<std::int64_t> blob, std::int64_t first,
                      const std::vector<Bytes>& pages,
                      const AgreementDesk::Answer& answer) { stage(blob, first, pages, answer); },
         .append = [this](std::int64_t blob, const std::vector<shared::Entry>& entries,
                          const AgreementDesk::Answer& answer) { append(blob, entries, answer); }});
    link_.start();
    tick();
    keep_house();
}

bool SharedHistory::leads() const {
    return role_ == Role::leading && keeper_.leads(daemon_.loop().now().instant);
}

void SharedHistory::release(const std::function<void()>& then) {
    timer_.cancel();
    if (keeper_.token() == 0 || !link_.is_ready()) {
        then();
        return;
    }
    link_.ask(shared::release_lease(holder()),
              [then](const Result<shared::Rows>&, const std::string&) { then(); });
    house_timer_.arm_after(kPartingTime, then);
    take(keeper_.give_up());
}

void SharedHistory::handle_ready() {
    daemon_.log().server(problem_.empty() ? Level::info : Level::notice,
                         "shared history: PostgreSQL is reached");
    problem_.clear();
    follower_.look();
    if (role_ == Role::catching_up) {
        follower_.when_idle([this] { begin_leading(); });
    }
    ask_lease();
}

void SharedHistory::handle_lost(const Error& error) {
    keeper_.handle_failure();
    follower_.handle_lost();
    if (problem_ != error.detail()) {
        problem_ = error.detail();
        daemon_.log().server(Level::warning,
                             fmt::format("shared history: PostgreSQL is not reached: {}; what is "
                                         "here is served on, and no new version is made",
                                         problem_));
    }
}

// Also after this process was stopped for a while: what ended meanwhile is seen first.
void SharedHistory::tick() {
    const Instant now = daemon_.loop().now().instant;
    take(keeper_.handle_time(now));
    if (keeper_.wants_to_ask(now) && link_.is_ready()) {
        ask_lease();
    }
    const Instant soon = now + times_.interval / 2;
    timer_.arm(std::max(now + milliseconds{10}, std::min(soon, keeper_.next_timeout())),
               [this] { tick(); });
}

void SharedHistory::ask_lease() {
    keeper_.handle_asked(daemon_.loop().now().instant);
    link_.ask(shared::hold_lease(holder(), times_.length),
              [this](const Result<shared::Rows>& rows, const std::string&) {
                  handle_lease(rows ? shared::read_lease(*rows) : fail(rows.error()));
              });
}

void SharedHistory::handle_lease(const Result<shared::LeaseRow>& row) {
    if (!row) {
        keeper_.handle_failure();
        return;
    }
    const Instant now = daemon_.loop().now().instant;
    answered_ = now;
    if (leader_ != row->leader) {
        leader_ = row->leader;
        daemon_.log().server(Level::notice,
                             fmt::format("shared history: {} has the lease", without_run(leader_)));
    }
    last_sequence_ = row->last_sequence;
    take(keeper_.handle_answer(now, row->answer));
    if (role_ == Role::following && last_sequence_ > follower_.sequence()) {
        follower_.look();
    }
}

void SharedHistory::take(shared::LeaseChange change) {
    if (change == shared::LeaseChange::lost) {
        set_role(Role::following);
    } else if (change == shared::LeaseChange::gained) {
        set_role(Role::catching_up);
        follower_.look();
        follower_.when_idle([this] { begin_leading(); });
    }
}

// What the history does not know yet begins with what is here.
void SharedHistory::begin_leading() {
    if (role_ != Role::catching_up) {
        return;
    }
    follower_.put_unmet();
    follower_.when_idle([this] { finish_adoptions(); });
}

void SharedHistory::finish_adoptions() {
    if (role_ == Role::catching_up && adopting_ == 0) {
        set_role(Role::leading);
    }
}

void SharedHistory::set_role(Role role) {
    if (std::exchange(role_, role) == role) {
        return;
    }
    switch (role) {
        case Role::following:
            daemon_.log().server(Level::notice, "shared history: we do not lead any more");
            break;
        case Role::catching_up:
            daemon_.log().server(Level::notice,
                                 "shared history: the lease is ours; what others "
                                 "wrote is taken first");
            return;
        case Role::leading: daemon_.log().server(Level::notice, "shared history: we lead"); break;
    }
    on_role_();
}

void SharedHistory::begin_adoption(const dns::Name& zone) {
    Result<std::shared_ptr<const zone::Snapshot>> snapshot = daemon_.store().snapshot(zone);
    if (role_ == Role::following || !snapshot) {
        return;
    }
    ++adopting_;
    upload_content(link_, zone, *std::move(snapshot), [this, zone](Result<shared::Entry> entry) {
        if (!entry) {
            daemon_.log().server(Level::warning,
                                 fmt::format("shared history: {} does not begin yet: {}",
                                             zone.to_text(), entry.error().detail()));
            end_adoption(zone);
            return;
        }
        const dns::Serial serial = entry->to.serial();
        link_.ask(shared::append(holder(), entry->run.blob, {&*entry, 1}),
                  [this, zone, serial](const Result<shared::Rows>& rows, const std::string& state) {
                      if (rows) {
                          daemon_.events().record(daemon_.loop().now(), zone,
                                                  Reason::history_adopted, {.to = serial});
                      } else {
                          handle_refusal(rows.error(), state);
                      }
                      end_adoption(zone);
                  });
    });
}

void SharedHistory::end_adoption(const dns::Name& zone) {
    --adopting_;
    if (link_.is_ready()) {
        follower_.put(zone);
    }
    if (role_ == Role::catching_up) {
        follower_.when_idle([this] { finish_adoptions(); });
    }
}

void SharedHistory::stage(std::optional<std::int64_t> blob, std::int64_t first,
                          const std::vector<Bytes>& pages, const AgreementDesk::Answer& answer) {
    if (!leads()) {
        answer(fail(Errc::peer_unreachable,
                    leader_.empty() || !problem_.empty()
                        ? fmt::format("the shared history is not reached: {}", problem_)
                        : fmt::format("{} leads the shared history", without_run(leader_))));
        return;
    }
    link_.ask_bulk(shared::stage(blob, first, pages),
                   [answer](const Result<shared::Rows>& rows, const std::string&) {
                       answer(rows ? shared::read_number(*rows) : fail(rows.error()));
                   });
}

void SharedHistory::append(std::int64_t blob, const std::vector<shared::Entry>& entries,
                           const AgreementDesk::Answer& answer) {
    link_.ask(shared::append(holder(), blob, entries),
              [this, answer](const Result<shared::Rows>& rows, const std::string& state) {
                  if (rows) {
                      const Result<std::int64_t> sequence = shared::read_number(*rows);
                      last_sequence_ =
                          sequence ? std::max(last_sequence_, *sequence) : last_sequence_;
                      answer(sequence);
                      return;
                  }
                  handle_refusal(rows.error(), state);
                  answer(fail(rows.error()));
              });
}

void SharedHistory::handle_refusal(const Error& error, const std::string& state) {
    if (state == shared::kNotTheLeader) {
        daemon_.log().server(Level::warning,
                             fmt::format("shared history: refused: {}", error.detail()));
        take(keeper_.give_up());
    }
}

control::SharedStatus SharedHistory::status() const {
    control::SharedStatus status;
    status.name = settings_.name;
    status.leader = without_run(leader_);
    status.role = role_ == Role::following     ? "following"
                  : role_ == Role::catching_up ? "catching-up"
                                               : "leading";
    if (role_ == Role::leading && !leads()) {
        status.role = "following";
    }
    status.connected = link_.is_ready();
    status.zones_behind = follower_.behind();
    status.sequence = last_sequence_;
    if (answered_) {
        status.last_contact_age =
            std::chrono::floor<seconds>(daemon_.loop().now().instant - *answered_);
    }
    status.problem = problem_.empty() ? follower_.problem() : problem_;
    return status;
}

// ---- retention

void SharedHistory::keep_house() {
    house_timer_.arm_after(kHousekeeping, [this] { keep_house(); });
    if (!leads() || !link_.is_ready()) {
        return;
    }
    link_.ask_bulk(shared::ask_wanted_snapshots(retention_of(settings_)),
                   [this](const Result<shared::Rows>& rows, const std::string&) {
                       renew_snapshots(rows ? shared::read_names(*rows) : fail(rows.error()));
                   });
}

void SharedHistory::renew_snapshots(const Result<std::vector<dns::Name>>& zones) {
    if (!zones || !leads()) {
        return;
    }
    for (const dns::Name& zone : *zones) {
        Result<std::shared_ptr<const zone::Snapshot>> snapshot = daemon_.store().snapshot(zone);
        if (!snapshot || !daemon_.is_shared(zone)) {
            continue;
        }
        upload_content(link_, zone, *std::move(snapshot), [this](Result<shared::Entry> entry) {
            if (entry) {  // where the zone went on meanwhile, it is for the next time
                link_.ask(shared::put_snapshot(holder(), *entry),
                          [](const Result<shared::Rows>&, const std::string&) {});
            }
        });
    }
    link_.ask_bulk(shared::prune(holder(), retention_of(settings_)),
                   [this](const Result<shared::Rows>& rows, const std::string& state) {
                       if (!rows && state != shared::kNotTheLeader) {
                           daemon_.log().server(Level::warning,
                                                fmt::format("shared history: old versions stay: {}",
                                                            rows.error().detail()));
                       }
                   });
}

}  // namespace twinzone::service
