// bench_scan FILE ORIGIN: reads a zone file with our scanner, keeps nothing, prints seconds and the
// number of records as JSON.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "common/text/zone_file_reader.h"

namespace twinzone::bench {

namespace {

int run(int argc, char** argv) {
    const Result<dns::Name> origin = dns::Name::from_text(argc == 3 ? argv[2] : "");
    if (!origin) {
        std::fputs("usage: bench_scan FILE ORIGIN\n", stderr);
        return 2;
    }
    text::ZoneFileOptions options;
    options.origin = *origin;
    const auto began = std::chrono::steady_clock::now();
    Result<text::ZoneFileReader> reader = text::ZoneFileReader::open(argv[1], options);
    std::uint64_t records = 0;
    while (reader) {
        const Result<std::optional<dns::RecordView>> record = reader->next();
        if (!record) {
            std::fprintf(stderr, "%s\n", record.error().detail().c_str());
            return 1;
        }
        if (!record->has_value()) {
            break;
        }
        ++records;
    }
    if (!reader) {
        std::fprintf(stderr, "%s\n", reader.error().detail().c_str());
        return 1;
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;
    std::printf("{\"seconds\": %.6f, \"records\": %llu}\n", taken.count(),
                static_cast<unsigned long long>(records));
    return 0;
}

}  // namespace

}  // namespace twinzone::bench

int main(int argc, char** argv) {
    return twinzone::bench::run(argc, argv);
}
