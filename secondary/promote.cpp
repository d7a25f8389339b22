#include "secondary/promote.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>

#include <fmt/format.h>

#include "common/control/client.h"
#include "common/service/ask_daemon.h"
#include "common/service/member_settings.h"
#include "common/service/privileges.h"
#include "common/service/program.h"
#include "secondary/promotion.h"

namespace twinzone::secondary {

namespace {

using config::ExitCode;
using config::Role;

std::string absolute(std::string_view path) {
    return std::filesystem::absolute(path).lexically_normal().string();
}

// What is to be done, by the operands and options as the daemon gets them. Errc::usage.
Result<PromotionOrder> order_of(const control::Request& request, const config::Config& config) {
    PromotionOrder order;
    order.undo = !request.option("undo").empty();
    const std::string_view folder = request.option("output");
    order.folder = absolute(folder.empty() ? config.store_path + "/promoted" : std::string{folder});
    for (const std::string& operand : request.operands) {
        const Result<dns::Name> name = dns::Name::from_text(operand);
        if (!name) {
            return fail(name.error());
        }
        const bool is_known =
            std::any_of(config.zones.begin(), config.zones.end(),
                        [&name](const config::Zone& zone) { return zone.name == *name; });
        if (!is_known) {
            return fail(Errc::usage, fmt::format("zone {} is not configured", name->to_text()));
        }
        if (std::find(order.zones.begin(), order.zones.end(), *name) == order.zones.end()) {
            order.zones.push_back(*name);
        }
    }
    if (request.operands.empty()) {
        for (const config::Zone& zone : config.zones) {
            order.zones.push_back(zone.name);
        }
    }
    return order;
}

control::Response answer_of(const control::Request& request,
                            const control::PromotionReport& report) {
    control::Response response;
    response.exit = static_cast<int>(report.ok() ? ExitCode::ok : ExitCode::some_failed);
    response.output =
        request.option("json").empty() ? control::to_text(report) : control::to_json(report);
    return response;
}

control::Response refusal(ExitCode code, std::string why) {
    control::Response response;
    response.exit = static_cast<int>(code);
    response.error = std::move(why);
    return response;
}

void record_report(service::Daemon& daemon, const control::PromotionReport& report) {
    const Now now = daemon.loop().now();
    for (const control::PromotedZone& zone : report.zones) {
        const Result<dns::Name> name = dns::Name::from_text(zone.zone);
        if (!name || (zone.was_so && zone.problem.empty())) {
            continue;
        }
        if (!zone.problem.empty()) {
            daemon.events().record_line(now, *name, service::Reason::promotion_failed,
                                        fmt::format("promote: {}", zone.problem));
            continue;
        }
        daemon.events().record_line(
            now, *name, report.undo ? service::Reason::demoted : service::Reason::promoted,
            report.undo ? "no longer promoted: it follows its primaries again"
                        : "promoted: its primaries are not asked, and it does not expire");
    }
}

// What the primary is to have: members of catalogs as zones of their own.
config::Config whole_config(const config::Config& config, std::vector<config::Zone> zones) {
    config::Config whole = config;
    whole.zones = std::move(zones);
    for (config::Zone& zone : whole.zones) {
        zone.edit().catalog.reset();
    }
    whole.catalogs.clear();
    return whole;
}

config::Config whole_config(const config::Config& config) {
    std::vector<config::Zone> zones = config.zones;
    const std::vector<config::Zone> members = service::saved_members(config);
    zones.insert(zones.end(), members.begin(), members.end());
    return whole_config(config, std::move(zones));
}

// A store in the hands of this process alone.
class Alone {
  public:
    static Result<control::Response> run(const config::Config& config,
                                         const control::Request& request) {
        Result<PromotionOrder> order = order_of(request, config);
        if (!order) {
            return fail(std::move(order).error());
        }
        std::error_code ignored;
        if (!std::filesystem::exists(config.store_path + "/data.mdb", ignored)) {
            return fail(Errc::file_unreadable,
                        fmt::format("{}: there is no store", config.store_path));
        }
        if (const Result<std::string> user = service::become_user(config); !user) {
            return fail(user.error());
        }
        store::StoreOptions options;
        options.directory = config.store_path;
        options.program = "twinzone-secondary promote";
        options.max_bytes = config.store_max_bytes;
        Result<std::unique_ptr<store::Store>> store = store::Store::open(std::move(options));
        if (!store) {
            return fail(std::move(store).error());
        }
        Alone alone;
        return alone.promote(**store, config, request, std::move(*order));
    }

  private:
    control::Response promote(store::Store& store, const config::Config& config,
                              const control::Request& request, PromotionOrder order) {
        std::optional<control::Response> response;
        Promotion::begin({.store = store,
                          .config = config,
                          .now = net::Loop{}.now().unix,
                          .serving = false,
                          .set_followed = {},
                          .in_background =
                              [this](std::function<void()> work, std::function<void()> then) {
                                  tasks_.push_back(std::move(work));
                                  tasks_.push_back(std::move(then));
                              }},
                         std::move(order), [&](const control::PromotionReport& report) {
                             response = answer_of(request, report);
                         });
        while (!response) {
            store.drain();
            for (; !tasks_.empty(); tasks_.pop_front()) {
                tasks_.front()();
            }
        }
        return std::move(*response);
    }

    std::deque<std::function<void()>> tasks_;
};

ExitCode show(const control::Response& response) {
    fmt::print("{}", response.output);
    if (!response.ok()) {
        fmt::print(stderr, "{}: {}\n", config::program_name(Role::secondary), response.error);
    }
    return static_cast<ExitCode>(response.exit);
}

}  // namespace

ExitCode promote(const config::CommandLine& command_line) {
    const Result<std::string> socket = config::control_socket_of(command_line, Role::secondary);
    if (!socket) {
        return service::report(Role::secondary, socket.error());
    }
    control::Request request = service::request_of(command_line);
    if (const auto output = request.options.find("output"); output != request.options.end()) {
        output->second = absolute(output->second);  // the daemon's working directory is another one
    }
    const Result<control::Response> answer = control::ask(*socket, request, std::nullopt);
    if (answer) {
        return show(*answer);
    }
    if (answer.error().code() != Errc::not_found) {
        return service::report_unanswered(Role::secondary, answer.error());
    }
    const Result<config::Config> config = config::config_of(command_line, Role::secondary);
    if (!config) {
        return service::report(Role::secondary, config.error());
    }
    const Result<control::Response> done = Alone::run(whole_config(*config), request);
    return done ? show(*done) : service::report(Role::secondary, done.error());
}

void answer_promote(service::Daemon& daemon) {
    daemon.control().on("promote", [&daemon, busy = std::make_shared<bool>(false)](
                                       const control::Request& request, control::Reply reply) {
        const auto whole =
            std::make_shared<const config::Config>(whole_config(daemon.config(), daemon.zones()));
        Result<PromotionOrder> order = order_of(request, *whole);
        if (!order) {
            reply(refusal(ExitCode::usage, order.error().detail()));
            return;
        }
        if (std::exchange(*busy, true)) {
            reply(refusal(ExitCode::some_failed, "another promote is under way"));
            return;
        }
        Promotion::begin(
            {.store = daemon.store(),
             .config = *whole,
             .now = daemon.loop().now().unix,
             .serving = true,
             .set_followed = [&daemon](const dns::Name& zone,
                                       bool followed) { daemon.set_followed(zone, followed); },
             .in_background =
                 [&daemon](std::function<void()> work, std::function<void()> then) {
                     daemon.loop().work(std::move(work), std::move(then));
                 }},
            std::move(*order),
            [&daemon, busy, request, whole,
             reply = std::move(reply)](const control::PromotionReport& report) {
                *busy = false;
                record_report(daemon, report);
                reply(answer_of(request, report));
            });
    });
}

}  // namespace twinzone::secondary
