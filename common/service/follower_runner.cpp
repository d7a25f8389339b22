#include "common/service/follower_runner.h"

namespace twinzone::service {

FollowerRunner::FollowerRunner(net::Loop& loop, Follower& follower,
                               std::function<void(const FollowerEvent&)> on_event)
    : loop_(loop),
      follower_(follower),
      on_event_(std::move(on_event)),
      asker_(loop, {.on_waiting =
                        [this](AttemptId attempt) {
                            follower_.handle_waiting(loop_.now(), attempt);
                            kick();
                        },
                    .on_connected =
                        [this](AttemptId attempt) {
                            follower_.handle_connected(loop_.now(), attempt);
                            kick();
                        },
                    .on_message =
                        [this](AttemptId attempt, std::span<std::uint8_t> message) {
                            follower_.handle_message(loop_.now(), attempt, message);
                            kick();
                        },
                    .on_failure =
                        [this](AttemptId attempt, const Error& error) {
                            follower_.handle_failure(loop_.now(), attempt, error);
                            kick();
                        }}),
      timer_(loop) {}

void FollowerRunner::kick() {
    while (std::optional<FollowerAction> action = follower_.poll_action(loop_.now())) {
        asker_.run(std::move(*action));
    }
    while (const std::optional<FollowerEvent> event = follower_.poll_event()) {
        on_event_(*event);
    }
    if (const std::optional<Instant> next = follower_.next_timeout()) {
        timer_.arm(*next, [this] {
            follower_.handle_timeout(loop_.now());
            kick();
        });
    }
}

AnnouncerRunner::AnnouncerRunner(net::Loop& loop, Announcer& announcer,
                                 std::function<void(const Announced&)> on_event)
    : loop_(loop),
      announcer_(announcer),
      on_event_(std::move(on_event)),
      asker_(loop, {.on_connected = {},
                    .on_message =
                        [this](AttemptId attempt, std::span<std::uint8_t> message) {
                            announcer_.handle_message(loop_.now(), attempt, message);
                            kick();
                        },
                    .on_failure = [this](AttemptId attempt,
                                         const Error&) { announcer_.handle_failure(attempt); }}),
      timer_(loop) {}

void AnnouncerRunner::kick() {
    while (std::optional<FollowerAction> action = announcer_.poll_action(loop_.now())) {
        asker_.run(std::move(*action));
    }
    while (const std::optional<Announced> event = announcer_.poll_event()) {
        on_event_(*event);
    }
    if (const std::optional<Instant> next = announcer_.next_timeout()) {
        timer_.arm(*next, [this] { kick(); });
    }
}

}  // namespace twinzone::service
