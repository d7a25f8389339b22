#include "common/observe/process_facts.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace twinzone::observe {

namespace {

std::string text_of(const char* path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// The next number of `text`, blanks before it passed over; what is no number gives 0.
std::uint64_t take_number(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::uint64_t number = 0;
    const std::size_t end = std::min(text.find(' '), text.size());
    std::from_chars(text.begin(), text.begin() + end, number);
    text.remove_prefix(end);
    return number;
}

// Seconds since 1970, of "btime N" in /proc/stat; 0 where it is not there.
double boot_time() {
    const std::string text = text_of("/proc/stat");
    constexpr std::string_view label = "\nbtime ";
    const std::size_t at = text.find(label);
    if (at == std::string::npos) {
        return 0;
    }
    std::string_view rest = std::string_view{text}.substr(at + label.size());
    rest = rest.substr(0, rest.find('\n'));
    return static_cast<double>(take_number(rest));
}

std::uint64_t count_descriptors() {
    std::error_code error;
    std::filesystem::directory_iterator each{"/proc/self/fd", error};
    std::uint64_t count = 0;
    while (!error && each != std::filesystem::directory_iterator{}) {
        ++count;
        each.increment(error);
    }
    return count > 0 ? count - 1 : 0;  // but for the one that looks
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto in_seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
}

std::uint64_t max_descriptors() {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view stat) {
    // The program's name is in parentheses and may have anything in it.
    const std::size_t name_end = stat.rfind(") ");
    if (name_end == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view rest = stat.substr(name_end + 2);
    constexpr std::size_t first_field = 3;  // proc(5) counts from 1
    constexpr std::size_t last_field = 24;
    std::array<std::uint64_t, last_field + 1> field{};
    for (std::size_t i = first_field; i <= last_field; ++i) {
        field[i] = take_number(rest);
    }
    return ProcessStat{
        .start_ticks = field[22], .virtual_bytes = field[23], .resident_pages = field[24]};
}

std::optional<ProcessFacts> read_process_facts() {
    const std::optional<ProcessStat> stat = parse_process_stat(text_of("/proc/self/stat"));
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    if (!stat || ticks <= 0) {
        return std::nullopt;
    }
    return ProcessFacts{
        .cpu_seconds = cpu_seconds(),
        .start_time_seconds = boot_time() + static_cast<double>(stat->start_ticks) / ticks,
        .virtual_bytes = stat->virtual_bytes,
        .resident_bytes =
            stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)),
        .open_descriptors = count_descriptors(),
        .max_descriptors = max_descriptors()};
}

void put(Exposition& out, const ProcessFacts& facts) {
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    out.put(MetricType::counter, "process_cpu_seconds_total", "CPU time used, user and system.",
            facts.cpu_seconds);
    out.put(MetricType::gauge, "process_start_time_seconds", "When the process began, Unix time.",
            facts.start_time_seconds);
    out.put(MetricType::gauge, "process_virtual_memory_bytes",
            "Virtual memory; the store's map is in it.", number(facts.virtual_bytes));
    out.put(MetricType::gauge, "process_resident_memory_bytes",
            "Resident memory; pages of the store that are in use are in it.",
            number(facts.resident_bytes));
    out.put(MetricType::gauge, "process_open_fds", "Open file descriptors.",
            number(facts.open_descriptors));
    out.put(MetricType::gauge, "process_max_fds", "Most file descriptors that may be open.",
            number(facts.max_descriptors));
}

}  // namespace twinzone::observe
