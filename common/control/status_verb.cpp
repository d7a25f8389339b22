#include "common/control/status_verb.h"

#include <chrono>
#include <cstdio>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>

#include "common/control/client.h"
#include "common/control/status_table.h"

namespace twinzone::control {

namespace {

constexpr milliseconds kAnswerTimeout{10'000};
constexpr seconds kWatchInterval{2};
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

UnixTime now() {
    return UnixTime{
        std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count()};
}

void print(const Status& status, const StatusView& view, std::FILE* out) {
    const TableOptions options{.width = view.width, .color = view.color, .now = now()};
    const std::string text = view.json ? to_json(status) + '\n' : to_table(status, options);
    if (view.watch && isatty(fileno(out)) == 1) {
        std::fwrite(kClearScreen.data(), 1, kClearScreen.size(), out);
    }
    std::fwrite(text.data(), 1, text.size(), out);
    std::fflush(out);
}

}  // namespace

Request to_request(const StatusQuery& query) {
    Request request{.verb = std::string{kStatusVerb}, .operands = {}, .options = {}};
    if (query.zone) {
        request.options.emplace("zone", query.zone->to_text());
    }
    if (query.stale) {
        request.options.emplace("stale", "true");
    }
    return request;
}

Result<Status> ask_status(const std::string& socket_path, const StatusQuery& query) {
    Result<Response> response = ask(socket_path, to_request(query), kAnswerTimeout);
    if (!response) {
        return fail(std::move(response).error());
    }
    if (!response->ok()) {
        return fail(response->exit == 1 ? Errc::zone_policy : Errc::usage, response->error);
    }
    return from_json(response->output);
}

Response answer_status(const Request& request, Status status) {
    if (const std::string_view text = request.option("zone"); !text.empty()) {
        Result<dns::Name> zone = dns::Name::from_text(text);
        if (!zone) {
            return {.exit = 2, .output = {}, .error = zone.error().detail()};
        }
        std::erase_if(status.zones, [&](const ZoneStatus& each) {
            Result<dns::Name> name = dns::Name::from_text(each.zone);
            return !name || *name != *zone;
        });
        if (status.zones.empty()) {
            return {
                .exit = 1, .output = {}, .error = fmt::format("no zone {} here", zone->to_text())};
        }
    }
    if (request.option("stale") == "true") {
        keep_not_current(status);
    }
    return {.exit = 0, .output = to_json(status), .error = {}};
}

Result<bool> show_status(const std::string& socket_path, const StatusQuery& query,
                         const StatusView& view, std::FILE* out) {
    for (;;) {
        Result<Status> status = ask_status(socket_path, query);
        if (!status) {
            return fail(std::move(status).error());
        }
        print(*status, view, out);
        if (!view.watch) {
            return all_current(*status);
        }
        std::this_thread::sleep_for(kWatchInterval);
    }
}

}  // namespace twinzone::control
