// What arithmetic says of a fan-out, beside what was counted.
//
// A change costs each edge one NOTIFY and its answer, one IXFR question and its answer, and no SOA
// query: a NOTIFY says enough. What is under way for a zone on an edge takes a time t; changes that
// come meanwhile, at a rate r for each zone, go together with the next (a model, good to a
// quarter). So such an exchange begins every t + exp(-r t) / r: the idle time until the next change
// is 1/r where none came meanwhile.
//
// At rest each zone on each edge is checked once in REFRESH less up to a tenth, evenly spread; a
// change begins that anew. Where changes come at the rate r, a timer of T ends r / (exp(r T) - 1)
// times a second.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "tests/sim/fan_out.h"

namespace twinzone::sim {

namespace {

using Seconds = std::chrono::duration<double>;

constexpr double kExact = 0.01;   // margin: a last exchange may be outside of what is measured
constexpr double kModel = 0.25;   // where changes go together
constexpr double kTimers = 0.12;  // all timers began together: whole rounds are counted
constexpr double kNothingSaved = 0.995;
constexpr double kLate = 0.05;  // of exchanges, there
constexpr int kJitterSteps = 100;
constexpr double kJitterShare = 0.1;

double in_seconds(Duration duration) {
    return Seconds{duration}.count();
}

double mean(Duration least, Duration most) {
    return in_seconds(least + most) / 2;
}

// Exchanges a second where one takes `each` and changes come at `rate`.
double exchanges(double rate, double each) {
    return rate == 0 ? 0 : 1 / (each + std::exp(-rate * each) / rate);
}

double refreshes(double rate, double refresh) {
    double sum = 0;
    for (int i = 0; i < kJitterSteps; ++i) {
        const double timer = refresh * (1 - kJitterShare * (i + 0.5) / kJitterSteps);
        sum += rate * timer < 1e-6 ? 1 / timer : rate / std::expm1(rate * timer);
    }
    return sum / kJitterSteps;
}

class Report {
  public:
    Report(const FanOutSettings& settings, const FanOut& counted)
        : settings_(settings), counted_(counted), time_(in_seconds(counted.measured)) {}

    bool print() {
        print_settings();
        const double zones = settings_.zones;
        // Of one zone at the upper tier; the time after the last change has none.
        const double changing = in_seconds(settings_.duration);
        double rate = static_cast<double>(counted_.changes) / zones / changing;
        for (std::size_t tier = 0; tier < counted_.edges.size(); ++tier) {
            const Edges& edges = counted_.edges[tier];
            const double each = zones * changing * static_cast<double>(edges.count);
            std::printf("\n%-30s %12s %14s %16s\n",
                        fmt::format("{}, {} edges", edge_name(tier), edges.count).c_str(),
                        "counted", "arithmetic", "octets");
            const double told = exchanges(rate, 2 * delay());
            const double taken = exchanges(rate, transfer_time());
            row(edges, Sent::notify, "NOTIFY", {told * each, margin(rate, told), 0});
            row(edges, Sent::notify_answer, "  answer", {told * each, margin(rate, told), 0});
            row(edges, Sent::ixfr_query, "IXFR question", {taken * each, margin(rate, taken), 0});
            row(edges, Sent::ixfr_answer, "  answer", {taken * each, margin(rate, taken), 0});
            const double checked = refreshes(rate, in_seconds(settings_.refresh)) * time_ * zones *
                                   static_cast<double>(edges.count);
            // A NOTIFY of what a transfer under way brings leads to one.
            const double late = margin(rate, taken) == kExact ? 0 : kLate * taken * each;
            row(edges, Sent::soa_query, "SOA query", {checked, kTimers, late});
            row(edges, Sent::soa_answer, "  answer", {checked, kTimers, late});
            row(edges, Sent::other, "anything else", {0, 0, 0});
            commits(tier + 1, {taken * each, margin(rate, taken), 0});
            rate = taken;
        }
        print_queues();
        print_latency();
        return agrees_;
    }

  private:
    struct Expected {
        double value = 0;
        double margin = 0;
        double more = 0;  // beyond it, not foreseen
    };

    [[nodiscard]] double delay() const { return mean(kLeastDelay, settings_.most_delay); }

    // From the question to the commit: a connection costs a round trip more.
    [[nodiscard]] double transfer_time() const {
        return (settings_.with_key ? 2 : 4) * delay() + mean(kLeastCommit, kMostCommit) +
               mean(kLeastTold, kMostTold);
    }

    [[nodiscard]] static double margin(double rate, double carried) {
        return carried > kNothingSaved * rate ? kExact : kModel;
    }

    [[nodiscard]] std::string edge_name(std::size_t tier) const {
        const bool has_relays = settings_.relays > 0;
        return tier == 0 ? (has_relays ? "primary > relays" : "primary > leaves")
                         : "relays > leaves";
    }

    void print_settings() const {
        std::printf(
            "%u relays, %u leaves each, %u zones, %u changes a second for %lld s, refresh %lld s, "
            "%s\n%llu changes in %.1f s of simulated time\n",
            settings_.relays, settings_.leaves, settings_.zones, settings_.changes,
            static_cast<long long>(settings_.duration.count()),
            static_cast<long long>(settings_.refresh.count()),
            settings_.with_key ? "signed" : "unsigned",
            static_cast<unsigned long long>(counted_.changes), time_);
    }

    std::string judged(double is, const Expected& expected) {
        const double off = std::abs(is - expected.value);
        const bool fits =
            off <= expected.margin * std::max(is, expected.value) + expected.more + 0.5;
        agrees_ = agrees_ && fits;
        return fits ? "" : fmt::format("  OFF by {:.1f} %", 100 * off / std::max(is, 1.0));
    }

    void row(const Edges& edges, Sent kind, const char* name, const Expected& expected) {
        const Traffic& traffic = edges.of(kind);
        const std::string verdict = judged(static_cast<double>(traffic.messages), expected);
        const std::uint64_t each = traffic.octets / std::max<std::uint64_t>(1, traffic.messages);
        std::printf("  %-28s %12llu %14.0f %16llu  (%llu each)%s\n", name,
                    static_cast<unsigned long long>(traffic.messages), expected.value,
                    static_cast<unsigned long long>(traffic.octets),
                    static_cast<unsigned long long>(each), verdict.c_str());
    }

    void commits(std::size_t tier, const Expected& expected) {
        const std::uint64_t is = counted_.tiers[tier].commits;
        std::printf("  %-28s %12llu %14.0f%s\n", "commits below",
                    static_cast<unsigned long long>(is), expected.value,
                    judged(static_cast<double>(is), expected).c_str());
    }

    void print_queues() const {
        std::printf("\n%-30s %12s %14s %16s\n", "longest queue of a node", "commits", "questions",
                    "NOTIFYs");
        for (std::size_t tier = 0; tier < counted_.tiers.size(); ++tier) {
            const Node::Queues& queues = counted_.tiers[tier].largest;
            std::printf("  tier %zu (%llu nodes) %23zu %14zu %16zu\n", tier,
                        static_cast<unsigned long long>(counted_.tiers[tier].nodes), queues.commits,
                        queues.questions, queues.notifies);
        }
    }

    // Of each hop: NOTIFY, connection (a round trip), question, answer, commit.
    void print_latency() {
        if (counted_.changes == 0) {
            return;
        }
        const auto hops = static_cast<double>(counted_.edges.size());
        const double packets = settings_.with_key ? 3 : 5;
        const double least =
            hops * (packets * in_seconds(kLeastDelay) + in_seconds(kLeastCommit + kLeastTold));
        const double most = hops * (packets * in_seconds(settings_.most_delay) +
                                    in_seconds(kMostCommit + kMostTold));
        const auto at = [this](double share) {
            const auto last = static_cast<double>(counted_.latencies.size() - 1);
            return in_seconds(counted_.latencies[static_cast<std::size_t>(share * last)]);
        };
        const bool arrived = counted_.missing == 0 && !counted_.latencies.empty();
        agrees_ = agrees_ && arrived && at(0) >= least;
        if (!arrived) {
            std::printf("\n%llu changes are not at every leaf\n",
                        static_cast<unsigned long long>(counted_.missing));
            return;
        }
        std::printf(
            "\ncommit to last leaf: p50 %.1f ms, p99 %.1f ms, max %.1f ms; a change that waits for "
            "nothing\ntakes %.1f to %.1f ms\n",
            1e3 * at(0.5), 1e3 * at(0.99), 1e3 * at(1), 1e3 * least, 1e3 * most);
    }

    const FanOutSettings& settings_;
    const FanOut& counted_;
    double time_;
    bool agrees_ = true;
};

}  // namespace

bool report_fan_out(const FanOutSettings& settings, const FanOut& counted) {
    return Report{settings, counted}.print();
}

}  // namespace twinzone::sim
