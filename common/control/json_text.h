// Text as JSON has it, for answers that are written piece by piece.
#pragma once

#include <string>
#include <string_view>

namespace twinzone::control {

// With quotes around. Bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string json_text(std::string_view text);

}  // namespace twinzone::control
