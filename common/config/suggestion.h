// "Did you mean": the nearest of the words that would have been right.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace twinzone::config {

// Single edits (insert, remove, replace, swap neighbours) from one text to the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// "; did you mean 'listen'?", or "" where nothing is near enough to be a slip.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);

}  // namespace twinzone::config
