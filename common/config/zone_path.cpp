#include "common/config/zone_path.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace twinzone::config {

namespace {

constexpr std::string_view kRootFileName = "@";

bool stands_for_itself(std::uint8_t octet) noexcept {
    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
           octet == '_';
}

// `octet` may be a label's length or worse: it is written as an escape of the presentation form.
std::optional<std::string> octet_from_hex(std::string_view digits) {
    const auto value = [](char c) -> int {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        const int letter = dns::lower(static_cast<std::uint8_t>(c)) - 'a';
        return letter >= 0 && letter < 6 ? letter + 10 : -1;
    };
    if (digits.size() < 2 || value(digits[0]) < 0 || value(digits[1]) < 0) {
        return std::nullopt;
    }
    return fmt::format("\\{:03}", value(digits[0]) * 16 + value(digits[1]));
}

bool same_but_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return dns::lower(static_cast<std::uint8_t>(x)) == dns::lower(static_cast<std::uint8_t>(y));
    });
}

}  // namespace

Result<std::string> zone_file_name(dns::NameView zone) {
    if (zone.is_root()) {
        return std::string{kRootFileName};
    }
    std::string name;
    for (dns::NameView rest = zone; !rest.is_root(); rest = rest.parent()) {
        if (!name.empty()) {
            name.push_back('.');
        }
        for (const std::uint8_t raw : rest.first_label()) {
            const std::uint8_t octet = dns::lower(raw);
            // A leading '-' would look like an option to the programs of this world.
            if (stands_for_itself(octet) && !(name.empty() && octet == '-')) {
                name.push_back(static_cast<char>(octet));
            } else {
                fmt::format_to(std::back_inserter(name), "%{:02X}", octet);
            }
        }
    }
    if (name.size() > kMaxZoneFileNameBytes) {
        return fail(Errc::limit,
                    fmt::format("the file name of zone {} would be longer than {} octets",
                                zone.to_text(), kMaxZoneFileNameBytes));
    }
    return name;
}

Result<dns::Name> zone_of_file_name(std::string_view file_name) {
    if (file_name == kRootFileName) {
        return dns::Name{};
    }
    std::string text;
    for (std::size_t i = 0; i < file_name.size(); ++i) {
        const auto octet = static_cast<std::uint8_t>(file_name[i]);
        if (octet == '%') {
            const auto escape = octet_from_hex(file_name.substr(i + 1));
            if (!escape) {
                return fail(Errc::usage, "'%' without two hexadecimal digits");
            }
            text += *escape;
            i += 2;
        } else if (stands_for_itself(dns::lower(octet)) || octet == '.') {
            text.push_back(static_cast<char>(octet));
        } else {
            return fail(Errc::usage,
                        fmt::format("the octet {:#04x} has to be written %{:02X}", octet, octet));
        }
    }
    Result<dns::Name> zone = dns::Name::from_text(text);
    if (!zone) {
        return zone;
    }
    Result<std::string> expected = zone_file_name(*zone);
    if (!expected) {
        return fail(std::move(expected).error());
    }
    if (!same_but_case(*expected, file_name)) {
        return fail(Errc::usage,
                    fmt::format("the file of zone {} is named '{}'", zone->to_text(), *expected));
    }
    return zone;
}

Result<std::string> zone_file_in(std::string_view directory, dns::NameView zone) {
    Result<std::string> name = zone_file_name(zone);
    if (!name) {
        return name;
    }
    const std::string_view slash = directory.ends_with('/') ? "" : "/";
    return fmt::format("{}{}{}.zone", directory, slash, *name);
}

Result<void> check_path_pattern(std::string_view pattern) {
    for (std::size_t at = pattern.find('%'); at != std::string_view::npos;
         at = pattern.find('%', at + 2)) {
        const std::string_view next = pattern.substr(at + 1, 1);
        if (next != "s" && next != "%") {
            return fail(Errc::usage, "'%' goes on with 's' (the zone's name) or '%'");
        }
    }
    return {};
}

bool names_zone(std::string_view pattern) noexcept {
    for (std::size_t at = pattern.find('%'); at != std::string_view::npos;
         at = pattern.find('%', at + 2)) {
        if (pattern[at + 1] == 's') {
            return true;
        }
    }
    return false;
}

Result<std::string> fill_path_pattern(std::string_view pattern, dns::NameView zone) {
    Result<std::string> name = zone_file_name(zone);
    if (!name) {
        return name;
    }
    std::string path;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            path.push_back(pattern[i]);
        } else if (pattern[++i] == 's') {
            path += *name;
        } else {
            path.push_back('%');
        }
    }
    return path;
}

}  // namespace twinzone::config
