// One write transaction with what the store knows of its own tables: ids, zone records, what is to
// be swept, room. Changes nothing unless commit() succeeds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/store/environment.h"
#include "common/store/hold_record.h"
#include "common/store/keys.h"
#include "common/store/zone_record.h"

namespace twinzone::store {

inline constexpr std::uint32_t kFormat = 1;

// The record of the whole store, in table `meta`.
struct StoreRecord {
    std::uint32_t format = kFormat;
    std::uint32_t next_id = 1;
};

// Errc::store_corrupt where it is damaged, store_format where it is of a newer format; nullopt
// where there is none.
[[nodiscard]] Result<std::optional<StoreRecord>> read_store_record(const Transaction& txn);
[[nodiscard]] Result<void> write_store_record(WriteTransaction& txn, const StoreRecord& record);

// One thread only. After an error of a function that writes it can only be destroyed.
class Batch {
  public:
    [[nodiscard]] static Result<Batch> begin(const EnvironmentPtr& env);

    [[nodiscard]] WriteTransaction& txn() noexcept { return txn_; }
    [[nodiscard]] const WriteTransaction& txn() const noexcept { return txn_; }

    // What stood in the store before this batch; for other threads. Errc as of lmdb_failure().
    [[nodiscard]] Result<std::shared_ptr<const ReadTransaction>> read_before() const {
        return ReadTransaction::begin(env_);
    }

    // A number for a content or a journal, never given before. Errc::limit behind 2^32.
    [[nodiscard]] Result<std::uint32_t> next_id();

    // nullopt where the zone is unknown or its record damaged.
    [[nodiscard]] Result<std::optional<ZoneRecord>> zone(ByteView zone_key) const;
    [[nodiscard]] Result<void> put_zone(ByteView zone_key, const ZoneRecord& record);

    // What holds the zone back; empty where nothing does or the record is damaged.
    [[nodiscard]] Result<HoldRecord> hold(ByteView zone_key) const;
    // An empty one erases the record.
    [[nodiscard]] Result<void> put_hold(ByteView zone_key, const HoldRecord& record);

    // Nothing refers to `item` any more: it is to be swept.
    [[nodiscard]] Result<void> begin_sweep(SweepItem item);
    // Nothing refers to `item` yet: swept only where the process ends before end_sweep().
    [[nodiscard]] Result<void> name_unfinished(SweepItem item);
    [[nodiscard]] Result<void> end_sweep(SweepItem item);

    // Errc::store_full where so many more octets would pass the store's limit; nothing is written.
    [[nodiscard]] Result<void> room_for(std::uint64_t bytes);

    // Counts what a caller has written, for room_for() and for bounding the transaction.
    void count_written(std::uint64_t bytes) noexcept { written_ += bytes; }
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

    [[nodiscard]] Result<void> commit();

    // What begin_sweep() was called for; to be swept once commit() succeeded.
    [[nodiscard]] const std::vector<SweepItem>& sweeps() const noexcept { return sweeps_; }

  private:
    Batch(EnvironmentPtr env, WriteTransaction txn, const StoreRecord& record) noexcept
        : env_(std::move(env)),
          txn_(std::move(txn)),
          record_(record),
          saved_(record),
          used_(env_->used_bytes()) {}

    EnvironmentPtr env_;
    WriteTransaction txn_;
    StoreRecord record_;
    StoreRecord saved_;
    std::uint64_t used_;  // octets of the file before this batch
    std::uint64_t written_ = 0;
    std::optional<std::uint64_t> free_;  // octets free in the file before this batch, once asked
    std::vector<SweepItem> sweeps_;
};

}  // namespace twinzone::store
