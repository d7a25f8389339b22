#include "common/service/hook_runner.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace twinzone::service {

namespace {

using config::HookEvent;

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// A word of a system call has a limit; a reason is a sentence.
constexpr std::size_t kMaxReasonBytes = 4096;

std::string_view to_text(HookEvent event) noexcept {
    switch (event) {
        case HookEvent::committed: return "committed";
        case HookEvent::failed: return "failed";
        case HookEvent::held: return "held";
        case HookEvent::expired: return "expired";
    }
    TWINZONE_UNREACHABLE();
}

bool has_files(HookEvent event) noexcept {
    return event == HookEvent::committed || event == HookEvent::held;
}

std::string serial_text(const std::optional<dns::Serial>& serial) {
    return serial ? fmt::to_string(serial->value()) : std::string{};
}

// One line of printable octets.
std::string flattened(std::string_view text, std::size_t most) {
    std::string line{text.substr(0, most)};
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    const std::size_t end = line.find_last_not_of(' ');
    line.erase(end == std::string::npos ? 0 : end + 1);
    return line;
}

}  // namespace

HookRunner::HookRunner(net::Loop& loop, EventLog& events, store::Store& store, std::string folder)
    : loop_(loop), events_(events), store_(store), folder_(std::move(folder)) {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

HookRunner::~HookRunner() = default;

void HookRunner::set_zone(const config::Zone& zone) {
    if (zone->hooks.empty()) {
        remove_zone(zone.name);
        return;
    }
    const auto [at, is_new] = zones_.try_emplace(zone.name);
    at->second.hooks = zone->hooks;
    const zone::ZoneState* state = store_.find(zone.name);
    if (is_new && state != nullptr && state->version) {
        at->second.serial = state->version->serial();
    }
}

void HookRunner::remove_zone(const dns::Name& zone) {
    if (zones_.erase(zone) == 0) {
        return;
    }
    const std::string text = zone.to_text();
    std::erase_if(queue_, [&](const Key& key) { return key.first == text; });
    std::erase_if(waiting_, [&](const auto& entry) { return entry.first.first == text; });
}

void HookRunner::handle_committed(const dns::Name& zone, dns::Serial serial) {
    const auto at = zones_.find(zone);
    if (at != zones_.end()) {
        const std::optional<dns::Serial> old = std::exchange(at->second.serial, serial);
        happen({.zone = zone,
                .event = HookEvent::committed,
                .old_serial = old,
                .new_serial = serial,
                .reason = {}});
    }
}

void HookRunner::handle_held(const dns::Name& zone, dns::Serial serial, const std::string& reason) {
    const auto at = zones_.find(zone);
    if (at != zones_.end()) {
        happen({.zone = zone,
                .event = HookEvent::held,
                .old_serial = at->second.serial,
                .new_serial = serial,
                .reason = reason});
    }
}

void HookRunner::handle_expired(const dns::Name& zone, const std::string& reason) {
    const auto at = zones_.find(zone);
    if (at != zones_.end()) {
        happen({.zone = zone,
                .event = HookEvent::expired,
                .old_serial = at->second.serial,
                .new_serial = {},
                .reason = reason});
    }
}

void HookRunner::handle_failed(const dns::Name& zone, Trouble trouble, const std::string& reason) {
    const auto at = zones_.find(zone);
    if (at != zones_.end() && at->second.troubles.insert(trouble).second) {
        happen({.zone = zone,
                .event = HookEvent::failed,
                .old_serial = at->second.serial,
                .new_serial = {},
                .reason = reason});
    }
}

void HookRunner::handle_well(const dns::Name& zone, Trouble trouble) {
    const auto at = zones_.find(zone);
    if (at != zones_.end()) {
        at->second.troubles.erase(trouble);
    }
}

// What waits already for the same zone and event takes this in: it spans both.
void HookRunner::happen(Occasion what) {
    const std::vector<config::Hook>& hooks = zones_.at(what.zone).hooks;
    const bool is_wanted = std::any_of(hooks.begin(), hooks.end(), [&](const config::Hook& hook) {
        return std::find(hook.on.begin(), hook.on.end(), what.event) != hook.on.end();
    });
    if (!is_wanted) {
        return;
    }
    const Key key{what.zone.to_text(), what.event};
    const auto known = waiting_.find(key);
    if (known != waiting_.end()) {
        known->second.new_serial = what.new_serial;
        known->second.reason = std::move(what.reason);
        return;
    }
    if (waiting_.size() >= kMaxHooksWaiting) {
        events_.record_line(loop_.now(), what.zone, Reason::hook_failed,
                            fmt::format("hooks for {} not run: {} wait already",
                                        to_text(what.event), waiting_.size()));
        return;
    }
    queue_.push_back(key);
    waiting_.emplace(key, std::move(what));
    start_some();
}

bool HookRunner::may_start(const Key& key) const {
    return !running_.contains(key) && !(is_making_ && has_files(key.second));
}

void HookRunner::start_some() {
    for (std::size_t i = 0; i < queue_.size() && running_.size() < kMaxHooksAtOnce;) {
        if (!may_start(queue_[i])) {
            ++i;
            continue;
        }
        const Key key = queue_[i];
        queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
        start(key, std::move(waiting_.extract(key).mapped()));
    }
}

void HookRunner::start(const Key& key, Occasion what) {
    auto run = std::make_unique<Run>();
    for (const config::Hook& hook : zones_.at(what.zone).hooks) {
        if (std::find(hook.on.begin(), hook.on.end(), what.event) != hook.on.end()) {
            run->hooks.push_back(hook);
        }
    }
    run->what = std::move(what);
    Run& started = *running_.emplace(key, std::move(run)).first->second;
    if (has_files(key.second)) {
        make_files(key, started);
    } else {
        loop_.post([this, key] { run_next(key); });
    }
}

// Hooks run without files where these cannot be made: a full disk is what one would want to be told
// of.
void HookRunner::make_files(const Key& key, Run& run) {
    struct Making {
        std::string folder;
        std::shared_ptr<const zone::Snapshot> version;
        std::shared_ptr<const store::HeldSnapshot> held;
        std::optional<dns::Serial> old_serial;
        std::unique_ptr<HookFiles> files;
        Result<void> result;
    };
    auto making = std::make_shared<Making>();
    making->folder = fmt::format("{}/{}", folder_, ++last_run_);
    making->old_serial = run.what.old_serial;
    if (key.second == HookEvent::held) {
        auto held = store_.held(run.what.zone);
        making->held = held ? *held : nullptr;
    }
    // Of a catalog only the members may be held: the version is in service.
    auto version = making->held == nullptr ? store_.snapshot(run.what.zone)
                                           : fail(Errc::not_found, "it is held");
    if (version &&
        (key.second != HookEvent::held || run.what.new_serial == (*version)->version().serial())) {
        making->version = *version;
        run.what.new_serial = (*version)->version().serial();
    }
    is_making_ = true;
    loop_.work(
        [making, folder = folder_] {
            std::error_code ignored;
            std::filesystem::create_directory(folder, ignored);
            std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
            Result<std::unique_ptr<HookFiles>> files = HookFiles::create(making->folder);
            if (files) {
                making->files = *std::move(files);
                making->result = making->held ? making->files->write(making->held)
                                 : making->version
                                     ? making->files->write(making->version, making->old_serial)
                                     : Result<void>{};
            } else {
                making->result = fail(std::move(files).error());
            }
            making->held.reset();
            making->version.reset();
        },
        [this, key, making] {
            is_making_ = false;
            Run& made = *running_.at(key);
            made.files = std::move(making->files);
            if (!making->result) {
                events_.record_line(
                    loop_.now(), made.what.zone, Reason::hook_failed,
                    fmt::format("files for hooks not made: {}", making->result.error().detail()));
            }
            run_next(key);
            start_some();
        });
}

std::vector<std::string> HookRunner::environment_of(const Run& run) {
    const Occasion& what = run.what;
    return {
        kPath,
        fmt::format("TWINZONE_ZONE={}", what.zone.to_text()),
        fmt::format("TWINZONE_EVENT={}", to_text(what.event)),
        fmt::format("TWINZONE_OLD_SERIAL={}", serial_text(what.old_serial)),
        fmt::format("TWINZONE_NEW_SERIAL={}", serial_text(what.new_serial)),
        fmt::format("TWINZONE_REASON={}", flattened(what.reason, kMaxReasonBytes)),
        fmt::format("TWINZONE_ZONE_FILE={}", run.files ? run.files->zone_file() : std::string{}),
        fmt::format("TWINZONE_DIFF_FILE={}", run.files ? run.files->diff_file() : std::string{})};
}

void HookRunner::run_next(const Key& key) {
    Run& run = *running_.at(key);
    while (run.next < run.hooks.size()) {
        const config::Hook& hook = run.hooks[run.next];
        Result<std::unique_ptr<net::ChildProcess>> process = net::ChildProcess::start(
            loop_,
            {.argv = hook.exec, .environment = environment_of(run), .time_limit = hook.timeout},
            [this, key](const net::ChildEnd& end) { handle_end(key, end); });
        if (process) {
            run.process = *std::move(process);
            return;
        }
        log(run, Reason::hook_failed, fmt::format("not run: {}", process.error().detail()));
        ++run.next;
    }
    finish(key);
}

void HookRunner::handle_end(const Key& key, const net::ChildEnd& end) {
    Run& run = *running_.at(key);
    if (end.is_success()) {
        log(run, Reason::hook_done, "done");
    } else {
        const std::string said = flattened(end.output, kMaxHookOutputBytes);
        const bool is_cut = end.output_is_cut || end.output.size() > kMaxHookOutputBytes;
        log(run, Reason::hook_failed,
            fmt::format("{}{}{}{}", net::to_text(end), said.empty() ? "" : ": ", said,
                        is_cut ? " …" : ""));
    }
    run.process.reset();
    ++run.next;
    run_next(key);
}

void HookRunner::finish(const Key& key) {
    // Deleting large files takes its time.
    std::shared_ptr<HookFiles> files = std::move(running_.at(key)->files);
    if (files) {
        loop_.work([held = std::make_shared<std::shared_ptr<HookFiles>>(
                        std::move(files))] { held->reset(); },
                   [] {});
    }
    running_.erase(key);
    start_some();
    if (is_idle() && on_idle_) {
        on_idle_();
    }
}

void HookRunner::log(const Run& run, Reason reason, const std::string& how) {
    events_.record_line(loop_.now(), run.what.zone, reason,
                        fmt::format("hook {} for {}: {}", run.hooks[run.next].exec.front(),
                                    to_text(run.what.event), how));
}

}  // namespace twinzone::service
