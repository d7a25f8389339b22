// Many records in one flat buffer: what a parser, a transfer or a diff collects. One allocation
// grows; no object per record.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/dns/record.h"

namespace twinzone::zone {

// Canonical order of records: owner (RFC 4034 §6.1), type number, canonical rdata (§6.3). Two
// records that compare equal are the same record: TTL and the case of names do not count. Negative,
// zero, positive.
[[nodiscard]] int compare_canonical(const dns::RecordView& a, const dns::RecordView& b) noexcept;

// Same record (as above) with the same TTL and the same rdata octets: replacing one by the other
// changes nothing that is served but the owner's case.
[[nodiscard]] bool same_content(const dns::RecordView& a, const dns::RecordView& b) noexcept;

// A record in a flat buffer: octets of the owner in one octet, owner, type, class, TTL, RDLENGTH,
// rdata.
struct FlatRecord {
    static constexpr std::size_t kMaxBytes = 1 + dns::kMaxNameBytes + 10 + dns::kMaxRdataBytes;

    dns::RecordView record;  // borrowed
    std::size_t bytes = 0;   // that it takes

    // The record that begins at `octets`, or nullopt where it does not end within them. Requires:
    // made by RecordList.
    [[nodiscard]] static std::optional<FlatRecord> read(ByteView octets) noexcept;
};

// Views given out stay valid until the list is changed or destroyed. Not thread-safe.
class RecordList {
  public:
    void append(const dns::RecordView& record);
    void clear() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return offsets_.size(); }
    [[nodiscard]] bool empty() const noexcept { return offsets_.empty(); }

    // Octets held, the index included: what limits are compared with.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

    // Requires: index < size().
    [[nodiscard]] dns::RecordView operator[](std::size_t index) const noexcept;

    // All records as they are kept (FlatRecord), back to back in the order they were appended,
    // whatever was sorted since; and one of them.
    [[nodiscard]] ByteView octets() const noexcept { return octets_; }
    [[nodiscard]] ByteView octets_of(std::size_t index) const noexcept;

    // Room for so many octets of records, so that growing copies nothing.
    void reserve_octets(std::size_t octets) { octets_.reserve(octets); }

    // Sorts into canonical order; of records that are the same, the one appended last stays.
    // Returns how many were dropped. O(n) where already sorted.
    std::size_t sort_unique();

  private:
    Bytes octets_;  // FlatRecord
    std::vector<std::uint64_t> offsets_;
};

}  // namespace twinzone::zone
