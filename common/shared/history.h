// What primaries ask of the shared history, and what they read from its answers: statements over
// the tables of schema.h and back. Plain values; no connection.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/dns/soa.h"
#include "common/shared/lease_keeper.h"
#include "common/shared/statement.h"
#include "common/zone/digest.h"
#include "common/zone/version.h"

namespace twinzone::shared {

// What tells a version of a zone from every other.
struct Mark {
    dns::Serial serial{0};
    zone::Digest digest;

    friend bool operator==(const Mark&, const Mark&) noexcept = default;
};
[[nodiscard]] inline Mark mark_of(const zone::Version& version) noexcept {
    return {.serial = version.serial(), .digest = version.digest};
}

// Where pages lie: a run of parts in a blob.
struct PageRun {
    std::int64_t blob = 0;
    std::int64_t first = 0;
    std::int64_t pages = 0;
};

// A version on its way into the history; its pages were staged before.
struct Entry {
    dns::Name zone;
    std::optional<Mark> from;  // what the zone has in the history; nullopt: it is new there
    zone::Version to;
    bool is_whole = false;  // its pages are all of its content, else a difference
    PageRun run;            // the blob is append()'s
    std::uint64_t bytes = 0;
    std::string source;
};

// The newest version of a zone that changed.
struct Head {
    dns::Name zone;
    std::int64_t sequence = 0;
    Mark mark;
};

// A version that follows.
struct Step {
    std::int64_t number = 0;
    Mark to;
    bool is_whole = false;
    PageRun run;
    std::uint64_t bytes = 0;
    std::string source;
};

// How a version of ours stands to the history of its zone.
struct Position {
    bool zone_is_known = false;
    bool version_is_known = false;
    std::vector<Step> steps;  // what follows ours, oldest first and without a gap; empty: nothing
};

struct SnapshotPlace {
    dns::SoaRecord soa;
    Mark mark;
    PageRun run;
};

// How much is kept of each zone.
struct Retention {
    std::uint64_t max_versions = 10'000;
    std::uint64_t max_bytes = std::uint64_t{1} << 30;
    seconds max_age = hours{24 * 30};
};

// A lease of ours: who we are, and its token.
struct Holder {
    std::string name;
    std::uint64_t token = 0;
};

// At most so many steps and octets of them come at a time; one step comes whatever its size.
inline constexpr std::int64_t kMaxSteps = 64;
inline constexpr std::int64_t kMaxStepBytes = std::int64_t{4} << 20;
// Heads that come at a time.
inline constexpr std::int64_t kMaxHeads = 1000;
// Pages that go, or come, at a time.
inline constexpr std::int64_t kMaxPages = 64;

// ---- the schema
[[nodiscard]] Statement lock_schema();
// One row, the last that was applied; refused with kNoTable where none was ever.
[[nodiscard]] Statement ask_migration();
inline constexpr std::string_view kNoTable = "42P01";
[[nodiscard]] Statement migrate(std::size_t number);
[[nodiscard]] Statement unlock_schema();
[[nodiscard]] Statement listen();

// ---- the lease
[[nodiscard]] Statement hold_lease(const Holder& holder, Duration length);
[[nodiscard]] Statement release_lease(const Holder& holder);
struct LeaseRow {
    LeaseAnswer answer;
    std::string leader;
    std::int64_t last_sequence = 0;
};
[[nodiscard]] Result<LeaseRow> read_lease(const Rows& rows);

// ---- writing
// Into a blob, from its part `first` on; nullopt: a new one, which is the answer's number.
[[nodiscard]] Statement stage(std::optional<std::int64_t> blob, std::int64_t first,
                              std::span<const Bytes> pages);
[[nodiscard]] Statement append(const Holder& holder, std::int64_t blob,
                               std::span<const Entry> entries);
// The number in the only row's only column.
[[nodiscard]] Result<std::int64_t> read_number(const Rows& rows);

// ---- reading
[[nodiscard]] Statement ask_heads(std::int64_t after_sequence);
[[nodiscard]] Result<std::vector<Head>> read_heads(const Rows& rows);
[[nodiscard]] Statement ask_position(const dns::Name& zone, const std::optional<Mark>& ours);
[[nodiscard]] Result<Position> read_position(const Rows& rows);
// Pages of the differences from one number of the zone to another, in order.
[[nodiscard]] Statement ask_step_pages(const dns::Name& zone, std::int64_t first,
                                       std::int64_t last);
// Pages from the front of a run.
[[nodiscard]] Statement ask_pages(const PageRun& run, std::int64_t most);
[[nodiscard]] std::vector<Bytes> read_pages(const Rows& rows);
[[nodiscard]] Statement ask_snapshot(const dns::Name& zone);
[[nodiscard]] Result<std::optional<SnapshotPlace>> read_snapshot(const Rows& rows);

// ---- retention
[[nodiscard]] Statement ask_wanted_snapshots(const Retention& retention);
[[nodiscard]] Result<std::vector<dns::Name>> read_names(const Rows& rows);
[[nodiscard]] Statement put_snapshot(const Holder& holder, const Entry& entry);
[[nodiscard]] Statement prune(const Holder& holder, const Retention& retention);

// A SOA as text of hexadecimal digits: owner, TTL, rdata. nullopt for what is none.
[[nodiscard]] std::string soa_text(const dns::SoaRecord& soa);
[[nodiscard]] std::optional<dns::SoaRecord> soa_from_text(std::string_view text);

}  // namespace twinzone::shared
