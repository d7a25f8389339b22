#include "tests/unit/secondary/hand_over_bench.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/dns/message.h"
#include "tests/support/catch.h"

namespace twinzone::secondary::test {

namespace {

std::optional<dns::Serial> serial_of(std::optional<std::uint32_t> number) {
    return number ? std::optional{dns::Serial{*number}} : std::nullopt;
}

}  // namespace

HandOverBench::HandOverBench(config::OutputMode mode, config::ReloadKind reload) {
    zone.name = twinzone::test::apex();
    config::Output& output = zone.edit().output;
    output.mode = mode;
    output.path = "example.test.zone";
    output.reload = mode == config::OutputMode::file ? reload : config::ReloadKind::none;
    output.verify = std::make_shared<config::Remote>(config::Remote{
        .name = "local", .addresses = {*Endpoint::from_text("127.0.0.1", 53)}, .key = nullptr});
}

void HandOverBench::start() {
    FileState state;
    state.serial = serial_of(file);
    state.has_previous = previous.has_value();
    core.add_zone(now, zone, state);
    drain();
}

void HandOverBench::publish(std::uint32_t serial) {
    store.put(serial);
    core.handle_published(now, zone.name);
    drain();
}

void HandOverBench::pass(Duration time) {
    const Instant end = now.instant + time;
    while (true) {
        std::optional<Instant> next = core.next_timeout();
        if (!later_.empty()) {
            next = next ? std::min(*next, later_.begin()->first) : later_.begin()->first;
        }
        if (!next || *next > end) {
            break;
        }
        const Instant at = std::max(now.instant, *next);
        set_clock(at);
        while (!later_.empty() && later_.begin()->first <= now.instant) {
            const HandOverAction action = later_.extract(later_.begin()).mapped();
            act(action);
        }
        core.handle_timeout(now);
        drain();
    }
    set_clock(end);
    REQUIRE(core.invariants_hold());
}

void HandOverBench::set_clock(Instant at) {
    const Duration began = std::chrono::floor<seconds>(now.instant.since_start());
    const auto passed = std::chrono::floor<seconds>(at.since_start() - began);
    now = {.instant = at, .unix = now.unix + passed};
}

void HandOverBench::drain() {
    while (const std::optional<HandOverAction> action = core.poll_action()) {
        if (std::holds_alternative<WriteFile>(*action) && write_time > Duration{0}) {
            later_.emplace(now.instant + write_time, *action);
        } else {
            act(*action);
        }
    }
    while (std::optional<HandOverEvent> event = core.poll_event()) {
        events_.push_back(std::move(*event));
    }
    REQUIRE(core.invariants_hold());
}

void HandOverBench::act(const HandOverAction& action) {
    if (const auto* question = std::get_if<service::Ask>(&action)) {
        answer(*question);
    } else if (const auto* wanted = std::get_if<WriteFile>(&action)) {
        write(*wanted);
    } else if (const auto* back = std::get_if<PutBack>(&action)) {
        put_back(*back);
    } else if (std::holds_alternative<DropPrevious>(action)) {
        previous.reset();
        done_.emplace_back("drop");
    } else if (const auto* command = std::get_if<RunReload>(&action)) {
        reload(*command);
    }
}

void HandOverBench::write(const WriteFile& action) {
    if (write_fails) {
        core.handle_written(now, action.zone, fail(*write_fails));
        return;
    }
    const zone::Version& version = *store.find(zone.name)->version;
    if (action.keep_current && file) {
        previous = file;
    }
    file = version.serial().value();
    done_.push_back(fmt::format("write-{}", *file));
    FileState state;
    state.serial = version.serial();
    state.digest = version.digest;
    state.has_previous = previous.has_value();
    core.handle_written(now, action.zone, state);
}

void HandOverBench::put_back(const PutBack& action) {
    REQUIRE(previous);
    file = std::exchange(previous, std::nullopt);
    done_.push_back(fmt::format("put-back-{}", *file));
    FileState state;
    state.serial = serial_of(file);
    core.handle_put_back(now, action.zone, state);
}

void HandOverBench::reload(const RunReload& action) {
    done_.emplace_back("reload");
    if (reload_works) {
        take(*file);
    }
    core.handle_reloaded(now, action.zone,
                         {.is_success = reload_reports, .words = "`reload`: its words"});
}

void HandOverBench::take(std::uint32_t serial) {
    if (!refuses.contains(serial)) {
        served = serial;
        server = server == Server::servfail ? Server::up : server;
    } else if (drops_old) {
        served.reset();
        server = Server::servfail;
    }
}

void HandOverBench::answer(const service::Ask& question) {
    if (server == Server::silent) {
        return;
    }
    const dns::Message query = *dns::Message::parse(question.message);
    dns::Message reply;
    reply.header.id = query.header.id;
    reply.header.qr = true;
    reply.header.opcode = query.header.opcode;
    reply.header.aa = true;
    reply.question = query.question;
    if (query.header.opcode == dns::Opcode::notify) {
        done_.emplace_back("notify");
        reply.header.rcode = notify_rcode.value_or(dns::Rcode::no_error);
        if (hears_notify && !notify_rcode) {
            take(store.find(zone.name)->version->serial().value());
        }
    } else if (server == Server::servfail || !served) {
        reply.header.rcode = dns::Rcode::serv_fail;
    } else {
        reply.answer.push_back(twinzone::test::soa(*served));
        reply.answer.back().owner = query.question->name;
    }
    Bytes message = reply.to_wire();
    core.handle_message(now, question.attempt, message);
}

std::optional<std::uint32_t> HandOverBench::serial_seen() const {
    const auto serial = view().serial;
    return serial ? std::optional{serial->value()} : std::nullopt;
}

std::string HandOverBench::done() {
    return fmt::format("{}", fmt::join(std::exchange(done_, {}), " "));
}

std::vector<HandOverEvent> HandOverBench::take_events() {
    return std::exchange(events_, {});
}

}  // namespace twinzone::secondary::test
