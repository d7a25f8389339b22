// sim --fan-out: counts what goes through tiers and compares it with arithmetic.
//   --relays R (0: the leaves follow the primary)   --leaves S (of each relay)   --zones Z
//   --changes C (a second)   --seconds T   --refresh S   --delay MS (of a packet, at most)
//   --key (signed: small differences by UDP)   --seed N   --check (exit 1 where they disagree)

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "tests/sim/fan_out.h"

namespace twinzone::sim {

namespace {

constexpr unsigned kMaxHosts = 60'000;
constexpr unsigned long kMaxNumber = 10'000'000;

struct Command {
    FanOutSettings settings;
    bool checks = false;
};

bool set_number(FanOutSettings& settings, std::string_view option, std::uint32_t number) {
    if (option == "--relays") {
        settings.relays = number;
    } else if (option == "--leaves") {
        settings.leaves = number;
    } else if (option == "--zones") {
        settings.zones = number;
    } else if (option == "--changes") {
        settings.changes = number;
    } else if (option == "--seconds") {
        settings.duration = seconds{number};
    } else if (option == "--refresh") {
        settings.refresh = seconds{number};
    } else if (option == "--delay") {
        settings.most_delay = milliseconds{number};
    } else if (option == "--seed") {
        settings.seed = number;
    } else {
        return false;
    }
    return true;
}

std::optional<Command> read_command(int argc, char** argv) {
    Command command;
    for (int i = 0; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--check") {
            command.checks = true;
        } else if (option == "--key") {
            command.settings.with_key = true;
        } else {
            char* end = nullptr;
            const char* value = i + 1 < argc ? argv[++i] : "";
            const unsigned long number = std::strtoul(value, &end, 10);
            if (*value == '\0' || *end != '\0' || number > kMaxNumber ||
                !set_number(command.settings, option, static_cast<std::uint32_t>(number))) {
                return std::nullopt;
            }
        }
    }
    const FanOutSettings& settings = command.settings;
    const std::uint64_t leaves =
        std::uint64_t{settings.leaves} * std::max<std::uint64_t>(1, settings.relays);
    const bool is_sensible = settings.leaves > 0 && settings.zones > 0 &&
                             leaves + settings.relays < kMaxHosts &&
                             settings.most_delay >= kLeastDelay && settings.duration > seconds{0};
    return is_sensible ? std::optional{command} : std::nullopt;
}

}  // namespace

int fan_out_command(int argc, char** argv) {
    const std::optional<Command> command = read_command(argc, argv);
    if (!command) {
        std::fputs(
            "usage: sim --fan-out [--relays R] [--leaves S] [--zones Z] [--changes C] "
            "[--seconds T]\n           [--refresh S] [--delay MS] [--key] [--seed N] [--check]\n",
            stderr);
        return 2;
    }
    const auto began = std::chrono::steady_clock::now();
    const FanOut counted = run_fan_out(command->settings);
    const bool agrees = report_fan_out(command->settings, counted);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf("%zu events in %.1f s of real time\n", counted.events, took.count());
    return agrees || !command->checks ? 0 : 1;
}

}  // namespace twinzone::sim
