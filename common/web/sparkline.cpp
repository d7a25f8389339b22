#include "common/web/sparkline.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "common/control/calendar.h"

namespace twinzone::web {

namespace {

// Below it a lag is drawn as small as it is: one second is no mountain.
constexpr std::uint32_t kLeastScale = 10;

// Of a line without a hill.
constexpr unsigned kFlatHeight = 8;

std::uint32_t highest(const std::vector<std::optional<std::uint32_t>>& series) {
    std::uint32_t high = 0;
    for (const std::optional<std::uint32_t>& sample : series) {
        high = std::max(high, sample.value_or(0));
    }
    return high;
}

// The line, broken where nothing was known.
std::string path_of(const std::vector<std::optional<std::uint32_t>>& series, SparklineSize size) {
    constexpr double margin = 2;
    const double scale = std::max(highest(series), kLeastScale);
    const double step = (size.width - 2 * margin) / static_cast<double>(series.size() - 1);
    const double room = size.height - 2 * margin;
    std::string path;
    bool broken = true;
    for (std::size_t i = 0; i < series.size(); ++i) {
        const bool within_flat = i > 0 && i + 1 < series.size() && series[i] == series[i - 1] &&
                                 series[i] == series[i + 1];
        if (series[i] && !within_flat) {
            const double x = margin + step * static_cast<double>(i);
            const double y = margin + room * (1 - static_cast<double>(*series[i]) / scale);
            fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", broken ? 'M' : 'L', x, y);
        }
        broken = !series[i];
    }
    return path;
}

}  // namespace

std::string sparkline(const std::vector<std::optional<std::uint32_t>>& series, seconds span,
                      SparklineSize size) {
    const auto known = std::count_if(series.begin(), series.end(),
                                     [](const auto& sample) { return sample.has_value(); });
    if (known < 2) {
        return {};
    }
    const std::uint32_t high = highest(series);
    size.height = high == 0 ? kFlatHeight : size.height;
    const std::string words =
        high == 0 ? "in step all the while"
                  : fmt::format("at most {} behind", control::span_in_words(seconds{high}));
    return fmt::format(
        R"(<svg class="spark{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img" )"
        R"(aria-label="Lag over {}: {}"><path d="{}"/></svg>)",
        high == 0 ? " flat" : "", size.width, size.height, size.width, size.height,
        control::span_in_words(span), words, path_of(series, size));
}

}  // namespace twinzone::web
