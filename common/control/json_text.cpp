#include "common/control/json_text.h"

#include <nlohmann/json.hpp>

namespace twinzone::control {

std::string json_text(std::string_view text) {
    using nlohmann::json;
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace twinzone::control
