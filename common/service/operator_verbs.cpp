#include "common/service/operator_verbs.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "common/config/values.h"
#include "common/control/json_object.h"
#include "common/control/json_text.h"
#include "common/service/daemon.h"
#include "common/service/why.h"

namespace twinzone::service {

namespace {

using control::json_list;
using control::JsonObject;
using control::Reply;
using control::Response;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

bool wants_json(const control::Request& request) {
    return request.option("json") == "true";
}

std::string serial_text(const std::optional<dns::Serial>& serial) {
    return serial ? fmt::format("serial {}", serial->value()) : std::string{"no version"};
}

bool is_at_least(const std::optional<dns::Serial>& held, dns::Serial wanted) {
    return held && (*held == wanted || dns::is_newer(*held, wanted));
}

std::optional<dns::Serial> serial_from_text(std::string_view text) {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && rest == end ? std::optional{dns::Serial{value}} : std::nullopt;
}

bool is_called(const config::Remote& remote, std::string_view text) {
    return remote.name == text || std::any_of(remote.addresses.begin(), remote.addresses.end(),
                                              [&](const Endpoint& endpoint) {
                                                  return endpoint.to_text() == text ||
                                                         endpoint.address.to_text() == text;
                                              });
}

std::string line_of(const JsonObject& json) {
    return json.to_text() + '\n';
}

std::string wait_json(std::string_view zone, const std::optional<dns::Serial>& serial,
                      const std::vector<PeerLedger::Missing>& missing) {
    std::vector<std::string> list;
    list.reserve(missing.size());
    for (const PeerLedger::Missing& each : missing) {
        list.push_back(JsonObject{}.text("remote", each.remote).text("why", each.why).to_text());
    }
    JsonObject json;
    json.text("zone", zone)
        .serial("serial", serial)
        .truth("served", missing.empty())
        .json("missing", json_list(list));
    return line_of(json);
}

}  // namespace

struct OperatorVerbs::Order {
    dns::Name zone;
    unsigned rounds = 1;  // that end until it is done
    bool whole = false;
    bool json = false;
    std::optional<dns::Serial> before;
    std::vector<std::string> told;  // what happened in the round, in the log's words
    Reply reply;
};

struct OperatorVerbs::Notice {
    dns::Name zone;
    bool json = false;
    dns::Serial serial;
    std::map<std::string, std::string> answers;  // by remote; empty: none yet
    bool all_well = true;
    Reply reply;
    std::unique_ptr<net::Timer> timer;
};

struct OperatorVerbs::Wait {
    dns::Name zone;
    bool json = false;
    dns::Serial serial;
    bool all_peers = false;
    seconds timeout{0};
    UnixTime began;
    Reply reply;
    std::unique_ptr<net::Timer> timer;
};

OperatorVerbs::OperatorVerbs(Daemon& daemon) : daemon_(daemon) {
    control::ControlServer& control = daemon_.control();
    control.on("why", [this](const control::Request& request, const Reply& reply) {
        why(request, reply);
    });
    control.on("refresh", [this](const control::Request& request, const Reply& reply) {
        refresh(request, reply, false);
    });
    control.on("retransfer", [this](const control::Request& request, const Reply& reply) {
        refresh(request, reply, true);
    });
    control.on("notify", [this](const control::Request& request, const Reply& reply) {
        notify(request, reply);
    });
    control.on("wait", [this](const control::Request& request, const Reply& reply) {
        wait(request, reply);
    });
}

OperatorVerbs::~OperatorVerbs() = default;

std::optional<config::Zone> OperatorVerbs::zone_of(const control::Request& request,
                                                   const Reply& reply) const {
    if (request.operands.size() != 1) {
        reply({.exit = kUsage, .output = {}, .error = "one zone is to be named"});
        return std::nullopt;
    }
    const Result<dns::Name> name = dns::Name::from_text(request.operands.front());
    if (!name) {
        reply({.exit = kUsage, .output = {}, .error = name.error().detail()});
        return std::nullopt;
    }
    std::optional<config::Zone> zone = daemon_.zone_settings(*name);
    if (!zone) {
        reply({.exit = kFailed,
               .output = {},
               .error = fmt::format("no zone {} here", name->to_text())});
    }
    return zone;
}

std::optional<dns::Serial> OperatorVerbs::served(const dns::Name& zone) const {
    const zone::ZoneState* state = daemon_.store().find(zone);
    return state != nullptr && state->version && !daemon_.is_expired(zone)
               ? std::optional{state->version->serial()}
               : std::nullopt;
}

void OperatorVerbs::why(const control::Request& request, const Reply& reply) {
    if (const std::optional<config::Zone> zone = zone_of(request, reply)) {
        const std::vector<KeptDecision>& kept = daemon_.events().book().of(zone->name);
        reply({.exit = 0,
               .output =
                   wants_json(request) ? why_json(zone->name, kept) : why_text(zone->name, kept),
               .error = {}});
    }
}

// ---- refresh, retransfer

void OperatorVerbs::refresh(const control::Request& request, const Reply& reply, bool whole) {
    const std::optional<config::Zone> zone = zone_of(request, reply);
    if (!zone) {
        return;
    }
    const dns::Name name = zone->name;
    const Follower::Order order = daemon_.begin_round(name, whole);
    if (order == Follower::Order::not_followed) {
        reply({.exit = kFailed,
               .output = {},
               .error = fmt::format(
                   "zone {} has no primaries: it comes from {}", name.to_text(),
                   zone->has_source_file() ? zone->source_file() : "the zones here: a catalog")});
        return;
    }
    daemon_.events().record(daemon_.loop().now(), name,
                            whole ? Reason::ordered_retransfer : Reason::ordered_refresh);
    orders_.push_back({.zone = name,
                       .rounds = order == Follower::Order::after_running ? 2U : 1U,
                       .whole = whole,
                       .json = wants_json(request),
                       .before = served(name),
                       .told = {},
                       .reply = reply});
    daemon_.kick_follower();
}

void OperatorVerbs::handle_event(const FollowerEvent& event) {
    const bool waited_for = std::any_of(orders_.begin(), orders_.end(), [&](const Order& order) {
        return order.zone == event.zone;
    });
    if (std::holds_alternative<ZoneExpired>(event.what)) {
        handle_change(event.zone);
    }
    if (!waited_for) {
        return;
    }
    if (std::holds_alternative<TransferEnded>(event.what)) {
        const std::string line = log_text(decisions_of(event).front());
        for (Order& order : orders_) {
            if (order.zone == event.zone) {
                order.told.push_back(line);
            }
        }
    }
    const auto* round = std::get_if<RoundEnded>(&event.what);
    if (round == nullptr) {
        return;
    }
    std::erase_if(orders_, [&](Order& order) {
        if (order.zone != event.zone || --order.rounds > 0) {
            return false;
        }
        finish(order, *round);
        return true;
    });
}

void OperatorVerbs::finish(const Order& order, const RoundEnded& round) {
    const std::optional<dns::Serial> now = served(order.zone);
    const std::string zone = order.zone.to_text();
    const bool changed = now != order.before;
    Response response{.exit = round.error ? kFailed : 0, .output = {}, .error = {}};
    if (order.json) {
        std::vector<std::string> transfers;
        transfers.reserve(order.told.size());
        for (const std::string& line : order.told) {
            transfers.push_back(control::json_text(line));
        }
        JsonObject json;
        json.text("zone", zone)
            .text("result", round.error ? "failed"
                            : changed   ? "updated"
                                        : "current")
            .serial("serial", now)
            .serial("serial_before", order.before)
            .json("transfers", json_list(transfers));
        if (round.error) {
            json.text("error", round.error->detail())
                .number("next_in_seconds", static_cast<std::uint64_t>(round.next_check.count()));
        }
        response.output = line_of(json);
    } else if (!round.error) {
        response.output = changed ? fmt::format("{}: {} -> {}\n", zone, serial_text(order.before),
                                                serial_text(now))
                                  : fmt::format("{}: {} is current\n", zone, serial_text(now));
        for (const std::string& line : order.told) {
            response.output += fmt::format("  {}\n", line);
        }
    }
    if (round.error) {
        response.error = fmt::format("{} {}: {}; checked again in {} s", zone,
                                     order.whole ? "not transferred" : "not refreshed",
                                     round.error->detail(), round.next_check.count());
    }
    order.reply(std::move(response));
}

// ---- notify

void OperatorVerbs::notify(const control::Request& request, const Reply& reply) {
    const std::optional<config::Zone> zone = zone_of(request, reply);
    if (!zone) {
        return;
    }
    const std::optional<dns::Serial> serial = served(zone->name);
    const std::string_view only = request.option("to");
    Notice notice{.zone = zone->name,
                  .json = wants_json(request),
                  .serial = serial.value_or(dns::Serial{}),
                  .answers = {},
                  .reply = reply,
                  .timer = std::make_unique<net::Timer>(daemon_.loop())};
    const config::Zone told = daemon_.with_ns_set(*zone);
    for (const config::RemotePtr& remote : told->notify) {
        if (only.empty() || is_called(*remote, only)) {
            notice.answers.emplace(remote->name, std::string{});
        }
    }
    if (!serial || notice.answers.empty()) {
        const std::string why = !serial        ? "has no version to tell of"
                                : only.empty() ? std::string{"has no remotes in notify"}
                                               : fmt::format("has no remote {} in notify", only);
        reply({.exit = kFailed,
               .output = {},
               .error = fmt::format("zone {} {}", zone->name.to_text(), why)});
        return;
    }
    daemon_.events().record(daemon_.loop().now(), zone->name, Reason::ordered_notify,
                            {.name = std::string{only}, .to = serial});
    notices_.push_back(std::move(notice));
    Notice& kept = notices_.back();
    kept.timer->arm_after(kNotifyPatience, [this, &kept] { finish(kept); });
    std::vector<std::string> remotes;
    for (const auto& [remote, answer] : kept.answers) {
        remotes.push_back(remote);
    }
    daemon_.notify(kept.zone, remotes);
}

void OperatorVerbs::handle_announced(const Announced& announced) {
    if (announced.stage != Announced::Stage::answered || announced.error) {
        return;
    }
    for (auto at = notices_.begin(); at != notices_.end();) {
        Notice& notice = *at++;  // finish() takes it out
        const auto answer = notice.answers.find(announced.remote);
        if (notice.zone != announced.zone || answer == notice.answers.end() ||
            announced.verdict == transfer::NotifyVerdict::retrying) {
            continue;
        }
        const bool heard = announced.verdict == transfer::NotifyVerdict::delivered;
        answer->second = heard ? "acknowledged" : "refused";
        if (std::none_of(notice.answers.begin(), notice.answers.end(),
                         [](const auto& each) { return each.second.empty(); })) {
            finish(notice);
        }
    }
}

void OperatorVerbs::finish(Notice& notice) {
    const std::string zone = notice.zone.to_text();
    std::vector<std::string> answers;
    std::string text = fmt::format("{}: told of serial {}\n", zone, notice.serial.value());
    std::string missing;
    for (const auto& [remote, given] : notice.answers) {
        const std::string answer = given.empty() ? "no answer" : given;
        text += fmt::format("  {}: {}\n", remote, answer);
        answers.push_back(JsonObject{}.text("remote", remote).text("answer", answer).to_text());
        if (answer != "acknowledged") {
            missing += fmt::format("{}{}: {}", missing.empty() ? "" : ", ", remote, answer);
        }
    }
    Response response;
    JsonObject json;
    json.text("zone", zone)
        .number("serial", notice.serial.value())
        .json("peers", json_list(answers));
    response.output = notice.json ? line_of(json) : text;
    if (!missing.empty()) {
        response.exit = kFailed;
        response.error = fmt::format("{}: not acknowledged by everyone: {}", zone, missing);
    }
    const Reply reply = notice.reply;
    std::erase_if(notices_, [&](const Notice& each) { return &each == &notice; });
    reply(std::move(response));
}

// ---- wait

void OperatorVerbs::wait(const control::Request& request, const Reply& reply) {
    const std::optional<config::Zone> zone = zone_of(request, reply);
    if (!zone) {
        return;
    }
    const std::string_view wanted = request.option("serial");
    const std::optional<dns::Serial> serial =
        wanted.empty() ? served(zone->name) : serial_from_text(wanted);
    const std::string_view time = request.option("timeout");
    const Result<seconds> timeout =
        time.empty() ? Result<seconds>{kWaitTimeout} : config::duration_from_text(time);
    if (!serial || !timeout) {
        reply({.exit = kUsage,
               .output = {},
               .error = serial ? timeout.error().detail() : "--serial is to name a version"});
        return;
    }
    waits_.push_back({.zone = zone->name,
                      .json = wants_json(request),
                      .serial = *serial,
                      .all_peers = request.option("all-peers") == "true",
                      .timeout = *timeout,
                      .began = daemon_.loop().now().unix,
                      .reply = reply,
                      .timer = std::make_unique<net::Timer>(daemon_.loop())});
    Wait& kept = waits_.back();
    if (kept.all_peers) {
        ++hurried_[kept.zone];
        daemon_.watch().hurry(kept.zone, true);  // also where another waits: all are asked now
    }
    kept.timer->arm_after(*timeout, [this, &kept] { give_up(kept); });
    try_finish(kept);
}

void OperatorVerbs::handle_change(const dns::Name& zone) {
    for (auto at = waits_.begin(); at != waits_.end();) {
        Wait& wait = *at++;  // try_finish() takes it out
        if (wait.zone == zone) {
            try_finish(wait);
        }
    }
}

bool OperatorVerbs::try_finish(Wait& wait) {
    const std::optional<dns::Serial> now = served(wait.zone);
    if (!is_at_least(now, wait.serial) ||
        (wait.all_peers &&
         !daemon_.watch().not_serving(wait.zone, wait.serial, wait.began).empty())) {
        return false;
    }
    const std::string zone = wait.zone.to_text();
    const std::string output = wait.json
                                   ? wait_json(zone, now, {})
                                   : fmt::format("{}: serial {} is served{}\n", zone, now->value(),
                                                 wait.all_peers ? " here and by every peer" : "");
    const Reply reply = wait.reply;
    drop(wait);
    reply({.exit = 0, .output = output, .error = {}});
    return true;
}

void OperatorVerbs::give_up(Wait& wait) {
    const std::optional<dns::Serial> now = served(wait.zone);
    std::vector<PeerLedger::Missing> missing;
    if (wait.all_peers) {
        missing = daemon_.watch().not_serving(wait.zone, wait.serial, wait.began);
    }
    if (!is_at_least(now, wait.serial)) {
        missing.insert(missing.begin(), {.remote = "here", .why = serial_text(now)});
    }
    const std::string zone = wait.zone.to_text();
    std::string words;
    for (const PeerLedger::Missing& each : missing) {
        words += fmt::format("{}{}: {}", words.empty() ? "" : ", ", each.remote, each.why);
    }
    Response response{.exit = kFailed,
                      .output = {},
                      .error = fmt::format("{}: serial {} is not served everywhere after {} s: {}",
                                           zone, wait.serial.value(), wait.timeout.count(), words)};
    if (wait.json) {
        response.output = wait_json(zone, now, missing);
    }
    const Reply reply = wait.reply;
    drop(wait);
    reply(std::move(response));
}

void OperatorVerbs::drop(const Wait& wait) {
    if (wait.all_peers) {
        const auto at = hurried_.find(wait.zone);
        if (--at->second == 0) {
            daemon_.watch().hurry(wait.zone, false);
            hurried_.erase(at);
        }
    }
    std::erase_if(waits_, [&](const Wait& each) { return &each == &wait; });
}

void OperatorVerbs::handle_removed(const dns::Name& zone) {
    const Response gone{.exit = kFailed,
                        .output = {},
                        .error = fmt::format("zone {} is no longer configured", zone.to_text())};
    std::erase_if(orders_, [&](const Order& order) {
        if (order.zone == zone) {
            order.reply(gone);
        }
        return order.zone == zone;
    });
    std::erase_if(notices_, [&](const Notice& notice) {
        if (notice.zone == zone) {
            notice.reply(gone);
        }
        return notice.zone == zone;
    });
    std::erase_if(waits_, [&](const Wait& wait) {
        if (wait.zone == zone) {
            wait.reply(gone);
        }
        return wait.zone == zone;
    });
    hurried_.erase(zone);
}

}  // namespace twinzone::service
