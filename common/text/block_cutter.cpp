#include "common/text/block_cutter.h"

#include <algorithm>
#include <cstring>

#include "common/text/char_class.h"

namespace twinzone::text {

namespace {

// Of lines that may be cut before, one in so many is.
constexpr std::uint64_t kLinesPerCut = 16;

// From here on any line will do that may be cut before.
constexpr std::size_t kLongBlockBytes = std::size_t{32} << 10;

// What a line is judged by.
constexpr std::size_t kJudgedBytes = 32;

bool begins_with_owner(std::string_view line) noexcept {
    return !line.empty() && char_class(line[0]) == CharClass::plain && line[0] != '$';
}

// FNV-1a with a last mix: few lines are judged, and they are short.
bool is_chosen(std::string_view line) noexcept {
    std::uint64_t sum = 0xcbf29ce484222325U;
    for (const char octet : line.substr(0, kJudgedBytes)) {
        sum = (sum ^ static_cast<std::uint8_t>(octet)) * 0x100000001b3U;
    }
    return (sum ^ (sum >> 32)) % kLinesPerCut == 0;
}

}  // namespace

std::size_t first_block(std::string_view text, bool is_last) noexcept {
    const std::size_t end = std::min(text.size(), kMaxBlockBytes);
    std::size_t at = std::min(kMinBlockBytes, end);
    while (at < end) {
        const void* newline = std::memchr(text.data() + at, '\n', end - at);
        if (newline == nullptr) {
            break;
        }
        at = static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) + 1;
        const std::string_view line = text.substr(at);
        if (begins_with_owner(line) && (at >= kLongBlockBytes || is_chosen(line))) {
            return at;
        }
    }
    return is_last && text.size() <= kMaxBlockBytes ? text.size() : 0;
}

}  // namespace twinzone::text
