// The one style sheet of all pages: light and dark, wide and narrow. Served by itself, so that
// pages need no inline style.
#pragma once

#include <string>

namespace twinzone::web {

[[nodiscard]] std::string style_sheet();

}  // namespace twinzone::web
