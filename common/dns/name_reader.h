// Names as they stand in a message: labels, ended by the root or by a pointer to an earlier place
// (RFC 1035 §4.1.4). Below MessageReader; the octets are hostile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/name.h"

namespace twinzone::dns {

// A message, or the part of it that is at hand: `octets` stand at offset `base` of the message.
// Borrowed. All positions are offsets in the message, as compression pointers are.
struct MessageOctets {
    ByteView octets;
    std::size_t base = 0;

    [[nodiscard]] std::size_t end() const noexcept { return base + octets.size(); }

    // Requires: base <= at < end().
    [[nodiscard]] const std::uint8_t* from(std::size_t at) const noexcept {
        return octets.data() + (at - base);
    }

    // Requires: base <= at <= to <= end().
    [[nodiscard]] ByteView run(std::size_t at, std::size_t to) const noexcept {
        return octets.subspan(at - base, to - at);
    }
};

using NameScratch = std::array<std::uint8_t, kMaxNameBytes>;

struct ReadName {
    NameView name;            // borrows the message, or the scratch where its labels lie apart
    std::size_t end = 0;      // first position behind the name, where it was read
    bool compressed = false;  // a pointer stands in it
};

inline constexpr std::size_t kMaxPointerHops = 127;  // one for each label of the longest name

// The name at `at`; its own octets end before `end` at the latest, a pointer may lead out of them.
// Each pointer leads strictly before the run of labels that it ends, and never into the header.
// Requires: base <= at <= end <= message.end(). Errc::message_malformed.
[[nodiscard]] Result<ReadName> read_name(const MessageOctets& message, std::size_t at,
                                         std::size_t end, NameScratch& scratch);

}  // namespace twinzone::dns
