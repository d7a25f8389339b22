// Decisions as octets, some eighty each, one behind the other: the form in which very many are
// kept.
//
//   u16 octets in all, u16 octets of what tells it from others, u32 times, u32 last and u32 first
//   time, then what tells it from others (reason first), then the rest
#pragma once

#include <vector>

#include "common/base/bytes.h"
#include "common/service/decision.h"

namespace twinzone::service {

// Of each text of a decision; the rest of a longer one is not kept.
inline constexpr std::size_t kMaxKeptText = 4000;

[[nodiscard]] Bytes pack(const KeptDecision& kept);

// One of those in a run. Borrows the run.
class PackedDecision {
  public:
    // Requires: `run` begins with one.
    explicit PackedDecision(ByteView run) noexcept : octets_(run.first(load_u16(run.data()))) {}

    [[nodiscard]] std::size_t size() const noexcept { return octets_.size(); }
    [[nodiscard]] Reason reason() const noexcept;
    [[nodiscard]] std::uint32_t times() const noexcept;
    [[nodiscard]] UnixTime first() const noexcept;
    [[nodiscard]] KeptDecision unpack() const;

    // True where this says nothing that the other has not said but the time: same reason, partner,
    // serials and texts.
    [[nodiscard]] bool says_the_same(const PackedDecision& other) const noexcept;

  private:
    [[nodiscard]] ByteView identity() const noexcept;

    ByteView octets_;
};

// Where each begins in a run.
[[nodiscard]] std::vector<std::size_t> places_in(ByteView run);

}  // namespace twinzone::service
