// Name compression for one message being written (RFC 1035 §4.1.4): remembers which name suffixes
// stand where, as long as a pointer can reach them (first 16 KiB). Case is preserved: a suffix is
// reused only where its octets are the same, case included (RFC 5936 §3.4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/dns/header.h"
#include "common/dns/record.h"

namespace twinzone::dns {

// Not thread-safe; reused from message to message by reset(), which is O(1) for the table. About
// 24 KB, no heap. Between calls the octets of `out` behind the header stay as they are.
class Compressor {
  public:
    // Forgets everything. `out` of later calls starts a new message at its own offset 0.
    void reset() noexcept;

    // Appends `name` to the message `out` (whole message so far, header included), compressed where
    // possible.
    void append_name(NameView name, Bytes& out);

    // Appends a whole record; names within rdata are compressed for the types of RFC 1035 only.
    // Requires: check_rdata() holds.
    void append_record(const RecordView& record, Bytes& out);

    // After the caller cut `out` back to `size` octets, where a name or a record ended: forgets
    // suffixes at or behind it.
    void rewind(std::size_t size) noexcept;

  private:
    // A place in the hash table of suffixes; empty where it is of another generation.
    struct Slot {
        std::uint16_t generation = 0;
        std::uint16_t offset = 0;  // where the suffix starts in the message
    };

    // A 16 KiB page of one-label owners has about 800 suffixes. The table is never more than three
    // quarters full; suffixes beyond that are not remembered, which costs octets only.
    static constexpr std::size_t kSlots = 4096;
    static constexpr std::size_t kMaxSuffixes = kSlots / 4 * 3;

    // The slot that holds the suffix `name`, or the empty one where it belongs.
    [[nodiscard]] std::size_t slot_of(std::uint32_t hash, const std::uint8_t* name,
                                      const Bytes& out) const noexcept;
    [[nodiscard]] bool occupied(const Slot& slot) const noexcept {
        return slot.generation == generation_;
    }
    void remember(std::uint32_t hash, std::size_t offset) noexcept;

    std::array<Slot, kSlots> slots_{};
    std::array<std::uint16_t, kMaxSuffixes> filled_{};  // slots in the order they were filled
    std::size_t filled_count_ = 0;
    std::uint16_t generation_ = 1;
};

}  // namespace twinzone::dns
