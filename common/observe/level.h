// How much an event of the log matters.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/result.h"

namespace twinzone::observe {

enum class Level : std::uint8_t { debug, info, notice, warning, error, critical };

[[nodiscard]] std::string_view to_string(Level level) noexcept;

// "debug" … "critical"; Errc::usage with the text otherwise.
[[nodiscard]] Result<Level> level_from_text(std::string_view text);

}  // namespace twinzone::observe
