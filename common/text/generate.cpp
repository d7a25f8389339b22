#include "common/text/generate.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "common/text/number.h"
#include "common/text/octets16.h"
#include "common/text/zone_file_reader.h"

namespace twinzone::text {

namespace {

constexpr std::uint64_t kMaxValue = 0x7fffffff;
constexpr unsigned kMaxWidth = 255;

// One "{offset,width,base}".
struct Format {
    std::int64_t offset = 0;
    unsigned width = 0;
    char base = 'd';
};

// The number at the front of `text`, which is passed over; false where none stands.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) {
        return false;
    }
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return true;
}

bool take(std::string_view& text, char c) {
    const bool there = !text.empty() && text[0] == c;
    text.remove_prefix(there ? 1 : 0);
    return there;
}

// Reads what stands between the braces.
bool read_format(std::string_view text, Format& format) {
    std::int32_t offset = 0;
    take(text, '+');
    if (!take_number(text, offset)) {
        return false;
    }
    format.offset = offset;
    if (take(text, ',') && (!take_number(text, format.width) || format.width > kMaxWidth)) {
        return false;
    }
    if (take(text, ',')) {
        if (text.size() != 1 ||
            std::string_view{"doxXnN"}.find(text[0]) == std::string_view::npos) {
            return false;
        }
        format.base = text[0];
        text = {};
    }
    return text.empty();
}

// Nibbles from the lowest on, with dots between; the width counts digits and dots.
void append_nibbles(std::uint64_t value, const Format& format, std::string& out) {
    const std::string_view digits = format.base == 'n' ? "0123456789abcdef" : "0123456789ABCDEF";
    const std::size_t start = out.size();
    const std::size_t width = format.width;
    for (;;) {
        out.push_back(digits[value & 15]);
        value >>= 4;
        const std::size_t written = out.size() - start;
        if (value == 0 && written >= width) {
            return;
        }
        out.push_back('.');
        if (value == 0 && written + 1 >= width) {
            return;
        }
    }
}

// False where the number plus the offset is below zero.
bool append_value(std::uint64_t value, const Format& format, std::string& out) {
    const std::int64_t number = static_cast<std::int64_t>(value) + format.offset;
    if (number < 0) {
        return false;
    }
    const auto shown = static_cast<std::uint64_t>(number);
    switch (format.base) {
        case 'o': fmt::format_to(std::back_inserter(out), "{:0{}o}", shown, format.width); break;
        case 'x': fmt::format_to(std::back_inserter(out), "{:0{}x}", shown, format.width); break;
        case 'X': fmt::format_to(std::back_inserter(out), "{:0{}X}", shown, format.width); break;
        case 'n':
        case 'N': append_nibbles(shown, format, out); break;
        default: fmt::format_to(std::back_inserter(out), "{:0{}d}", shown, format.width); break;
    }
    return true;
}

// Appends what the '$' at the front of `text` stands for and passes over it.
Result<void> append_dollar(std::string_view& text, std::uint64_t value, std::string& out) {
    text.remove_prefix(1);
    if (take(text, '$')) {
        out.push_back('$');
        return {};
    }
    Format format;
    if (take(text, '{')) {
        const std::size_t close = text.find('}');
        if (close == std::string_view::npos || !read_format(text.substr(0, close), format)) {
            return fail(Errc::zone_file_syntax,
                        "want ${offset[,width[,base]]} with a base of d o x X n N");
        }
        text.remove_prefix(close + 1);
    }
    if (!append_value(value, format, out)) {
        return fail(Errc::zone_file_syntax,
                    fmt::format("offset {} takes {} below zero", format.offset, value));
    }
    return {};
}

}  // namespace

Generator Generator::read(Scanner& scanner) {
    Generator generator;
    generator.read_range(scanner);
    generator.read_template(scanner);
    return scanner.failed() ? Generator{} : generator;
}

// start-stop or start-stop/step
void Generator::read_range(Scanner& scanner) {
    const Token token = scanner.need("a range START-STOP[/STEP]");
    std::string_view text = token.text();
    const bool valid = take_number(text, value_) && take(text, '-') && take_number(text, stop_) &&
                       (text.empty() || (take(text, '/') && take_number(text, step_))) &&
                       text.empty();
    if (!valid || value_ > stop_ || stop_ > kMaxValue || step_ == 0) {
        scanner.fail(token.begin, fmt::format("'{:.40}' is no range START-STOP[/STEP] up to {}",
                                              token.text(), kMaxValue));
        return;
    }
    const std::uint64_t count = (stop_ - value_) / step_ + 1;
    if (count > kMaxGenerateRecords) {
        scanner.fail(
            token.begin,
            fmt::format("$GENERATE makes {} records, more than {}", count, kMaxGenerateRecords),
            Errc::limit);
    }
}

// The rest of the entry, on one line. A quoted field that stands alone behind the type is rdata of
// several fields, as BIND has it: its quotes are dropped, and \" in it is a quote.
void Generator::read_template(Scanner& scanner) {
    const Token owner = scanner.need("an owner name");
    template_ = owner.text();
    const char* previous_end = owner.end;
    Token last;
    std::size_t last_at = 0;
    for (Token token = scanner.next(); !token.is_end(); token = scanner.next()) {
        const bool quoted = token.kind == TokenKind::quoted;
        const char* begin = token.begin - (quoted ? 1 : 0);
        if (begin != previous_end) {
            template_.push_back(' ');
        }
        last = token;
        last_at = template_.size();
        previous_end = token.end + (quoted ? 1 : 0);
        template_.append(begin, previous_end);
    }
    if (last.kind == TokenKind::quoted && template_.find('"') == last_at) {
        template_.resize(last_at);
        for (const char* at = last.begin; at != last.end; ++at) {
            at += *at == '\\' && at + 1 != last.end && at[1] == '"' ? 1 : 0;
            template_.push_back(*at);
        }
    }
    if (template_.size() > kMaxGeneratedBytes) {
        scanner.fail(owner.begin,
                     fmt::format("$GENERATE text longer than {} octets", kMaxGeneratedBytes),
                     Errc::limit);
    }
}

Result<std::string_view> Generator::make() {
    made_.clear();
    std::string_view rest = template_;
    while (!rest.empty() && made_.size() <= kMaxGeneratedBytes) {
        if (rest[0] == '$') {
            if (Result<void> appended = append_dollar(rest, value_, made_); !appended) {
                return fail(std::move(appended).error());
            }
            continue;
        }
        if (rest[0] == '\\' && rest.size() > 1) {
            if (rest[1] != '$') {
                made_.push_back('\\');
            }
            rest.remove_prefix(1);
        }
        made_.push_back(rest[0]);
        rest.remove_prefix(1);
    }
    if (made_.size() > kMaxGeneratedBytes) {
        return fail(Errc::limit,
                    fmt::format("$GENERATE text longer than {} octets", kMaxGeneratedBytes));
    }
    value_ += step_;
    made_.push_back('\n');
    const std::size_t size = made_.size();
    made_.append(kTextPadding, '\0');
    return std::string_view{made_.data(), size};
}

}  // namespace twinzone::text
