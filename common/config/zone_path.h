// Zone names as file names, and back. A name comes from outside and may hold any octet, so that
// only letters, digits, '-' and '_' stand for themselves; every other octet of a label is %XX. The
// root is "@". Labels are never empty and their dots are written %2E: no result is "." or "..",
// starts with '.' or '-', or holds '/'.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/dns/name.h"

namespace twinzone::config {

// A file system takes 255 octets; the rest is for ".zone", a prefix and the suffix of a temporary
// file.
inline constexpr std::size_t kMaxZoneFileNameBytes = 230;

// "example.test" (lower case, no closing dot), "0%2F25.2.0.192.in-addr.arpa", "@". Errc::limit for
// a name whose file name would be too long.
[[nodiscard]] Result<std::string> zone_file_name(dns::NameView zone);

// The zone whose zone_file_name() is `file_name`, case apart, so that no two names of files stand
// for one zone. Errc::usage with the reason otherwise.
[[nodiscard]] Result<dns::Name> zone_of_file_name(std::string_view file_name);

// "DIRECTORY/NAME.zone".
[[nodiscard]] Result<std::string> zone_file_in(std::string_view directory, dns::NameView zone);

// A path pattern: %s stands for zone_file_name(), %% for '%'; any other '%' is refused
// (Errc::usage).
[[nodiscard]] Result<void> check_path_pattern(std::string_view pattern);

// Whether zones of other names get other paths. Requires: as below.
[[nodiscard]] bool names_zone(std::string_view pattern) noexcept;

// Requires: check_path_pattern(pattern) holds.
[[nodiscard]] Result<std::string> fill_path_pattern(std::string_view pattern, dns::NameView zone);

}  // namespace twinzone::config
