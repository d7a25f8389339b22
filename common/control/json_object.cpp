#include "common/control/json_object.h"

#include <iterator>

#include <fmt/format.h>

#include "common/control/json_text.h"

namespace twinzone::control {

JsonObject& JsonObject::json(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(members_), "{}\"{}\":{}", members_.size() == 1 ? "" : ",",
                   name, value);
    return *this;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    return json(name, json_text(value));
}

JsonObject& JsonObject::number(std::string_view name, std::uint64_t value) {
    return json(name, std::to_string(value));
}

JsonObject& JsonObject::real(std::string_view name, double value) {
    return json(name, fmt::format("{:.3f}", value));
}

JsonObject& JsonObject::truth(std::string_view name, bool value) {
    return json(name, value ? "true" : "false");
}

JsonObject& JsonObject::serial(std::string_view name, const std::optional<dns::Serial>& value) {
    return value ? number(name, value->value()) : json(name, "null");
}

std::string json_list(const std::vector<std::string>& values) {
    return fmt::format("[{}]", fmt::join(values, ","));
}

}  // namespace twinzone::control
