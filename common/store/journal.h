// History of a zone: its last differences as pages ready to send, one step after the other.
//
// A step has a head (part 0) and its pages (parts 1, 2, …). Head, version 1 (its sum follows):
//   u8 1, SOA from, SOA to (zone_record.h), u32 pages, u64 removed, u64 added, u64 wire octets,
//   i64 committed, u16 length and text of the source
//
// Steps are in order of their sequence number, never of serials: a serial may come twice. The way
// from a serial is the one that begins at the latest step from it and leads, unbroken, to the
// version. What is missing or does not match its sum ends history there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/store/environment.h"
#include "common/store/store.h"
#include "common/store/zone_record.h"
#include "common/zone/diff.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

struct JournalStep {
    zone::HistoryStep head;
    std::vector<Bytes> pages;
};

// Errors of encoding: Errc::limit.
[[nodiscard]] Result<JournalStep> encode_step(const zone::Diff& diff, UnixTime committed,
                                              const std::string& source);

// The head of a step; nullopt where it is missing or damaged.
struct StepHead {
    zone::HistoryStep step;
    std::uint32_t pages = 0;
};
[[nodiscard]] Result<std::optional<StepHead>> read_head(const Transaction& txn,
                                                        std::uint32_t journal,
                                                        std::uint64_t sequence);

// Steps that lead from `serial` to the record's version: which is the first, and all of them.
struct Way {
    std::uint64_t first_step = 0;
    std::vector<StepHead> steps;  // oldest first; empty where `serial` is the version's
};
[[nodiscard]] Result<std::optional<Way>> find_way(const Transaction& txn, const ZoneRecord& record,
                                                  dns::Serial serial);

// The longest unbroken way to the record's version.
[[nodiscard]] Result<Way> longest_way(const Transaction& txn, const ZoneRecord& record);

// Writes a step under the journal's next number and counts it in `record`. Requires: record.journal
// is not 0.
[[nodiscard]] Result<void> append_step(WriteTransaction& txn, ZoneRecord& record,
                                       const JournalStep& step);

// Deletes the oldest step and takes it from `record`'s count; false where it is damaged: nothing is
// done then, and the whole history has to go. Requires: there is one.
[[nodiscard]] Result<bool> drop_oldest_step(WriteTransaction& txn, ZoneRecord& record);

// Octets of history that `limits` allow a zone of this size.
[[nodiscard]] std::uint64_t allowed_bytes(const JournalLimits& limits, std::uint64_t zone_bytes);

// The pages of a way, step by step. Borrows the transaction.
class WayCursor final : public zone::PageCursor {
  public:
    WayCursor(const Transaction& txn, std::uint32_t journal, Way way)
        : txn_(txn), journal_(journal), way_(std::move(way)) {}

    [[nodiscard]] Result<std::optional<ByteView>> next() override;

  private:
    const Transaction& txn_;
    std::uint32_t journal_;
    Way way_;
    std::size_t step_ = 0;
    std::uint32_t part_ = 0;  // the one given last
};

}  // namespace twinzone::store
