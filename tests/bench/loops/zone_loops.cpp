// Records to pages and back, differences found and applied. Rates are of uncompressed octets.
#include <limits>
#include <map>
#include <memory>

#include <benchmark/benchmark.h>

#include "common/zone/diff.h"
#include "common/zone/digest.h"
#include "common/zone/page_edit.h"
#include "common/zone/page_records.h"
#include "common/zone/version_encoder.h"
#include "tests/bench/loops/sample_zone.h"

namespace twinzone::bench {

namespace {

using zone::RecordList;

constexpr std::uint32_t kRecords = 200'000;

// Pages in memory, as the store would have them.
class Table : public zone::PageTable {
  public:
    using Pages = std::map<Bytes, Bytes, zone::KeyOrder>;

    explicit Table(const RecordList& records) {
        ListStream stream{records};
        zone::VersionEncoder encoder{sample_soa(1), stream};
        for (auto page = encoder.next(); page && page->has_value(); page = encoder.next()) {
            pages.emplace(std::move((*page)->key), std::move((*page)->message));
        }
        version = encoder.version();
    }

    [[nodiscard]] Result<std::optional<Entry>> last_at_or_before(ByteView key) const override {
        const auto behind = pages.upper_bound(key);
        return behind == pages.begin() ? std::optional<Entry>{} : entry(std::prev(behind));
    }
    [[nodiscard]] Result<std::optional<Entry>> first_after(ByteView key) const override {
        const auto behind = pages.upper_bound(key);
        return behind == pages.end() ? std::optional<Entry>{} : entry(behind);
    }

    Pages pages;
    zone::Version version;

  private:
    static std::optional<Entry> entry(Pages::const_iterator at) {
        return Entry{at->first, at->second};
    }
};

class Cursor : public zone::PageCursor {
  public:
    explicit Cursor(const Table& table) : at_(table.pages.begin()), end_(table.pages.end()) {}
    [[nodiscard]] Result<std::optional<ByteView>> next() override {
        return at_ == end_ ? std::optional<ByteView>{} : std::optional<ByteView>{(at_++)->second};
    }

  private:
    Table::Pages::const_iterator at_;
    Table::Pages::const_iterator end_;
};

void count_bytes(benchmark::State& state, const RecordList& records) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * wire_bytes(records));
}

void sort(benchmark::State& state) {
    const RecordList records = sample_records(kRecords);
    for (auto _ : state) {
        state.PauseTiming();
        RecordList copy = records;
        state.ResumeTiming();
        benchmark::DoNotOptimize(copy.sort_unique());
    }
    count_bytes(state, records);
}

void digest(benchmark::State& state) {
    const RecordList records = sorted_sample(kRecords);
    for (auto _ : state) {
        zone::Digest digest;
        for (std::size_t i = 0; i < records.size(); ++i) {
            digest.add(records[i]);
        }
        benchmark::DoNotOptimize(digest);
    }
    count_bytes(state, records);
}

void encode(benchmark::State& state) {
    const RecordList records = sorted_sample(kRecords);
    for (auto _ : state) {
        const Table table{records};
        benchmark::DoNotOptimize(table.pages.size());
    }
    count_bytes(state, records);
}

void decode(benchmark::State& state) {
    const RecordList records = sorted_sample(kRecords);
    const Table table{records};
    for (auto _ : state) {
        zone::PageRecords stream{std::make_unique<Cursor>(table)};
        std::size_t count = 0;
        for (auto next = stream.next(); next && next->has_value(); next = stream.next()) {
            ++count;
        }
        if (count != records.size()) {
            state.SkipWithError("not every record was read");
        }
    }
    count_bytes(state, records);
}

// Stored pages against a new content in which one delegation of a hundred differs.
void diff(benchmark::State& state) {
    const Table table{sorted_sample(kRecords)};
    const RecordList changed = sorted_sample(kRecords, 100);
    for (auto _ : state) {
        zone::PageRecords before{std::make_unique<Cursor>(table)};
        ListStream after{changed};
        const auto found = zone::diff(sample_soa(1), before, sample_soa(2), after,
                                      std::numeric_limits<std::size_t>::max());
        if (!found || !found->has_value() || (*found)->added.size() != kRecords / 400) {
            state.SkipWithError("another difference");
        }
    }
    count_bytes(state, changed);
}

// One owner's NS replaced and put back, in a zone of range(0) records: must not grow with it.
void apply_one(benchmark::State& state) {
    const RecordList records = sorted_sample(static_cast<std::uint32_t>(state.range(0)));
    const Table table{records};
    zone::Diff change;
    change.from = sample_soa(1);
    change.to = sample_soa(2);
    dns::Record record{records[records.size() / 2]};
    change.removed.append(record.view());
    record.ttl = dns::Ttl{record.ttl.value() + 1};
    change.added.append(record.view());
    for (auto _ : state) {
        zone::PageOverlay pages{table};
        zone::Version version = table.version;
        const Result<zone::Applied> applied = zone::apply(change, pages, version);
        if (!applied || applied->added != 1) {
            state.SkipWithError("it was not applied");
        }
    }
}

BENCHMARK(sort)->Unit(benchmark::kMillisecond);
BENCHMARK(digest)->Unit(benchmark::kMillisecond);
BENCHMARK(encode)->Unit(benchmark::kMillisecond);
BENCHMARK(decode)->Unit(benchmark::kMillisecond);
BENCHMARK(diff)->Unit(benchmark::kMillisecond);
BENCHMARK(apply_one)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace twinzone::bench
