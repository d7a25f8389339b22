// JSON objects and lists of answers, written member by member in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/serial.h"

namespace twinzone::control {

// Names are ours: nothing in them needs escaping.
class JsonObject {
  public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& number(std::string_view name, std::uint64_t value);
    JsonObject& real(std::string_view name, double value);
    JsonObject& truth(std::string_view name, bool value);
    JsonObject& serial(std::string_view name, const std::optional<dns::Serial>& value);

    // Another object or a list, as JSON.
    JsonObject& json(std::string_view name, std::string_view value);

    [[nodiscard]] std::string to_text() const { return members_ + '}'; }

  private:
    std::string members_ = "{";
};

// "[…,…]" of values that are JSON.
[[nodiscard]] std::string json_list(const std::vector<std::string>& values);

}  // namespace twinzone::control
