// EDNS padding (RFC 7830): octets without meaning that hide how long a message over TLS is. Blocks
// as RFC 8467 §4.1 recommends.
#pragma once

#include <cstddef>

#include "common/base/bytes.h"

namespace twinzone::dns {

inline constexpr std::size_t kQueryBlockBytes = 128;
inline constexpr std::size_t kAnswerBlockBytes = 468;

// Appends the option to the OPT record that ends `message`, so that its size and `more` octets that
// are still to follow (a signature) make whole blocks. Nothing happens where that exceeds the size
// of a message. Requires: the OPT record has `opt_bytes` octets and a root owner.
void pad_message(Bytes& message, std::size_t opt_bytes, std::size_t block, std::size_t more);

// The same for an OPT record alone, which is to follow `before` octets of its message.
void pad_record(Bytes& opt, std::size_t before, std::size_t block, std::size_t more);

}  // namespace twinzone::dns
