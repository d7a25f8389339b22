// Which serial a new content of a primary's own zone gets, by the zone's serial-policy.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/config/config.h"
#include "common/dns/serial.h"

namespace twinzone::primary {

[[nodiscard]] std::string_view to_text(config::SerialPolicy policy) noexcept;

// The serial under which content that differs from the version in service (`current`) is published.
// `written`: the serial in the zone file. keep: the file's, which must be newer. increment: the
// file's where it is newer, else the next number. unixtime and date (YYYYMMDDnn, UTC): the newest
// of that form that is newer than `current`, else the next number. Errc::zone_policy, with the way
// out in words, where keep finds nothing newer (RFC 1982 §3.2).
[[nodiscard]] Result<dns::Serial> choose_serial(config::SerialPolicy policy,
                                                std::optional<dns::Serial> current,
                                                dns::Serial written, UnixTime now);

}  // namespace twinzone::primary
