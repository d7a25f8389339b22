#include "secondary/sync_textfile.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace twinzone::secondary {

namespace {

constexpr mode_t kFileMode = 0644;  // the collector runs as another user

// Label values: backslash, quote and line feed are escaped.
std::string label_text(std::string_view zone) {
    std::string text;
    for (const char c : zone) {
        if (c == '\\' || c == '"') {
            text += '\\';
        }
        if (c == '\n') {
            text += "\\n";
        } else {
            text += c;
        }
    }
    return text;
}

struct Family {
    std::string_view name;
    std::string_view help;
    // nullopt: this zone has no such value.
    std::function<std::optional<double>(const ZoneOutcome&)> value;
};

double in_seconds(Duration span) {
    return std::chrono::duration<double>{span}.count();
}

std::optional<double> time_value(const std::optional<UnixTime>& time) {
    return time ? std::optional{static_cast<double>(time->value())} : std::nullopt;
}

void append_head(std::string& out, std::string_view name, std::string_view help) {
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} gauge\n", name, help, name);
}

// Whole numbers without an exponent, whatever their size.
std::string number_text(double value) {
    return value == static_cast<double>(static_cast<std::int64_t>(value))
               ? fmt::format("{}", static_cast<std::int64_t>(value))
               : fmt::format("{:.6f}", value);
}

const std::vector<Family>& families() {
    static const std::vector<Family> kFamilies = {
        {"twinzone_zone_serial", "Serial of the version in service.",
         [](const ZoneOutcome& zone) {
             return zone.serial ? std::optional{static_cast<double>(zone.serial->value())}
                                : std::nullopt;
         }},
        {"twinzone_zone_records", "Records of the version in service.",
         [](const ZoneOutcome& zone) {
             return zone.serial ? std::optional{static_cast<double>(zone.records)} : std::nullopt;
         }},
        {"twinzone_zone_last_success_timestamp_seconds", "When a primary last confirmed the zone.",
         [](const ZoneOutcome& zone) { return time_value(zone.last_success); }},
        {"twinzone_zone_expire_timestamp_seconds", "Until when the zone may be served.",
         [](const ZoneOutcome& zone) { return time_value(zone.expires); }},
        {"twinzone_sync_success", "1 where the last sync left the zone in step, 0 where not.",
         [](const ZoneOutcome& zone) { return std::optional{zone.error ? 0.0 : 1.0}; }},
        {"twinzone_sync_changed", "1 where the last sync brought another version into service.",
         [](const ZoneOutcome& zone) { return std::optional{zone.changed ? 1.0 : 0.0}; }},
        {"twinzone_sync_duration_seconds", "What the last sync took until the zone was done.",
         [](const ZoneOutcome& zone) { return std::optional{in_seconds(zone.took)}; }},
    };
    return kFamilies;
}

Failure failed(const std::string& path, int error) {
    return fail(error == ENOSPC || error == EDQUOT ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{}: {}", path, std::generic_category().message(error)));
}

// 0, or the errno of what failed.
int write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    return ::fchmod(file, kFileMode) == 0 && ::fsync(file) == 0 ? 0 : errno;
}

}  // namespace

std::string textfile_text(const SyncOutcome& outcome) {
    std::string out;
    for (const Family& family : families()) {
        append_head(out, family.name, family.help);
        for (const ZoneOutcome& zone : outcome.zones) {
            if (const std::optional<double> value = family.value(zone)) {
                fmt::format_to(std::back_inserter(out), "{}{{zone=\"{}\"}} {}\n", family.name,
                               label_text(zone.zone), number_text(*value));
            }
        }
    }
    append_head(out, "twinzone_sync_last_run_timestamp_seconds", "When the last sync ended.");
    fmt::format_to(std::back_inserter(out), "twinzone_sync_last_run_timestamp_seconds {}\n",
                   outcome.ended.value());
    append_head(out, "twinzone_sync_last_run_duration_seconds", "What the last sync took.");
    fmt::format_to(std::back_inserter(out), "twinzone_sync_last_run_duration_seconds {:.6f}\n",
                   in_seconds(outcome.took));
    return out;
}

Result<void> write_textfile(const std::string& path, const SyncOutcome& outcome) {
    // Not "*.prom": a collector must not read it before it is whole. One name, so that what a
    // killed sync left behind is written over.
    const std::string temporary = fmt::format("{}.new", path);
    const int file =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kFileMode);
    if (file < 0) {
        return failed(temporary, errno);
    }
    int error = write_all(file, textfile_text(outcome));
    ::close(file);
    if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) {
        error = errno;
    }
    if (error != 0) {
        ::unlink(temporary.c_str());
        return failed(path, error);
    }
    return {};
}

}  // namespace twinzone::secondary
