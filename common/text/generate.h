// $GENERATE as BIND has it: one template line, once for each number of a range. "$" becomes the
// number, "${offset,width,base}" the number plus offset in that width and base (d o x X, n N for
// nibbles in reverse order with dots), "\$" and "$$" a dollar sign.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/text/scanner.h"

namespace twinzone::text {

// Texts made by one $GENERATE are not longer than this.
inline constexpr std::size_t kMaxGeneratedBytes = 8192;

class Generator {
  public:
    // Reads what stands after the directive's word up to the end of the entry. Where the scanner
    // failed the generator is done().
    [[nodiscard]] static Generator read(Scanner& scanner);

    // Nothing to generate.
    Generator() = default;

    [[nodiscard]] bool done() const noexcept { return value_ > stop_; }

    // The number that make() uses next. Requires: !done().
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

    // The record's text for value(), with a newline, valid until the next call; goes to the next
    // number. Errc::zone_file_syntax where the template cannot be filled in, Errc::limit where the
    // text is too long. Requires: !done().
    [[nodiscard]] Result<std::string_view> make();

    // What is filled in, for errors.
    [[nodiscard]] std::string_view template_text() const noexcept { return template_; }

  private:
    void read_range(Scanner& scanner);
    void read_template(Scanner& scanner);

    std::uint64_t value_ = 1;
    std::uint64_t stop_ = 0;
    std::uint64_t step_ = 1;
    std::string template_;
    std::string made_;
};

}  // namespace twinzone::text
