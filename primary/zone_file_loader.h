// Reads a zone file into content that is ready for the store, and judges whether it is a zone. Pure
// work on files: runs on the pool, touches nothing of the loop's. Large files are read in blocks,
// by several threads, and of their next version only what changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/dns/soa.h"
#include "common/store/record_sorter.h"
#include "common/zone/digest.h"
#include "common/zone/record_list.h"
#include "primary/file_memory.h"

namespace twinzone::primary {

struct LoadOptions {
    dns::Name zone;
    std::string file;
    std::string spill_directory;  // for zones that do not fit in memory while they are sorted
    std::uint64_t max_records = 0;
    std::uint64_t max_bytes = 0;  // octets in wire form without compression
    // A ZONEMD is going to be made: those in the file are left out. Under these serials the content
    // may have been published before.
    bool makes_zonemd = false;
    std::vector<dns::Serial> published_under{};
    bool wants_digest = true;  // false: LoadedZone::content, `duplicates` and `made` say nothing
    // What the version in service was read from. nullptr: not known.
    std::shared_ptr<const FileMemory> memory{};
    bool keeps_memory = true;  // of a large file
};

// The records that differ from those of LoadOptions::memory, in canonical order, without the SOA.
struct ZoneFileChange {
    zone::RecordList removed;
    zone::RecordList added;
};

struct LoadedZone {
    dns::SoaRecord soa;            // as written
    zone::Digest content;          // over all records but the SOA
    std::uint64_t records = 0;     // read: the SOA and duplicates included
    std::uint64_t duplicates = 0;  // dropped
    std::vector<std::pair<dns::Serial, zone::Digest>> made{};  // `content` with its ZONEMD
    bool ended_with_newline = true;                            // false: perhaps cut off
    std::unique_ptr<store::SortedStream> stream{};  // canonical order, without the SOA; or
    std::optional<ZoneFileChange> change{};

    // All records but the SOA, as they would be published under this serial.
    [[nodiscard]] zone::Digest content_under(dns::Serial serial) const;
};

// What came of reading a file, and what else it is made of.
struct ZoneFileReading {
    Result<LoadedZone> zone;
    std::vector<std::string> included;     // files that $INCLUDE named, each once, sorted
    std::shared_ptr<FileMemory> memory{};  // nullptr: none is kept of this file
};

// Files from this size on are read in blocks and remembered.
inline constexpr std::uint64_t kBlockwiseBytes = std::uint64_t{1} << 20;

// As load_zone_file().
[[nodiscard]] ZoneFileReading read_zone_file(const LoadOptions& options);

// Errc::zone_file_syntax with file:line:column, line and caret. Errc::zone_file_content: no SOA at
// the apex, two different ones, an owner outside the zone, no NS at the apex (RFC 1035 §5.2).
// Errc::limit, file_unreadable, not_found, disk_full. Blocking.
[[nodiscard]] Result<LoadedZone> load_zone_file(const LoadOptions& options);

}  // namespace twinzone::primary
