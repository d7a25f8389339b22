#include "common/observe/metrics.h"

#include "common/observe/exposition.h"
#include "common/observe/process_facts.h"
#include "tests/support/catch.h"

namespace twinzone::observe {

TEST_CASE("a counter counts each combination of labels by itself", "[metrics]") {
    CounterFamily family{"x_total", "Help.", {"direction", "result"}};
    family.add({"in", "failed"});
    family.add({"in", "failed"}, 4);
    family.add({"out", "failed"}, 0);
    CHECK(family.value({"in", "failed"}) == 5);
    CHECK(family.value({"out", "failed"}) == 0);
    CHECK(family.value({"in", "other"}) == 0);
    CHECK(family.series().size() == 2);
}

TEST_CASE("a histogram puts a time into the first bucket that holds it", "[metrics]") {
    Histogram histogram{"x_seconds", "Help.", {0.1, 1}};
    histogram.observe(milliseconds{100});
    histogram.observe(milliseconds{101});
    histogram.observe(seconds{1});
    histogram.observe(seconds{60});
    CHECK(histogram.counts() == std::vector<std::uint64_t>{1, 2, 1});
    CHECK(histogram.count() == 4);
    CHECK(histogram.sum_seconds() == Approx(61.201));
}

TEST_CASE("only TSIG's errors are counted as such", "[metrics]") {
    Metrics metrics;
    metrics.count_tsig_error(Errc::tsig_bad_signature);
    metrics.count_tsig_error(Errc::tsig_missing);
    metrics.count_tsig_error(Errc::peer_unreachable);
    CHECK(metrics.tsig_errors.value({"badsig"}) == 1);
    CHECK(metrics.tsig_errors.value({"missing"}) == 1);
    CHECK(metrics.tsig_errors.value({"badkey"}) == 0);
    CHECK(metrics.tsig_errors.series().size() == 5);
}

TEST_CASE("families are written in Prometheus' text format", "[metrics]") {
    Exposition out;
    out.put(MetricType::gauge, "a_bytes", "Size.", 4294967295.0);
    out.begin(MetricType::gauge, "b", "Of \\ names.", {"zone", "peer"});
    out.add({"a\"b\\c.", "line\nend"}, 0.25);
    out.add({"x.", ""}, 1795333742);
    CHECK(out.take() ==
          "# HELP a_bytes Size.\n"
          "# TYPE a_bytes gauge\n"
          "a_bytes 4294967295\n"
          "# HELP b Of \\ names.\n"
          "# TYPE b gauge\n"
          "b{zone=\"a\\\"b\\\\c.\",peer=\"line\\nend\"} 0.25\n"
          "b{zone=\"x.\",peer=\"\"} 1795333742\n");
    CHECK(out.take().empty());
}

TEST_CASE("counters and histograms are written with their series", "[metrics]") {
    CounterFamily family{"x_total", "Help.", {"error"}};
    family.add({"badsig"}, 3);
    Histogram histogram{"x_seconds", "Help.", {0.5}};
    histogram.observe(milliseconds{250});
    histogram.observe(seconds{2});
    Exposition out;
    out.put(family);
    out.put(histogram);
    const std::string text = out.take();
    CHECK(text.find("# TYPE x_total counter\nx_total{error=\"badsig\"} 3\n") != std::string::npos);
    CHECK(text.find("x_seconds_bucket{le=\"0.5\"} 1\n") != std::string::npos);
    CHECK(text.find("x_seconds_bucket{le=\"+Inf\"} 2\n") != std::string::npos);
    CHECK(text.find("x_seconds_sum 2.25\n") != std::string::npos);
    CHECK(text.find("x_seconds_count 2\n") != std::string::npos);
}

TEST_CASE("the kernel's line on a process is read behind its name", "[metrics]") {
    const auto stat = parse_process_stat(
        "42 (a ) b) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 7 0 123456 8192 3 "
        "18446744073709551615 1\n");
    REQUIRE(stat.has_value());
    CHECK(stat->start_ticks == 123456);
    CHECK(stat->virtual_bytes == 8192);
    CHECK(stat->resident_pages == 3);
    CHECK_FALSE(parse_process_stat("").has_value());
}

TEST_CASE("this process has memory, descriptors and a start", "[metrics]") {
    const auto facts = read_process_facts();
    REQUIRE(facts.has_value());
    CHECK(facts->resident_bytes > 100'000);
    CHECK(facts->virtual_bytes > facts->resident_bytes);
    CHECK(facts->open_descriptors >= 3);
    CHECK(facts->max_descriptors >= facts->open_descriptors);
    CHECK(facts->cpu_seconds > 0);
    CHECK(facts->start_time_seconds > 1.7e9);
}

}  // namespace twinzone::observe
