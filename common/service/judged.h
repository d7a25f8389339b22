// What came of judging a version by its content. Plain value.
#pragma once

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/config/config.h"
#include "common/dns/name.h"
#include "common/dns/serial.h"
#include "common/zone/content_check.h"

namespace twinzone::service {

// What is wanted of a zone's versions.
struct WantedOfZone {
    config::ZonemdMode zonemd = config::ZonemdMode::off;
    bool dnssec = false;

    [[nodiscard]] bool is_nothing() const noexcept {
        return zonemd == config::ZonemdMode::off && !dnssec;
    }
};

struct Judged {
    dns::Name zone;
    dns::Serial serial{0};
    seconds expire{0};  // of its SOA
    WantedOfZone wanted{};
    UnixTime at{};
    Result<zone::CheckFindings> findings = zone::CheckFindings{};
    zone::CheckKind at_fault{};  // where there are none
    Duration took{0};
};

// Why an operator should look at a version that passed; empty: no reason.
[[nodiscard]] std::string warning_of(const Judged& judged);

}  // namespace twinzone::service
