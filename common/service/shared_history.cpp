#include "common/service/shared_history.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/net/entropy.h"
#include "common/service/daemon.h"

namespace twinzone::service {

namespace {

using observe::Level;

// How long the end of the process waits for the lease to be given back.
constexpr Duration kPartingTime = milliseconds{500};

shared::Link::Options link_options(const config::Shared& settings) {
    return {.conninfo = settings.postgresql,
            .application = fmt::format("twinzone-primary {}", settings.name),
            .limit = std::max<Duration>(settings.take_over, seconds{2}),
            .pause = shared::lease_times(settings.take_over).interval};
}

SharedPartSettings part_settings(const config::Shared& settings) {
    return {.holder = fmt::format("{}/{:016x}", settings.name, net::random_seed()),
            .times = shared::lease_times(settings.take_over),
            .retention = {.max_versions = settings.max_versions,
                          .max_bytes = settings.max_bytes,
                          .max_age = settings.max_age}};
}

SharedZones zones_of(const Daemon& daemon) {
    return {.ours = [&daemon](const dns::Name& zone) -> std::optional<dns::Name> {
                return daemon.is_shared(zone) ? std::optional{daemon.zone_settings(zone)->name}
                                              : std::nullopt;
            },
            .all =
                [&daemon] {
                    std::vector<dns::Name> names;
                    for (const config::Zone& zone : daemon.zones()) {
                        if (daemon.is_shared(zone.name)) {
                            names.push_back(zone.name);
                        }
                    }
                    return names;
                }};
}

}  // namespace

SharedHistory::SharedHistory(Daemon& daemon, const config::Shared& settings,
                             std::shared_ptr<AgreementDesk> desk, std::function<void()> on_role)
    : daemon_(daemon),
      name_(settings.name),
      desk_(std::move(desk)),
      on_role_(std::move(on_role)),
      intakes_(daemon.config().store_path),
      part_(part_settings(settings), daemon.store(), intakes_, zones_of(daemon)),
      link_(daemon.loop(), link_options(settings),
            {.on_ready =
                 [this] {
                     part_.handle_ready(daemon_.loop().now());
                     pump();
                 },
             .on_lost =
                 [this](const Error& error) {
                     part_.handle_lost(error);
                     pump();
                 },
             .on_hint =
                 [this] {
                     part_.handle_hint();
                     pump();
                 }}),
      timer_(daemon.loop()),
      parting_timer_(daemon.loop()) {}

SharedHistory::~SharedHistory() {
    desk_->close();
}

void SharedHistory::start() {
    desk_->open([this](const AgreementRequest& request, const AgreementDesk::Answer& answer) {
        part_.handle_agreement(daemon_.loop().now(), request, answer);
        pump();
    });
    link_.start();
    part_.handle_time(daemon_.loop().now());
    pump();
}

bool SharedHistory::leads() const {
    return part_.leads(daemon_.loop().now().instant);
}

void SharedHistory::put(const dns::Name& zone) {
    part_.put(zone);
    pump();
}

void SharedHistory::release(const std::function<void()>& then) {
    if (!part_.give_back(then)) {
        then();
        return;
    }
    parting_timer_.arm_after(kPartingTime, then);
    pump();
}

void SharedHistory::pump() {
    while (std::optional<SharedAction> action = part_.poll_action()) {
        run(*std::move(action));
    }
    while (const std::optional<SharedEvent> event = part_.poll_event()) {
        tell(*event);
    }
    arm();
}

void SharedHistory::run(SharedAction action) {
    if (auto* agreed = std::get_if<CommitAgreed>(&action)) {
        daemon_.submit_agreed(std::move(agreed->commit),
                              [this, id = agreed->id](const Result<zone::Committed>& committed) {
                                  part_.handle_committed(daemon_.loop().now(), id, committed);
                                  pump();
                              });
        return;
    }
    auto& question = std::get<AskHistory>(action);
    shared::Connection::Done done = [this, id = question.id](const Result<shared::Rows>& rows,
                                                             const std::string& state) {
        part_.handle_rows(daemon_.loop().now(), id, rows, state);
        pump();
    };
    if (question.bulk) {
        link_.ask_bulk(std::move(question.statement), std::move(done));
    } else {
        link_.ask(std::move(question.statement), std::move(done));
    }
}

// Never at once: whatever is due is done a moment later, and no faster.
void SharedHistory::arm() {
    const Instant now = daemon_.loop().now().instant;
    timer_.arm(std::max(now + milliseconds{10}, part_.next_timeout()), [this] {
        part_.handle_time(daemon_.loop().now());
        pump();
    });
}

void SharedHistory::tell(const SharedEvent& event) {
    if (const auto* taken = std::get_if<RoleTaken>(&event)) {
        tell(taken->role);
    } else if (const auto* zone = std::get_if<ZoneShared>(&event)) {
        daemon_.events().record(daemon_.loop().now(), zone->zone, zone->reason, zone->facts);
    } else {
        tell(std::get<SharedNote>(event));
    }
}

void SharedHistory::tell(SharedRole role) {
    switch (role) {
        case SharedRole::following:
            daemon_.log().server(Level::notice, "shared history: we do not lead any more");
            break;
        case SharedRole::catching_up:
            daemon_.log().server(Level::notice,
                                 "shared history: the lease is ours; what others "
                                 "wrote is taken first");
            return;
        case SharedRole::leading:
            daemon_.log().server(Level::notice, "shared history: we lead");
            break;
    }
    on_role_();
}

void SharedHistory::tell(const SharedNote& note) {
    using What = SharedNote::What;
    const auto say = [this](Level level, std::string_view words) {
        daemon_.log().server(level, fmt::format("shared history: {}", words));
    };
    switch (note.what) {
        case What::reached: return say(Level::info, "PostgreSQL is reached");
        case What::reached_again: return say(Level::notice, "PostgreSQL is reached");
        case What::lost:
            return say(Level::warning,
                       fmt::format("PostgreSQL is not reached: {}; what is here is served on, and "
                                   "no new version is made",
                                   note.detail));
        case What::leader:
            return say(Level::notice, fmt::format("{} has the lease", without_run(note.detail)));
        case What::refused: return say(Level::warning, fmt::format("refused: {}", note.detail));
        case What::not_begun:
            return say(Level::warning, fmt::format("a zone does not begin yet: {}", note.detail));
        case What::not_pruned:
            return say(Level::warning, fmt::format("old versions stay: {}", note.detail));
    }
}

control::SharedStatus SharedHistory::status() const {
    const Instant now = daemon_.loop().now().instant;
    control::SharedStatus status;
    status.name = name_;
    status.leader = without_run(part_.leader());
    status.role = part_.leads(now)                          ? "leading"
                  : part_.role() == SharedRole::catching_up ? "catching-up"
                                                            : "following";
    status.connected = link_.is_ready();
    status.zones_behind = part_.zones_behind();
    status.sequence = static_cast<std::uint64_t>(part_.last_sequence());
    if (part_.answered()) {
        status.last_contact_age = std::chrono::floor<seconds>(now - *part_.answered());
    }
    status.problem = part_.problem();
    return status;
}

}  // namespace twinzone::service
