// Reads a zone file (RFC 1035 §5) record by record: $ORIGIN, $TTL (RFC 2308 §4), $INCLUDE,
// $GENERATE as BIND has it, and unknown types (RFC 3597 §5). Holds a window of the file, never the
// whole, so that memory does not grow with the zone. Above it sits whoever makes a zone of the
// records; owners outside the zone, a missing SOA and the like are judged there.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/dns/record.h"
#include "common/dns/ttl.h"

namespace twinzone::text {

// Octets of text one record or directive may have, with its comments and line ends. A record of
// 65,535 octets of rdata in hex just fits.
inline constexpr std::size_t kMaxEntryBytes = 147456;

// Records that one $GENERATE may make.
inline constexpr std::uint64_t kMaxGenerateRecords = 1U << 20;

// What records leave to the directives before them.
struct ZoneFileContext {
    dns::Name origin;                     // what relative names are completed with
    std::optional<dns::Ttl> default_ttl;  // of $TTL (RFC 2308 §4)

    friend bool operator==(const ZoneFileContext&, const ZoneFileContext&) = default;
};

struct ZoneFileOptions {
    dns::Name origin;                     // what relative names are completed with at first
    std::optional<dns::Ttl> default_ttl;  // as if a $TTL line stood before the first
    std::uint64_t max_records = std::numeric_limits<std::uint64_t>::max();
    std::uint32_t max_include_depth = 16;  // a file that includes itself ends here

    // Where relative $INCLUDE names start in from_text(); in open() they start in the folder of the
    // including file. When not empty, every included file must lie in it, symbolic links resolved.
    std::string include_root_dir;

    // The text is a later part of a file, whose records before it are not known: one that would
    // take an owner or a TTL from them is an error.
    bool is_later_part = false;
};

// Not thread-safe; dead after an error. Movable; views it gave stay valid over a move.
class ZoneFileReader {
  public:
    // Errc::not_found or Errc::file_unreadable with path and reason.
    [[nodiscard]] static Result<ZoneFileReader> open(const std::string& path,
                                                     ZoneFileOptions options);

    // Borrows `text` until the reader's end. `display_name` stands in errors where a path would.
    [[nodiscard]] static ZoneFileReader from_text(std::string_view text, std::string display_name,
                                                  ZoneFileOptions options);

    ZoneFileReader(ZoneFileReader&& other) noexcept;
    ZoneFileReader& operator=(ZoneFileReader&& other) noexcept;
    ZoneFileReader(const ZoneFileReader&) = delete;
    ZoneFileReader& operator=(const ZoneFileReader&) = delete;
    ~ZoneFileReader();

    // The next record, valid until the next call; nullopt after the last. Class is always IN; any
    // owner is given, also one outside the zone. The rdata passed dns::check_rdata(). Requires: no
    // call failed before.
    // Errc::zone_file_syntax: not what RFC 1035 §5 allows. Errc::zone_file_content: well written
    // but not allowed here (class, meta type, missing TTL). Errc::limit: a limit, with its number.
    // Errc::file_unreadable: this file or an included one. For the first three the detail is
    //   FILE:LINE:COLUMN: error: TEXT
    //       the source line
    //           ^
    //     in the parenthesis opened at FILE:LINE:COLUMN     (on an earlier line)
    //     included from FILE:LINE
    // with line and column counted from 1, the column in octets.
    [[nodiscard]] Result<std::optional<dns::RecordView>> next();

    // "file:line" of the record given last: the line its owner field stands on.
    [[nodiscard]] std::string where() const;

    // Files that $INCLUDE named so far, those that could not be opened as well; relative names
    // completed, in the order of reading.
    [[nodiscard]] const std::vector<std::string>& included_files() const noexcept;

    // What holds behind the record given last.
    [[nodiscard]] ZoneFileContext context() const;

    // False if this file or an included one has ended without a newline after its last line: it may
    // have been cut off while it was written. Final once next() gave nullopt.
    [[nodiscard]] bool ended_with_newline() const noexcept;

  private:
    class Impl;
    explicit ZoneFileReader(std::unique_ptr<Impl> impl) noexcept;

    std::unique_ptr<Impl> impl_;
};

}  // namespace twinzone::text
