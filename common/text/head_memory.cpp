#include "common/text/head_memory.h"

#include <algorithm>

#include "common/text/char_class.h"
#include "common/text/octets16.h"

namespace twinzone::text {

const RecordHead* HeadMemory::find(const char* at) const noexcept {
    const auto* const end = known_.begin() + count_;
    const auto* const found = std::find_if(known_.begin(), end, [at](const Known& known) {
        return (equal_octets_32(at, known.text.data()) & known.octets) == known.octets;
    });
    return found == end ? nullptr : &found->head;
}

void HeadMemory::put(const char* text, const RecordHead& head) noexcept {
    const auto is_simple = [](char c) {
        return char_class(c) == CharClass::blank || char_class(c) == CharClass::plain;
    };
    const std::size_t size = head.size + 1;
    if (size >= kMaxBytes || char_class(text[head.size]) != CharClass::blank ||
        !std::all_of(text, text + size, is_simple)) {
        return;
    }
    Known& known = known_[oldest_];
    std::copy_n(text, size, known.text.begin());
    known.octets = (1U << size) - 1;
    known.head = head;
    oldest_ = (oldest_ + 1) % kHeads;
    count_ = std::max(count_, oldest_ == 0 ? kHeads : oldest_);
}

}  // namespace twinzone::text
