#include "common/dns/siphash.h"

#include <bit>

namespace twinzone::dns {

namespace {

std::uint64_t load_little(const std::uint8_t* at, std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        value |= std::uint64_t{at[i]} << (8 * i);
    }
    return value;
}

struct State {
    std::uint64_t a, b, c, d;

    void round() noexcept {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }

    void take(std::uint64_t word) noexcept {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

}  // namespace

std::uint64_t siphash24(const std::array<std::uint64_t, 2>& key, ByteView message) noexcept {
    State state{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};
    const std::size_t whole = message.size() / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8) {
        state.take(load_little(message.data() + at, 8));
    }
    // The last word: what is left, and the length in its highest octet.
    state.take(load_little(message.data() + whole, message.size() - whole) |
               std::uint64_t{message.size()} << 56U);
    state.c ^= 0xff;
    for (int i = 0; i < 4; ++i) {
        state.round();
    }
    return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace twinzone::dns
