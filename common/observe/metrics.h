// Counts and times of what happened since the start, for /metrics: the same events that the log
// tells. What is true now (serials, lags) is no part of it: that is read off the status when asked.
//
// Names and labels are a contract (README, "Metrics"). Label values come from closed sets in the
// code, never from peers, so that the number of series is bounded.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/time.h"

namespace twinzone::observe {

// A counter for each combination of label values. Plain value.
class CounterFamily {
  public:
    using Values = std::vector<std::string>;

    // `name`, `help`, `labels`: constants of the caller's.
    CounterFamily(std::string_view name, std::string_view help,
                  std::initializer_list<std::string_view> labels)
        : name_(name), help_(help), labels_(labels) {}

    // Requires: one value for each label.
    void add(std::initializer_list<std::string_view> values, std::uint64_t by = 1);

    // 0 for what was never counted.
    [[nodiscard]] std::uint64_t value(std::initializer_list<std::string_view> values) const;

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::string_view help() const noexcept { return help_; }
    [[nodiscard]] const std::vector<std::string_view>& labels() const noexcept { return labels_; }
    [[nodiscard]] const std::map<Values, std::uint64_t>& series() const noexcept { return series_; }

  private:
    std::string_view name_;
    std::string_view help_;
    std::vector<std::string_view> labels_;
    std::map<Values, std::uint64_t> series_;
};

// How many of the times were at most so long. Plain value.
class Histogram {
  public:
    // `bounds`: seconds, rising.
    Histogram(std::string_view name, std::string_view help, std::initializer_list<double> bounds)
        : name_(name), help_(help), bounds_(bounds), counts_(bounds.size() + 1) {}

    void observe(Duration time);

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::string_view help() const noexcept { return help_; }
    [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }
    // Of times above the bound before and at most this one; the last: above all bounds.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] double sum_seconds() const noexcept { return sum_seconds_; }

  private:
    std::string_view name_;
    std::string_view help_;
    std::vector<double> bounds_;
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    double sum_seconds_ = 0;
};

// Not thread-safe; a copy may be rendered elsewhere.
struct Metrics {
    // Combinations that every server has are there with 0 from the start.
    Metrics();

    // direction in|out, type axfr|ixfr (as which it went), result finished|up_to_date|failed
    CounterFamily transfers;
    CounterFamily transfer_bytes;  // direction, type
    CounterFamily ixfr_fallbacks;  // reason: name of the error
    CounterFamily notifies;        // direction, result
    CounterFamily soa_checks;      // result
    CounterFamily tsig_errors;     // error: badkey badsig badtime badtrunc missing
    CounterFamily tls_errors;      // reason
    CounterFamily guard_holds;     // reason
    CounterFamily zone_checks;     // check zonemd|dnssec, result
    CounterFamily digest_checks;   // result same|differs|mended
    CounterFamily verifications;   // result same|differs|other-serial|refused|no-answer|mended
    Histogram transfer_duration;
    Histogram commit;

    // Counts it as TSIG's where it is; every other error is passed over.
    void count_tsig_error(Errc code);
};

}  // namespace twinzone::observe
