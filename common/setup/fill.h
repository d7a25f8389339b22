// Texts with blanks: "@NAME@" stands for a value.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace twinzone::setup {

using Blank = std::pair<std::string_view, std::string>;

// Every "@NAME@" becomes its value, also where it stands twice. Requires: no blank of the text is
// left, no value is looked at again.
[[nodiscard]] std::string fill(std::string_view text, std::initializer_list<Blank> blanks);

}  // namespace twinzone::setup
