#include "secondary/sync_rehearsal.h"

#include <iterator>

#include <unistd.h>

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/net/entropy.h"
#include "common/net/timer.h"
#include "common/service/asker.h"
#include "common/store/peek.h"
#include "secondary/soa_survey.h"

namespace twinzone::secondary {

namespace {

using service::AttemptId;

class Rehearsal {
  public:
    Rehearsal(const config::Config& config, const InService& in_service)
        : config_(config),
          in_service_(in_service),
          survey_(net::random_seed()),
          asker_(loop_, {.on_connected = {},
                         .on_message =
                             [this](AttemptId attempt, std::span<std::uint8_t> message) {
                                 survey_.handle_message(loop_.now(), attempt, message);
                                 kick();
                             },
                         .on_failure =
                             [this](AttemptId attempt, const Error& error) {
                                 survey_.handle_failure(loop_.now(), attempt, error);
                                 kick();
                             }}),
          timer_(loop_),
          timeout_(loop_) {}

    SyncOutcome run(std::optional<seconds> timeout) {
        began_ = loop_.now().instant;
        // Where it fails, questions over TLS fail too, and say so.
        if (auto tls = service::TlsContexts::load(config_)) {
            asker_.use_tls(*std::move(tls));
        }
        for (const config::Zone& zone : config_.zones) {
            add(zone);
        }
        if (timeout) {
            timeout_.arm_after(*timeout, [this] { loop_.stop(); });
        }
        loop_.post([this] { kick(); });
        loop_.run();
        const Now now = loop_.now();
        outcome_.ended = now.unix;
        outcome_.took = now.instant - began_;
        for (std::size_t i = 0; i < outcome_.zones.size(); ++i) {
            if (!answered_[i]) {
                outcome_.zones[i].error =
                    Error{Errc::peer_unreachable, unfinished_text(timeout.value_or(seconds{0}))};
            }
        }
        return std::move(outcome_);
    }

  private:
    void add(const config::Zone& settings) {
        ZoneOutcome zone;
        zone.zone = settings.name.to_text();
        zone.primaries = addresses_of(settings->primaries);
        const UnixTime now = loop_.now().unix;
        const auto known = in_service_.find(settings.name);
        if (known != in_service_.end()) {
            set_facts(zone, known->second, now);
        }
        zone.before = zone.serial;
        const bool is_expired = zone.expires && *zone.expires <= now;
        survey_.add(settings, is_expired ? std::nullopt : zone.serial);
        outcome_.zones.push_back(std::move(zone));
        answered_.push_back(false);
    }

    void kick() {
        while (std::optional<service::FollowerAction> action = survey_.poll_action(loop_.now())) {
            asker_.run(std::move(*action));
        }
        while (std::optional<SoaSurvey::Answer> answer = survey_.poll_answer()) {
            take(std::move(*answer));
        }
        if (survey_.done()) {
            loop_.stop();
        } else if (const std::optional<Instant> next = survey_.next_timeout()) {
            timer_.arm(*next, [this] {
                survey_.handle_timeout(loop_.now());
                kick();
            });
        }
    }

    void take(SoaSurvey::Answer answer) {
        answered_[answer.zone] = true;
        ZoneOutcome& zone = outcome_.zones[answer.zone];
        zone.took = loop_.now().instant - began_;
        zone.tried = std::move(answer.tried);
        zone.error = std::move(answer.error);
        const config::Zone& settings = config_.zones[answer.zone];
        if (answer.theirs && answer.theirs != zone.serial) {
            zone.would = zone.serial ? fmt::format("serial {} -> {}, from {}", zone.serial->value(),
                                                   answer.theirs->value(), answer.from.to_text())
                                     : fmt::format("serial {}, new here, from {}",
                                                   answer.theirs->value(), answer.from.to_text());
        } else if (answer.theirs && settings->output.mode == config::OutputMode::file &&
                   ::access(settings.output_path().c_str(), F_OK) != 0) {
            zone.would = fmt::format("zone file {} is missing", settings.output_path());
        }
        zone.changed = !zone.would.empty();
    }

    const config::Config& config_;
    const InService& in_service_;
    SoaSurvey survey_;
    net::Loop loop_;
    service::Asker asker_;
    net::Timer timer_;
    net::Timer timeout_;
    Instant began_;
    SyncOutcome outcome_;
    std::vector<bool> answered_;
};

}  // namespace

Result<InService> in_service_in_store(const std::string& directory, UnixTime now) {
    const Result<std::vector<zone::ZoneState>> states = store::peek(directory);
    if (!states) {
        return fail(states.error());
    }
    InService in_service;
    for (const zone::ZoneState& state : *states) {
        if (!state.version) {
            continue;
        }
        control::ZoneStatus& status = in_service[state.zone];
        status.serial = state.version->serial();
        status.records = state.version->records;
        if (state.timers.last_success != UnixTime{}) {
            status.last_success = state.timers.last_success;
        }
        if (state.timers.promoted != UnixTime{}) {
            status.source = control::kPromotedSource;
        }
        if (state.timers.expires != UnixTime{}) {
            status.expires_in = state.timers.expires - now;
        }
    }
    return in_service;
}

InService in_service_at_daemon(control::Status status) {
    InService in_service;
    for (control::ZoneStatus& zone : status.zones) {
        if (const Result<dns::Name> name = dns::Name::from_text(zone.zone)) {
            in_service.emplace(*name, std::move(zone));
        }
    }
    return in_service;
}

SyncOutcome rehearse(const config::Config& config, const InService& in_service,
                     std::optional<seconds> timeout) {
    return Rehearsal{config, in_service}.run(timeout);
}

std::string rehearsal_text(const SyncOutcome& outcome, bool all) {
    std::string out;
    for (const ZoneOutcome& zone : outcome.zones) {
        if (!zone.would.empty()) {
            fmt::format_to(std::back_inserter(out), "{} would change: {}\n", zone.zone, zone.would);
        } else if (all && !zone.error) {
            fmt::format_to(std::back_inserter(out), "{} would stay as it is: serial {}\n",
                           zone.zone, zone.serial ? zone.serial->value() : 0);
        }
    }
    return out;
}

}  // namespace twinzone::secondary
