#include "common/service/verifier.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace twinzone::service {

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// Of one verb, so that many zones take little more than the transfers of a few need.
constexpr std::size_t kAtOneTime = 4;

// How often the schedule is looked at: a second, and more where there are very many zones.
Duration look_interval(std::size_t zones) {
    return seconds{std::clamp<std::int64_t>(static_cast<std::int64_t>(zones / 1000), 1, 60)};
}

// Whether the zone's turn lies behind `from` and not behind `to`. Turns come once an interval, each
// zone's at a moment of its own.
bool has_turn(const config::Zone& zone, Duration from, Duration to) {
    const Duration interval = zone->verify_interval;
    const auto share = static_cast<double>(dns::hash(zone.name.view()) % 1000 + 1) / 1000.0;
    const auto first = std::chrono::duration_cast<Duration>(interval * share);
    const auto turns = [&](Duration at) { return at < first ? -1 : (at - first) / interval; };
    return turns(to) > turns(from);
}

}  // namespace

struct Verifier::Answer {
    control::Reply reply;
    bool json = false;
    std::vector<dns::Name> zones;  // to do, from `next` on
    std::size_t next = 0;
    std::size_t running = 0;
    std::size_t failed = 0;
    std::string text;         // not sent yet
    bool is_sending = false;  // a part is on its way
    bool is_first = true;     // no zone is told yet
};

Verifier::Verifier(Daemon& daemon)
    : daemon_(daemon),
      began_(daemon.loop().now().instant),
      looked_(began_),
      timer_(daemon.loop()),
      fetcher_(daemon.loop(), daemon.config().store_path, daemon.config().limits) {
    daemon.control().on("verify",
                        [this](const control::Request& request, const control::Reply& reply) {
                            handle_verb(request, reply);
                        });
    look_at_schedule();
}

Verifier::~Verifier() = default;

void Verifier::handle_verb(const control::Request& request, const control::Reply& reply) {
    auto answer = std::make_shared<Answer>();
    answer->reply = reply;
    answer->json = request.option("json") == "true";
    for (const std::string& operand : request.operands) {
        const Result<dns::Name> zone = dns::Name::from_text(operand);
        const bool is_known = zone && daemon_.serves(*zone);
        if (!is_known) {
            reply({.exit = zone ? kExitFailed : kExitUsage,
                   .output = {},
                   .error = zone ? fmt::format("no zone {} here", zone->to_text())
                                 : zone.error().detail()});
            return;
        }
        answer->zones.push_back(*zone);
    }
    if (request.operands.empty()) {
        for (const config::Zone& zone : daemon_.zones()) {
            if (zone.is_followed() && daemon_.serves(zone.name)) {
                answer->zones.push_back(zone.name);
            }
        }
    }
    answer->text = answer->json ? "{\"zones\":[" : "";
    go_on(answer);
}

// Begins what may run now; a reader that takes nothing has nothing more done for it.
void Verifier::go_on(const std::shared_ptr<Answer>& answer) {
    while (!answer->is_sending && answer->running < kAtOneTime &&
           answer->next < answer->zones.size()) {
        const std::optional<config::Zone> zone =
            daemon_.zone_settings(answer->zones[answer->next++]);
        if (!zone) {  // gone meanwhile
            continue;
        }
        ++answer->running;
        verify(*zone, [this, answer](const ZoneVerdict& verdict) {
            --answer->running;
            answer->failed += verdict.is_good() ? 0 : 1;
            if (answer->json) {
                answer->text += std::exchange(answer->is_first, false) ? "" : ",";
                answer->text += to_json(verdict);
            } else {
                answer->text += to_text(verdict);
            }
            go_on(answer);
        });
    }
    if (answer->is_sending) {
        return;
    }
    if (answer->running == 0 && answer->next == answer->zones.size()) {
        finish(*answer);
    } else if (!answer->text.empty()) {
        send_part(answer);
    }
}

void Verifier::send_part(const std::shared_ptr<Answer>& answer) {
    answer->is_sending = true;
    answer->reply({.exit = 0,
                   .output = std::exchange(answer->text, {}),
                   .error = {},
                   .more = true,
                   .on_written = [this, answer] {
                       answer->is_sending = false;
                       go_on(answer);
                   }});
}

void Verifier::finish(Answer& answer) {
    if (answer.json) {
        answer.text += fmt::format("],\"ok\":{}}}\n", answer.failed == 0);
    }
    std::string error = answer.failed == 0
                            ? std::string{}
                            : fmt::format("{} of {} zones are not known to be the same",
                                          answer.failed, answer.zones.size());
    answer.reply({.exit = answer.failed == 0 ? 0 : kExitFailed,
                  .output = std::exchange(answer.text, {}),
                  .error = std::move(error)});
}

void Verifier::verify(const config::Zone& zone, ZoneVerification::Done done) {
    const std::uint64_t id = ++last_id_;
    auto verification = std::make_unique<ZoneVerification>(
        daemon_, fetcher_, zone, [this, id, done = std::move(done)](ZoneVerdict verdict) {
            const auto over = running_.extract(id);
            for (const ServerVerdict& server : verdict.servers) {
                daemon_.metrics().verifications.add({to_string(server.finding)});
            }
            done(std::move(verdict));
        });
    running_.emplace(id, std::move(verification)).first->second->start();
}

void Verifier::look_at_schedule() {
    const Instant now = daemon_.loop().now().instant;
    for (std::size_t place = 0; place < daemon_.zone_count(); ++place) {
        if (daemon_.settings_at(place).verify_interval.count() == 0) {
            continue;
        }
        const config::Zone zone = daemon_.zone_at(place);
        if (has_turn(zone, looked_ - began_, now - began_) &&
            std::find(due_.begin(), due_.end(), zone.name) == due_.end()) {
            due_.push_back(zone.name);
        }
    }
    looked_ = now;
    verify_next_due();
    timer_.arm_after(look_interval(daemon_.zone_count()), [this] { look_at_schedule(); });
}

void Verifier::verify_next_due() {
    while (!is_busy_ && !due_.empty()) {
        const std::optional<config::Zone> zone = daemon_.zone_settings(due_.front());
        due_.pop_front();
        if (!zone || !zone->is_followed()) {
            continue;
        }
        is_busy_ = true;
        verify(*zone, [this](const ZoneVerdict& verdict) {
            is_busy_ = false;
            handle_background(verdict);
            verify_next_due();
        });
    }
}

void Verifier::handle_background(const ZoneVerdict& verdict) {
    const auto say = [&](service::Reason reason, std::string line) {
        daemon_.events().record_line(daemon_.loop().now(), verdict.zone, reason, std::move(line));
    };
    for (const ServerVerdict& server : verdict.servers) {
        const std::string_view what = to_string(server.finding);
        switch (server.finding) {
            case Finding::same:
            case Finding::refused:
                say(service::Reason::verified, fmt::format("verify, {}, {}", server.server, what));
                break;
            case Finding::differs:
                say(service::Reason::verify_differs,
                    fmt::format("verify, {}, differs, serial {}, {} records only here, {} only "
                                "there, first {}",
                                server.server, verdict.serial->value(), server.only_here,
                                server.only_there, server.differences.front()));
                break;
            case Finding::other_serial:
            case Finding::no_answer:
                say(service::Reason::verify_unanswered,
                    fmt::format("verify, {}, {} {}", server.server, what, server.why));
                break;
        }
    }
    // The first primary that answers is whom we follow.
    const auto first = std::find_if(
        verdict.servers.begin(), verdict.servers.end(), [](const ServerVerdict& server) {
            return server.is_primary && server.finding != Finding::no_answer;
        });
    if (first != verdict.servers.end() && first->finding == Finding::differs) {
        mend(verdict, *first);
    }
}

void Verifier::mend(const ZoneVerdict& verdict, const ServerVerdict& primary) {
    daemon_.events().record_line(daemon_.loop().now(), verdict.zone, service::Reason::mending,
                                 fmt::format("verify, {}, mending by AXFR", primary.server));
    daemon_.metrics().verifications.add({"mended"});
    constexpr bool whole = true;
    daemon_.refresh(verdict.zone.view(), whole);
}

}  // namespace twinzone::service
