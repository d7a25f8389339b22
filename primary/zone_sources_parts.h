// What ZoneSources keeps of a zone. For the zone_sources*.cpp files only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "primary/file_fingerprint.h"
#include "primary/zone_sources.h"

namespace twinzone::primary {

struct ZoneSources::Reading {
    UnixTime began;
    bool has_digest = false;
    std::optional<ZoneFileReading> read;
    std::vector<std::optional<FileFingerprint>> included;  // of read->included, taken behind it
};

// What is there while a file is read and published, or where something is to be remembered of it.
struct ZoneSources::Work {
    explicit Work(net::Loop& loop) : timer(loop) {}

    net::Timer timer;
    SourceFingerprint seen;                    // of the content being waited for or read
    std::optional<dns::Serial> replaced;       // by the commit under way
    bool by_change = false;                    // that commit is what changed in the file
    std::uint64_t records = 0;                 // read of the file that is being published
    bool counts_duplicates = false;            // they are known only once it is
    std::shared_ptr<FileMemory> fresh;         // of it
    std::shared_ptr<const FileMemory> memory;  // of the version in service
    std::string problem;                       // empty: the file is what is served
};

// Small: there may be a million.
struct ZoneSources::Source {
    // Files that it was made of, too, when it was read last; and those of the content judged last.
    struct Included {
        std::vector<std::string> files;
        std::vector<std::optional<FileFingerprint>> taken;
    };

    explicit Source(std::uint32_t name) : number(name) {}

    std::unique_ptr<Work> under_way;     // null: nothing is, and nothing is wrong
    std::unique_ptr<Included> includes;  // null: nothing
    FileMark taken;                      // of the content judged last
    std::uint32_t number;                // of the zone's name
    bool ever_taken = false;
    bool gone = false;            // removed: deleted once it is not busy
    bool busy = false;            // waiting for a place, loading or publishing
    bool again = false;           // changed meanwhile
    bool lacked_newline = false;  // `seen` was read once and ended within a line
    bool waits = false;           // changed, but the zone is frozen
    bool rejected = false;        // the file holds what an operator rejected

    [[nodiscard]] const std::vector<std::string>& included() const noexcept {
        static const std::vector<std::string> kNone;
        return includes ? includes->files : kNone;
    }
    void take(const SourceFingerprint& judged) {
        taken = mark_of(judged.file);
        if (includes) {
            includes->taken = judged.included;
        }
    }
    [[nodiscard]] bool has_taken(const SourceFingerprint& seen) const noexcept {
        return ever_taken && mark_of(seen.file) == taken &&
               (includes ? seen.included == includes->taken : seen.included.empty());
    }

    [[nodiscard]] bool is_waiting() const noexcept {
        return under_way && under_way->timer.is_armed();
    }
    [[nodiscard]] const std::string& problem() const noexcept {
        static const std::string kNone;
        return under_way ? under_way->problem : kNone;
    }
    [[nodiscard]] std::shared_ptr<const FileMemory> memory() const {
        return under_way ? under_way->memory : nullptr;
    }
};

}  // namespace twinzone::primary
