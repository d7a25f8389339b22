// The simulator's command line: one seed or many; a seed that breaks something prints how to run it
// again.
//   sim --seed 17 [--trace]      sim --seeds 1..300      sim --replay 17 (twice: the same trace)
//   sim --until-violation 1..100 (for planted bugs: ends well at the first one)
//   sim --shared … (the same of primaries that share a history)
//   sim --fan-out [--relays R] … (tiers without faults, counted: fan_out_command.cpp)
// Many seeds: at the end, how often each kind of fault happened.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/sim/fan_out.h"
#include "tests/sim/scenario.h"
#include "tests/sim/shared_scenario.h"

namespace {

using twinzone::sim::Outcome;
using twinzone::sim::run_scenario;
using twinzone::sim::run_shared_scenario;
using Run = Outcome (*)(std::uint64_t seed, bool trace);

int usage() {
    std::fputs(
        "usage: sim [--shared] --seed N [--trace] | --seeds A..B | --replay N | "
        "--until-violation A..B\n"
        "       sim --fan-out [--relays R] [--leaves S] [--zones Z] [--changes C] …\n",
        stderr);
    return 2;
}

Outcome run_one(Run run, std::uint64_t seed, bool trace) {
    Outcome outcome = run(seed, trace);
    if (outcome.violation) {
        std::printf("violation: %s: %s\n  after %zu events; replay: sim %s--seed %llu --trace\n",
                    outcome.violation->checker.c_str(), outcome.violation->detail.c_str(),
                    outcome.events, run == run_shared_scenario ? "--shared " : "",
                    static_cast<unsigned long long>(seed));
    }
    return outcome;
}

int run_range(Run run, std::uint64_t first, std::uint64_t last) {
    std::size_t failed = 0;
    std::size_t versions = 0;
    twinzone::sim::World::FaultCounts faults;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const Outcome outcome = run_one(run, seed, false);
        failed += outcome.violation ? 1 : 0;
        versions += outcome.versions;
        for (const auto& [fault, times] : outcome.faults) {
            faults[fault] += times;
        }
    }
    for (const auto& [fault, times] : faults) {
        std::printf("%12llu  %s\n", static_cast<unsigned long long>(times), fault.c_str());
    }
    std::printf("%12zu  version published\n", versions);
    const std::uint64_t seeds = last - first + 1;
    std::printf("%llu seeds, %zu with a violation\n", static_cast<unsigned long long>(seeds),
                failed);
    return failed == 0 ? 0 : 1;
}

int run_until_violation(Run run, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        if (run_one(run, seed, false).violation) {
            return 0;
        }
    }
    std::puts("no violation");
    return 1;
}

int replay(Run run, std::uint64_t seed) {
    const Outcome first = run(seed, false);
    const Outcome second = run(seed, false);
    const bool same = first.trace_hash == second.trace_hash && first.events == second.events;
    std::printf("seed %llu: %zu events, %zu versions, traces %s\n",
                static_cast<unsigned long long>(seed), first.events, first.versions,
                same ? "equal" : "differ");
    return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view{argv[1]} == "--fan-out") {
        return twinzone::sim::fan_out_command(argc - 2, argv + 2);
    }
    Run run = run_scenario;
    if (argc > 1 && std::string_view{argv[1]} == "--shared") {
        run = run_shared_scenario;
        --argc;
        ++argv;
    }
    const std::string_view verb = argc > 2 ? argv[1] : "";
    const char* value = argc > 2 ? argv[2] : "";
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(value, &end, 10);
    if (verb == "--seed") {
        return run_one(run, number, argc > 3 && std::string_view{argv[3]} == "--trace").violation
                   ? 1
                   : 0;
    }
    if (verb == "--replay") {
        return replay(run, number);
    }
    if (verb == "--seeds" && std::string_view{end}.starts_with("..")) {
        return run_range(run, number, std::strtoull(end + 2, nullptr, 10));
    }
    if (verb == "--until-violation" && std::string_view{end}.starts_with("..")) {
        return run_until_violation(run, number, std::strtoull(end + 2, nullptr, 10));
    }
    return usage();
}
