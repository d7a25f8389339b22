#include "common/setup/fill.h"

#include <algorithm>

#include "common/base/assert.h"

namespace twinzone::setup {

namespace {

// Blanks are capitals, so that "%s@53" or "127.0.0.1@5300" are none.
std::size_t end_of_blank(std::string_view text, std::size_t at) {
    const std::size_t end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", at + 1);
    return end != std::string_view::npos && end > at + 1 && text[end] == '@'
               ? end
               : std::string_view::npos;
}

}  // namespace

std::string fill(std::string_view text, std::initializer_list<Blank> blanks) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text[at] == '@' ? end_of_blank(text, at) : std::string_view::npos;
        if (end == std::string_view::npos) {
            out += text[at++];
            continue;
        }
        const std::string_view name = text.substr(at + 1, end - at - 1);
        const auto* blank = std::find_if(blanks.begin(), blanks.end(),
                                         [name](const Blank& each) { return each.first == name; });
        TWINZONE_ASSERT(blank != blanks.end());
        out += blank->second;
        at = end + 1;
    }
    return out;
}

}  // namespace twinzone::setup
