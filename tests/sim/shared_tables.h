// A model of the tables of the shared history (common/shared/schema.h) and of its functions: what
// PostgreSQL does in each transaction, in memory. What the SQL itself says is tested on a
// PostgreSQL server (tests/unit/shared).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/time.h"

namespace twinzone::sim {

// How a statement was refused.
struct SqlError {
    std::string state;
    std::string words;
};

// A serial and a digest, as the tables have them.
struct TableMark {
    std::int64_t serial = 0;
    std::string digest;

    friend bool operator==(const TableMark&, const TableMark&) = default;
};

struct TableEntry {
    std::string zone;
    std::optional<TableMark> from;
    TableMark to;
    bool whole = false;
    std::int64_t first = 0;
    std::int64_t pages = 0;
    std::int64_t bytes = 0;
    std::string soa;
    std::string source;
};

struct VersionRow {
    std::int64_t number = 0;
    TableEntry entry;
    std::int64_t blob = 0;
    std::int64_t sequence = 0;
    std::int64_t token = 0;
    Duration committed{0};
};

struct SnapshotRow {
    std::int64_t number = 0;
    TableMark mark;
    std::string soa;
    std::int64_t blob = 0;
    std::int64_t first = 0;
    std::int64_t pages = 0;
    std::int64_t bytes = 0;
};

struct ZoneRow {
    std::int64_t number = 0;
    std::int64_t sequence = 0;
    TableMark mark;
};

struct LeaseRecord {
    std::int64_t token = 0;
    std::string holder;
    Duration expires{-1};
    std::int64_t last_sequence = 0;
};

struct Limits {
    std::int64_t versions = 0;
    std::int64_t bytes = 0;
    Duration age{0};
};

class SharedTables {
  public:
    // Every function is one transaction; `now` is PostgreSQL's clock.
    struct Lease {
        bool is_ours = false;
        LeaseRecord row;
    };
    [[nodiscard]] Lease hold_lease(Duration now, const std::string& who, std::int64_t had,
                                   Duration length);
    void release_lease(Duration now, const std::string& who, std::int64_t had);
    // Not lasting before the next strict transaction: lose_relaxed().
    [[nodiscard]] std::int64_t stage(Duration now, std::optional<std::int64_t> blob,
                                     std::int64_t first, const std::vector<Bytes>& pages);
    [[nodiscard]] std::optional<SqlError> append(Duration now, const std::string& who,
                                                 std::int64_t had, std::int64_t blob,
                                                 const std::vector<TableEntry>& entries);
    [[nodiscard]] std::optional<SqlError> put_snapshot(Duration now, const std::string& who,
                                                       std::int64_t had, std::int64_t blob,
                                                       const TableEntry& entry);
    [[nodiscard]] std::vector<std::string> wants_snapshot(Duration now, const Limits& limits) const;
    [[nodiscard]] std::optional<SqlError> prune(Duration now, const std::string& who,
                                                std::int64_t had, const Limits& limits);

    [[nodiscard]] const LeaseRecord& lease() const noexcept { return lease_; }
    [[nodiscard]] const std::map<std::string, ZoneRow>& zones() const noexcept { return zones_; }
    [[nodiscard]] const std::map<std::int64_t, VersionRow>& versions(const std::string& zone) const;
    [[nodiscard]] const SnapshotRow* snapshot(const std::string& zone) const;
    // Pages of a run that are there, in order.
    [[nodiscard]] std::vector<Bytes> pages(std::int64_t blob, std::int64_t first,
                                           std::int64_t end) const;

    // All that was committed strictly is on the disk; what was not may go in a crash.
    void make_lasting() { relaxed_.clear(); }
    void lose_relaxed();

    // Every version that was ever appended, also where it is kept no more: for the checkers.
    [[nodiscard]] const std::deque<VersionRow>& log() const noexcept { return log_; }

  private:
    struct Blob {
        Duration staged{0};
        std::map<std::int64_t, Bytes> pages;
    };

    [[nodiscard]] std::optional<SqlError> check_lease(Duration now, const std::string& who,
                                                      std::int64_t had) const;
    [[nodiscard]] std::optional<SqlError> check_entry(const TableEntry& entry,
                                                      std::int64_t blob) const;
    void insert(Duration now, const TableEntry& entry, std::int64_t blob, std::int64_t token);
    void drop_unused_blobs(Duration now);

    LeaseRecord lease_;
    std::map<std::string, ZoneRow> zones_;
    std::map<std::string, std::map<std::int64_t, VersionRow>> versions_;
    std::map<std::string, SnapshotRow> snapshots_;
    std::map<std::int64_t, Blob> blobs_;
    std::int64_t last_blob_ = 0;
    std::vector<std::function<void()>> relaxed_;  // what undoes each of them
    std::deque<VersionRow> log_;
};

}  // namespace twinzone::sim
