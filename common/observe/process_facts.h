// What the kernel says about this process: the standard process_* metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/observe/exposition.h"

namespace twinzone::observe {

struct ProcessFacts {
    double cpu_seconds = 0;         // user and system
    double start_time_seconds = 0;  // since 1970
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_descriptors = 0;
    std::uint64_t max_descriptors = 0;
};

// What the kernel's text of proc(5) says; nullopt where it is none. `stat`: /proc/self/stat.
struct ProcessStat {
    std::uint64_t start_ticks = 0;  // since boot
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view stat);

// Of this process, now; nullopt where /proc is not there. Any thread.
[[nodiscard]] std::optional<ProcessFacts> read_process_facts();

void put(Exposition& out, const ProcessFacts& facts);

}  // namespace twinzone::observe
