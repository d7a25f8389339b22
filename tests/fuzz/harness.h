// What every harness has: the entry that libFuzzer (or replay.cpp) calls once for each input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/base/assert.h"  // what must hold: checked in every build
#include "common/base/bytes.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace twinzone::fuzz {

// The next message of an input made of messages with two octets of length before each, as DNS over
// TCP has it; the last may be cut short. A copy: some readers edit what they get, and a copy ends
// where the message ends, so that reading on is seen.
[[nodiscard]] inline Bytes take_message(ByteReader& input) {
    const std::size_t length = input.remaining() < 2 ? 0 : input.u16();
    const ByteView message = input.bytes(std::min(length, input.remaining()));
    return {message.begin(), message.end()};
}

}  // namespace twinzone::fuzz
