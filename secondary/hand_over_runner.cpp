#include "secondary/hand_over_runner.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/config/zone_comparison.h"
#include "common/net/entropy.h"
#include "secondary/reload_command.h"
#include "secondary/zone_file.h"

namespace twinzone::secondary {

namespace {

using SharedSnapshot = std::shared_ptr<const zone::Snapshot>;

// --output-dir is made where it is missing, as --store is. The folders that a configuration file
// names are the operator's: a file system that is not mounted must not go unnoticed. Writing the
// file tells what is wrong.
void make_output_directory(const config::Config& config, const std::string& path) {
    if (config.file.empty()) {
        std::error_code ignored;
        std::filesystem::create_directory(std::filesystem::path{path}.parent_path(), ignored);
    }
}

}  // namespace

HandOverRunner::HandOverRunner(service::Daemon& daemon, std::function<void()> on_settled)
    : daemon_(daemon),
      on_settled_(std::move(on_settled)),
      core_(daemon.store(), net::random_seed()),
      asker_(daemon.loop(),
             {.on_connected = {},
              .on_message =
                  [this](service::AttemptId attempt, std::span<std::uint8_t> message) {
                      core_.handle_message(daemon_.loop().now(), attempt, message);
                      kick();
                  },
              .on_failure =
                  [this](service::AttemptId attempt, const Error& error) {
                      core_.handle_failure(daemon_.loop().now(), attempt, error);
                      kick();
                  }}),
      timer_(daemon.loop()) {}

HandOverRunner::~HandOverRunner() = default;

void HandOverRunner::add(const config::Zone& zone) {
    if (zone->output.mode == config::OutputMode::none) {
        return;
    }
    FileState file;
    const config::Output output = zone.output();
    if (output.mode == config::OutputMode::file) {
        make_output_directory(daemon_.config(), output.path);
        drop_unfinished_zone_file(output.path);
        file.serial = serial_in_zone_file(output.path, zone.name);
        file.has_previous = has_previous_zone_file(output.path);
    }
    const std::uint32_t number = core_.add_zone(daemon_.loop().now(), zone, file);
    numbers_.emplace(zone.name, number);
    zones_.emplace(
        number,
        Served{.zone = zone.name, .output = output, .words = reload_words(output, zone.name)});
    kick();
}

void HandOverRunner::remove(const dns::Name& zone) {
    const auto at = numbers_.find(zone);
    if (at == numbers_.end()) {
        return;
    }
    core_.remove_zone(zone);
    zones_.erase(at->second);
    numbers_.erase(at);
    kick();
}

void HandOverRunner::put(const config::Zone& zone) {
    const auto at = numbers_.find(zone.name);
    if (at != numbers_.end() &&
        config::ZoneComparison{}.same_output(zones_.at(at->second).output, zone.output())) {
        return;
    }
    remove(zone.name);
    add(zone);
}

void HandOverRunner::handle_published(const dns::Name& zone) {
    core_.handle_published(daemon_.loop().now(), zone);
    kick();
}

void HandOverRunner::refresh(const dns::Name& zone) {
    core_.refresh(daemon_.loop().now(), zone);
    kick();
}

void HandOverRunner::kick() {
    if (is_kicked_) {
        return;  // an action answered at once: the loop below sees what follows
    }
    is_kicked_ = true;
    while (std::optional<HandOverAction> action = core_.poll_action()) {
        run(std::move(*action));
    }
    is_kicked_ = false;
    while (const std::optional<HandOverEvent> event = core_.poll_event()) {
        log(*event);
    }
    if (const std::optional<Instant> next = core_.next_timeout()) {
        timer_.arm(*next, [this] {
            core_.handle_timeout(daemon_.loop().now());
            kick();
        });
    }
    if (!std::exchange(was_settled_, core_.is_settled()) && was_settled_ && on_settled_) {
        on_settled_();
    }
}

void HandOverRunner::run(HandOverAction action) {
    if (auto* question = std::get_if<service::Ask>(&action)) {
        asker_.ask(*question);
    } else if (const auto* ended = std::get_if<service::Abandon>(&action)) {
        asker_.abandon(ended->attempt);
    } else if (const auto* file = std::get_if<WriteFile>(&action)) {
        write(*file);
    } else if (const auto* back = std::get_if<PutBack>(&action)) {
        put_back(*back);
    } else if (const auto* dropped = std::get_if<DropPrevious>(&action)) {
        drop_previous(*dropped);
    } else {
        reload(std::get<RunReload>(action));
    }
}

const HandOverRunner::Served* HandOverRunner::find(std::uint32_t zone) const {
    const auto at = zones_.find(zone);
    return at == zones_.end() ? nullptr : &at->second;
}

void HandOverRunner::write(const WriteFile& action) {
    auto done = std::make_shared<Result<FileState>>(fail(Errc::cancelled, "the zone is gone"));
    const auto answer = [this, number = action.zone, done] {
        core_.handle_written(daemon_.loop().now(), number, *done);
        kick();
    };
    const Served* zone = find(action.zone);
    Result<SharedSnapshot> snapshot = zone == nullptr ? Result<SharedSnapshot>{fail(done->error())}
                                                      : daemon_.store().snapshot(zone->zone);
    if (!snapshot) {
        *done = fail(std::move(snapshot).error());
        daemon_.loop().post(answer);
        return;
    }
    // Shared by pointer, so that it ends on the pool and not with the last copy of the function.
    daemon_.loop().work(
        [done, held = std::make_shared<SharedSnapshot>(std::move(*snapshot)),
         path = zone->output.path, keeps = action.keep_current] {
            const Result<void> written =
                write_zone_file(**held, path, keeps ? OldFile::kept : OldFile::replaced);
            if (written) {
                *done = FileState{.serial = (*held)->version().serial(),
                                  .digest = (*held)->version().digest,
                                  .has_previous = has_previous_zone_file(path)};
            } else {
                *done = fail(written.error());
            }
            held->reset();
        },
        answer);
}

void HandOverRunner::put_back(const PutBack& action) {
    auto done = std::make_shared<Result<FileState>>(fail(Errc::cancelled, "the zone is gone"));
    const auto answer = [this, number = action.zone, done] {
        core_.handle_put_back(daemon_.loop().now(), number, *done);
        kick();
    };
    const Served* zone = find(action.zone);
    if (zone == nullptr) {
        daemon_.loop().post(answer);
        return;
    }
    daemon_.loop().work(
        [done, path = zone->output.path, name = zone->zone] {
            if (const Result<void> back = put_back_zone_file(path); !back) {
                *done = fail(back.error());
                return;
            }
            FileState state;
            state.serial = serial_in_zone_file(path, name);
            *done = state;
        },
        answer);
}

void HandOverRunner::drop_previous(const DropPrevious& action) {
    if (const Served* zone = find(action.zone)) {
        drop_previous_zone_file(zone->output.path);
    }
}

void HandOverRunner::reload(const RunReload& action) {
    const std::uint32_t number = action.zone;
    const Served* zone = find(number);
    if (zone == nullptr) {
        end_reload(number, {});
        return;
    }
    const std::string line = to_line(zone->words);
    auto started = net::ChildProcess::start(
        daemon_.loop(), reload_command(zone->words, zone->output),
        [this, number, line](const net::ChildEnd& end) {
            end_reload(number, {.is_success = end.is_success(), .words = in_words(line, end)});
        });
    if (!started) {
        end_reload(number, {.is_success = false,
                            .words = fmt::format("`{}`: {}", line, started.error().detail())});
        return;
    }
    commands_.insert_or_assign(number, std::move(*started));
}

void HandOverRunner::end_reload(std::uint32_t zone, const ReloadEnd& end) {
    commands_.erase(zone);
    core_.handle_reloaded(daemon_.loop().now(), zone, end);
    kick();
}

}  // namespace twinzone::secondary
