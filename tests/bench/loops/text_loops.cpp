// Presentation form to records and back. Rates are of octets of text.
#include <benchmark/benchmark.h>

#include "common/text/zone_file_reader.h"
#include "common/text/zone_file_writer.h"
#include "tests/bench/loops/sample_zone.h"

namespace twinzone::bench {

namespace {

constexpr std::uint32_t kRecords = 200'000;

void scan(benchmark::State& state) {
    const std::string lines = sample_text(kRecords);
    text::ZoneFileOptions options;
    options.origin = sample_soa(1).owner;
    for (auto _ : state) {
        text::ZoneFileReader reader = text::ZoneFileReader::from_text(lines, "sample", options);
        std::size_t records = 0;
        for (Result<std::optional<dns::RecordView>> next = reader.next(); next && next->has_value();
             next = reader.next()) {
            ++records;
        }
        if (records != kRecords) {
            state.SkipWithError("not every record was read");
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(lines.size()));
}

void print(benchmark::State& state) {
    const zone::RecordList records = sample_records(kRecords);
    std::string lines;
    for (auto _ : state) {
        lines.clear();
        for (std::size_t i = 0; i < records.size(); ++i) {
            text::append_record(records[i], lines);
        }
        benchmark::DoNotOptimize(lines.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(lines.size()));
}

BENCHMARK(scan)->Unit(benchmark::kMillisecond);
BENCHMARK(print)->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace twinzone::bench
