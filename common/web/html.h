// HTML as a string that grows: constants of ours as they are, everything else escaped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace twinzone::web {

// `text` as character content or as the value of a quoted attribute. Control characters and what is
// no UTF-8 become U+FFFD.
[[nodiscard]] std::string escaped(std::string_view text);

// For links: everything but letters, digits and "-._~" as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

// "5,000".
[[nodiscard]] std::string grouped(std::uint64_t number);

class Html {
  public:
    // Markup: constants of ours, or what escaped() and percent_encoded() gave.
    Html& raw(std::string_view markup) {
        out_.append(markup);
        return *this;
    }
    Html& text(std::string_view text) { return raw(escaped(text)); }
    Html& number(std::uint64_t number) { return raw(grouped(number)); }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

}  // namespace twinzone::web
