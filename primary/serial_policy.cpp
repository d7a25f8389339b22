#include "primary/serial_policy.h"

#include <chrono>

#include <fmt/format.h>

namespace twinzone::primary {

namespace {

dns::Serial after(dns::Serial serial) {
    return dns::Serial{serial.value() + 1};  // RFC 1982 §3.1: modulo 2^32
}

// YYYYMMDD00 of a moment, UTC.
dns::Serial date_serial(UnixTime now) {
    const std::chrono::sys_seconds moment{seconds{now.value()}};
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(moment)};
    return dns::Serial{(static_cast<std::uint32_t>(static_cast<int>(day.year())) * 10000 +
                        static_cast<unsigned>(day.month()) * 100 +
                        static_cast<unsigned>(day.day())) *
                       100};
}

dns::Serial at_least_after(dns::Serial current, dns::Serial wanted) {
    return dns::is_newer(wanted, current) ? wanted : after(current);
}

Result<dns::Serial> keep(dns::Serial current, dns::Serial written) {
    switch (dns::compare(written, current)) {
        case dns::SerialOrder::newer: return written;
        case dns::SerialOrder::equal:
            return fail(Errc::zone_policy, fmt::format("content changed but the serial is still "
                                                       "{}: raise the serial in the SOA, or set "
                                                       "serial-policy: increment",
                                                       written.value()));
        case dns::SerialOrder::older:
            return fail(
                Errc::zone_policy,
                fmt::format(
                    "serial {} is older than {} in service (RFC 1982): use a newer serial, for "
                    "example {}, or set serial-policy: increment",
                    written.value(), current.value(), after(current).value()));
        case dns::SerialOrder::incomparable: break;
    }
    return fail(
        Errc::zone_policy,
        fmt::format(
            "serial {} is exactly 2^31 away from {} in service, neither older nor newer (RFC 1982 "
            "§3.2): go there in two steps, for example over {}",
            written.value(), current.value(), current.value() + 0x7fffffffU));
}

}  // namespace

std::string_view to_text(config::SerialPolicy policy) noexcept {
    switch (policy) {
        case config::SerialPolicy::keep: return "keep";
        case config::SerialPolicy::increment: return "increment";
        case config::SerialPolicy::unixtime: return "unixtime";
        case config::SerialPolicy::date: return "date";
    }
    TWINZONE_UNREACHABLE();
}

Result<dns::Serial> choose_serial(config::SerialPolicy policy, std::optional<dns::Serial> current,
                                  dns::Serial written, UnixTime now) {
    const auto unix_serial = dns::Serial{static_cast<std::uint32_t>(now.value())};
    switch (policy) {
        case config::SerialPolicy::keep:
            return current ? keep(*current, written) : Result<dns::Serial>{written};
        case config::SerialPolicy::increment:
            return current ? at_least_after(*current, written) : written;
        case config::SerialPolicy::unixtime:
            return current ? at_least_after(*current, unix_serial) : unix_serial;
        case config::SerialPolicy::date:
            return current ? at_least_after(*current, date_serial(now)) : date_serial(now);
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace twinzone::primary
