#include "common/base/conninfo.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace twinzone {

namespace {

constexpr std::string_view kHidden = "***";

// The value behind a keyword, quoted ('it\'s') or not, as it stands.
std::string_view value_behind(std::string_view rest) {
    const std::size_t begin = rest.find_first_not_of(" \t");
    if (begin == std::string_view::npos) {
        return {};
    }
    rest.remove_prefix(begin);
    if (!rest.starts_with('\'')) {
        return rest.substr(0, rest.find_first_of(" \t&"));
    }
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != '\'') {
        end += rest[end] == '\\' ? 2 : 1;
    }
    return rest.substr(1, std::min(end, rest.size()) - 1);
}

// user:PASSWORD@ of a URI.
std::string_view value_in_uri(std::string_view uri) {
    const std::size_t begin = uri.find("://");
    const std::size_t at = uri.rfind('@');
    if (begin == std::string_view::npos || at == std::string_view::npos || at < begin) {
        return {};
    }
    const std::size_t colon = uri.find(':', begin + 3);
    return colon < at ? uri.substr(colon + 1, at - colon - 1) : std::string_view{};
}

}  // namespace

std::string without_secrets(std::string text, const std::string& conninfo) {
    std::vector<std::string_view> secrets{value_in_uri(conninfo)};
    for (const std::string_view keyword : {"sslpassword", "password"}) {
        for (std::size_t at = conninfo.find(keyword); at != std::string::npos;
             at = conninfo.find(keyword, at + 1)) {
            const std::size_t equals = conninfo.find_first_not_of(" \t", at + keyword.size());
            if (equals != std::string::npos && conninfo[equals] == '=') {
                secrets.push_back(value_behind(std::string_view{conninfo}.substr(equals + 1)));
            }
        }
    }
    for (const std::string_view secret : secrets) {
        for (std::size_t at = secret.empty() ? std::string::npos : text.find(secret);
             at != std::string::npos; at = text.find(secret, at + kHidden.size())) {
            text.replace(at, secret.size(), kHidden);
        }
    }
    return text;
}

}  // namespace twinzone
