// The lag of a peer over the last while as a small picture: SVG within the page, with its meaning
// in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"

namespace twinzone::web {

struct SparklineSize {
    unsigned width = 96;
    unsigned height = 22;
};

// `series`: oldest first, as LagHistory gives it. Empty where fewer than two are known.
[[nodiscard]] std::string sparkline(const std::vector<std::optional<std::uint32_t>>& series,
                                    seconds span, SparklineSize size);

}  // namespace twinzone::web
