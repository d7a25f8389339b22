#include "secondary/sync_beside.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "common/control/client.h"
#include "common/control/status_verb.h"

namespace twinzone::secondary {

namespace {

using Clock = std::chrono::steady_clock;

// Zones that the daemon is asked about at one time: few of the connections it has for verbs.
constexpr std::size_t kAskers = 16;

// Between two looks at zones that are still moving.
constexpr milliseconds kPause{100};

// For hand-overs where no time is given: far above what one may take.
constexpr seconds kSettlePatience = minutes{10};
constexpr milliseconds kSettleStep{200};

using StatusByZone = std::unordered_map<std::string, const control::ZoneStatus*>;

StatusByZone by_zone(const control::Status& status) {
    StatusByZone index;
    for (const control::ZoneStatus& zone : status.zones) {
        index.emplace(zone.zone, &zone);
    }
    return index;
}

UnixTime now() {
    return UnixTime{
        std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count()};
}

class Beside {
  public:
    Beside(const config::Config& config, std::optional<seconds> timeout)
        : config_(config), timeout_(timeout), began_(Clock::now()) {
        outcome_.zones.resize(config.zones.size());
    }

    SyncOutcome run(const control::Status& before) {
        const StatusByZone known = by_zone(before);
        for (std::size_t i = 0; i < outcome_.zones.size(); ++i) {
            ZoneOutcome& zone = outcome_.zones[i];
            zone.zone = config_.zones[i].name.to_text();
            zone.primaries = addresses_of(config_.zones[i]->primaries);
            if (const auto at = known.find(zone.zone); at != known.end()) {
                zone.before = at->second->serial;
            }
        }
        refresh_all();
        look_again();
        outcome_.ended = now();
        outcome_.took = Clock::now() - began_;
        return std::move(outcome_);
    }

  private:
    void refresh_all() {
        std::vector<std::thread> askers;
        for (std::size_t i = 0; i < std::min(kAskers, outcome_.zones.size()); ++i) {
            askers.emplace_back([this] {
                for (std::size_t next = next_++; next < outcome_.zones.size(); next = next_++) {
                    refresh(outcome_.zones[next]);
                }
            });
        }
        for (std::thread& asker : askers) {
            asker.join();
        }
    }

    // By one asker; no other touches this zone.
    void refresh(ZoneOutcome& zone) {
        control::Patience patience;
        if (timeout_) {
            patience = std::chrono::duration_cast<milliseconds>(began_ + *timeout_ - Clock::now());
        }
        if (patience && patience->count() <= 0) {
            zone.error = Error{Errc::peer_unreachable, unfinished_text(*timeout_)};
            return;
        }
        const Result<control::Response> answer =
            control::ask(config_.control_socket,
                         {.verb = "refresh", .operands = {zone.zone}, .options = {}}, patience);
        if (!answer && timeout_ && Clock::now() >= began_ + *timeout_) {
            zone.error = Error{Errc::peer_unreachable, unfinished_text(*timeout_)};
        } else if (!answer) {
            zone.error = answer.error();
        } else if (!answer->ok()) {
            const std::string said = fmt::format("{} not refreshed: ", zone.zone);
            zone.error = Error{Errc::peer_unreachable, answer->error.starts_with(said)
                                                           ? answer->error.substr(said.size())
                                                           : answer->error};
        } else if (answer->exit != 0) {
            zone.error = Error{Errc::peer_unreachable, answer->output};
        }
        zone.took = Clock::now() - began_;
    }

    // A version that came is still on its way to the server beside the daemon: that is waited for.
    Result<control::Status> status_at_rest() {
        while (true) {
            Result<control::Status> status = ask_daemon_status(config_);
            const bool is_late = timeout_ && Clock::now() >= began_ + *timeout_;
            if (!status || is_late || !is_any_moving(*status)) {
                return status;
            }
            std::this_thread::sleep_for(kPause);
        }
    }

    [[nodiscard]] bool is_any_moving(const control::Status& status) const {
        const StatusByZone known = by_zone(status);
        return std::any_of(outcome_.zones.begin(), outcome_.zones.end(),
                           [&](const ZoneOutcome& zone) {
                               const auto at = known.find(zone.zone);
                               return at != known.end() && !zone.error &&
                                      at->second->state == control::ZoneState::transferring;
                           });
    }

    // Until the servers beside have taken what the daemon hands them.
    [[nodiscard]] Result<control::Status> settled_status() const {
        const Clock::time_point patience_ends =
            timeout_ ? began_ + *timeout_ : Clock::now() + kSettlePatience;
        for (;;) {
            Result<control::Status> status = ask_daemon_status(config_);
            if (!status || Clock::now() >= patience_ends || !hands_over(*status)) {
                return status;
            }
            std::this_thread::sleep_for(kSettleStep);
        }
    }

    [[nodiscard]] bool hands_over(const control::Status& status) const {
        const StatusByZone known = by_zone(status);
        return std::any_of(outcome_.zones.begin(), outcome_.zones.end(),
                           [&known](const ZoneOutcome& zone) {
                               const auto at = known.find(zone.zone);
                               return !zone.error && at != known.end() &&
                                      at->second->state == control::ZoneState::transferring;
                           });
    }

    // What the daemon has now, and what it says of zones that its answer was good for.
    void look_again() {
        const Result<control::Status> after = settled_status();
        const StatusByZone known = after ? by_zone(*after) : StatusByZone{};
        for (ZoneOutcome& zone : outcome_.zones) {
            const auto at = known.find(zone.zone);
            if (at == known.end()) {
                zone.error = after ? Error{Errc::not_found, "the running daemon has no such zone"}
                                   : after.error();
                continue;
            }
            const control::ZoneStatus& status = *at->second;
            if (!zone.error) {
                judge(zone, status);
            }
            set_facts(zone, status, now());
            zone.changed = zone.serial != zone.before;
        }
    }

    // A primary has confirmed it: what is wrong now is on our side.
    void judge(ZoneOutcome& zone, const control::ZoneStatus& status) const {
        const bool is_late = status.state == control::ZoneState::transferring;
        const bool is_held = status.state == control::ZoneState::held;  // set_facts() knows it
        if (is_held || (!is_late && !control::needs_attention(status.state))) {
            return;
        }
        zone.is_handed_over = false;
        if (is_late) {
            zone.error =
                Error{Errc::file_unreadable, unfinished_text(timeout_.value_or(kSettlePatience))};
            return;
        }
        zone.error = Error{
            Errc::file_unreadable,
            status.reason.empty() ? std::string{control::to_string(status.state)} : status.reason};
    }

    const config::Config& config_;
    std::optional<seconds> timeout_;
    Clock::time_point began_;
    SyncOutcome outcome_;
    std::atomic<std::size_t> next_ = 0;
};

}  // namespace

Result<control::Status> ask_daemon_status(const config::Config& config) {
    return control::ask_status(config.control_socket, {});
}

SyncOutcome sync_beside(const config::Config& config, const control::Status& before,
                        std::optional<seconds> timeout) {
    return Beside{config, timeout}.run(before);
}

}  // namespace twinzone::secondary
