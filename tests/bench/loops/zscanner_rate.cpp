// bench_zscanner FILE ORIGIN: reads a zone file with libzscanner of Knot DNS, keeps nothing, prints
// seconds and the number of records as JSON: what our scanner is measured beside.
extern "C" {
#include <libzscanner/scanner.h>
}

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace {

struct Counts {
    std::uint64_t records = 0;
    std::uint64_t errors = 0;
};

void count_record(zs_scanner_t* scanner) {
    ++static_cast<Counts*>(scanner->process.data)->records;
}

void count_error(zs_scanner_t* scanner) {
    ++static_cast<Counts*>(scanner->process.data)->errors;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: bench_zscanner FILE ORIGIN\n", stderr);
        return 2;
    }
    const auto scanner = std::make_unique<zs_scanner_t>();  // hundreds of kilobytes
    Counts counts;
    constexpr std::uint16_t kClassIn = 1;
    const auto began = std::chrono::steady_clock::now();
    if (zs_init(scanner.get(), argv[2], kClassIn, 3600) != 0 ||
        zs_set_input_file(scanner.get(), argv[1]) != 0 ||
        zs_set_processing(scanner.get(), count_record, count_error, &counts) != 0 ||
        zs_parse_all(scanner.get()) != 0 || counts.errors != 0) {
        std::fprintf(stderr, "%s: cannot be read\n", argv[1]);
        return 1;
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;
    zs_deinit(scanner.get());
    std::printf("{\"seconds\": %.6f, \"records\": %llu}\n", taken.count(),
                static_cast<unsigned long long>(counts.records));
    return 0;
}
