// The target of an HTTP request, taken apart: path and query, percent-decoded. No I/O.
// RFC 9112 §3.2, RFC 3986 §2.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinzone::net {

inline constexpr std::size_t kMaxQueryFields = 16;

struct HttpTarget {
    std::string path;                                        // begins with '/'
    std::vector<std::pair<std::string, std::string>> query;  // in order, as a form sends it

    // The first field of this name; empty where there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
};

// nullopt for what is no target of ours: bad percent-encoding, a NUL, more than kMaxQueryFields,
// neither "/…" nor "http://…".
[[nodiscard]] std::optional<HttpTarget> parse_http_target(std::string_view text);

}  // namespace twinzone::net
