#include "common/net/http_target.h"

#include <algorithm>

namespace twinzone::net {

namespace {

std::optional<unsigned> hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return static_cast<unsigned>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<unsigned>(c - 'a' + 10);
    }
    if (c >= 'A' && c <= 'F') {
        return static_cast<unsigned>(c - 'A' + 10);
    }
    return std::nullopt;
}

// `plus_is_blank`: as forms encode blanks in a query.
std::optional<std::string> decoded(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const auto high = i + 2 < text.size() ? hex_value(text[i + 1]) : std::nullopt;
            const auto low = i + 2 < text.size() ? hex_value(text[i + 2]) : std::nullopt;
            if (!high || !low) {
                return std::nullopt;
            }
            c = static_cast<char>(*high << 4U | *low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') {
            return std::nullopt;
        }
        out.push_back(c);
    }
    return out;
}

bool read_query(std::string_view text, HttpTarget& target) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view field = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (field.empty()) {
            continue;
        }
        const std::size_t equals = std::min(field.find('='), field.size());
        std::optional<std::string> name = decoded(field.substr(0, equals), true);
        std::optional<std::string> value =
            decoded(field.substr(std::min(equals + 1, field.size())), true);
        if (!name || !value || target.query.size() == kMaxQueryFields) {
            return false;
        }
        target.query.emplace_back(*std::move(name), *std::move(value));
    }
    return true;
}

// "http://host/path" -> "/path": a server takes the absolute form as well.
std::string_view origin_form(std::string_view text) noexcept {
    constexpr std::string_view scheme = "http://";
    if (!text.starts_with(scheme)) {
        return text;
    }
    text.remove_prefix(scheme.size());
    const std::size_t slash = text.find('/');
    return slash == std::string_view::npos ? std::string_view{"/"} : text.substr(slash);
}

}  // namespace

std::string_view HttpTarget::field(std::string_view name) const noexcept {
    const auto found = std::find_if(query.begin(), query.end(),
                                    [&](const auto& field) { return field.first == name; });
    return found == query.end() ? std::string_view{} : std::string_view{found->second};
}

std::optional<HttpTarget> parse_http_target(std::string_view text) {
    text = origin_form(text);
    if (!text.starts_with('/')) {
        return std::nullopt;
    }
    const std::size_t mark = std::min(text.find('?'), text.size());
    std::optional<std::string> path = decoded(text.substr(0, mark), false);
    HttpTarget target;
    if (!path || !read_query(text.substr(std::min(mark + 1, text.size())), target)) {
        return std::nullopt;
    }
    target.path = *std::move(path);
    return target;
}

}  // namespace twinzone::net
