// Words the house does not use in names, because they say nothing or hurt.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/rules.h"

namespace twinzone::tidy {

namespace {

constexpr std::string_view kBanned[] = {"master",  "slave",  "data", "info",
                                        "manager", "helper", "util", "utils"};

// Names that others gave, or that a contract fixes.
constexpr std::string_view kForeign[] = {
    "addrinfo",     "getaddrinfo", "freeaddrinfo",  // POSIX
    "kHostInfo",                                    // HINFO, RFC 1035 §3.3.2
    "INFO",                                         // Catch2
    "kDataVersion",                                 // MDB_DATA_VERSION of LMDB
};

// What these libraries call their functions, types and constants.
constexpr std::string_view kForeignPrefixes[] = {"mdb_", "MDB_", "uv_",   "UV_", "ldns_", "LDNS_",
                                                 "EVP_", "SSL_", "X509_", "XXH", "MHD_"};

bool is_foreign(std::string_view identifier) {
    return std::find(std::begin(kForeign), std::end(kForeign), identifier) != std::end(kForeign) ||
           std::any_of(std::begin(kForeignPrefixes), std::end(kForeignPrefixes),
                       [&](std::string_view prefix) { return identifier.starts_with(prefix); });
}

char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool is_word_octet(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// "ZoneData_file" -> zone, data, file
std::vector<std::string> parts_of(std::string_view identifier) {
    std::vector<std::string> parts(1);
    char before = 'A';
    for (const char c : identifier) {
        const bool starts_part = std::isupper(static_cast<unsigned char>(c)) != 0 &&
                                 std::isupper(static_cast<unsigned char>(before)) == 0;
        if (c == '_' || starts_part) {
            parts.emplace_back();
        }
        if (c != '_') {
            parts.back().push_back(lower(c));
        }
        before = c;
    }
    return parts;
}

bool is_banned(std::string_view identifier) {
    if (is_foreign(identifier)) {
        return false;
    }
    const std::vector<std::string> parts = parts_of(identifier);
    return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
        return std::find(std::begin(kBanned), std::end(kBanned), part) != std::end(kBanned);
    });
}

// A member or a name of another scope is somebody else's word: span.data(), spdlog::level::info.
// Where it is ours, its declaration is found.
bool is_qualified(std::string_view code, std::size_t at) {
    return (at >= 1 && code[at - 1] == '.') ||
           (at >= 2 && (code.substr(at - 2, 2) == "->" || code.substr(at - 2, 2) == "::"));
}

}  // namespace

Findings check_words(const Source& source) {
    Findings findings;
    const std::string_view code = source.code;
    for (std::size_t at = 0; at < code.size(); ++at) {
        if (!is_word_octet(code[at])) {
            continue;
        }
        std::size_t end = at;
        while (end < code.size() && is_word_octet(code[end])) {
            ++end;
        }
        const std::string_view identifier = code.substr(at, end - at);
        if (!is_qualified(code, at) && is_banned(identifier)) {
            findings.push_back({"banned-word", source.path, line_of(code, at),
                                "a name says nothing: " + std::string(identifier)});
        }
        at = end;
    }
    return findings;
}

}  // namespace twinzone::tidy
