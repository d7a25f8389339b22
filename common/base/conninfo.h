// CONNINFO, as libpq takes it: what of it must be told to nobody.
#pragma once

#include <string>

namespace twinzone {

// The text with every password that `conninfo` names made unreadable.
[[nodiscard]] std::string without_secrets(std::string text, const std::string& conninfo);

}  // namespace twinzone
