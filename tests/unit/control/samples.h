// A status with everything in it, for several tests.
#pragma once

#include "common/control/status.h"

namespace twinzone::test {

inline constexpr UnixTime kNoon{1'772'366'400};  // 2026-03-01 12:00:00 UTC

inline control::Status two_zones() {
    using control::PeerStatus;
    control::ZoneStatus good;
    good.zone = "example.test.";
    good.serial = dns::Serial{4'294'967'295};
    good.digest = "00112233445566778899aabbccddeeff";
    good.records = 1234;
    good.wire_bytes = 56'789;
    good.state = control::ZoneState::current;
    good.source = "192.0.2.1@53";
    good.lag = seconds{0};
    good.last_success = kNoon;
    good.expires_in = seconds{604'800};
    good.next_refresh_in = seconds{30};
    good.peers = {PeerStatus{.remote = "ns3",
                             .serial = dns::Serial{7},
                             .lag = seconds{90},
                             .last_contact = UnixTime{kNoon.value() - 1},
                             .address = "192.0.2.3@53",
                             .key = "k1.",
                             .served = dns::Serial{6},
                             .acknowledged = dns::Serial{8},
                             .last_acknowledged = UnixTime{kNoon.value() - 2},
                             .last_soa_asked = UnixTime{kNoon.value() - 3},
                             .last_transfer = UnixTime{kNoon.value() - 4},
                             .problem = "no answer"},
                  PeerStatus{.remote = "ns4", .serial = {}, .lag = {}, .last_contact = {}}};
    good.served = control::ServedStatus{.server = "127.0.0.1@53",
                                        .serial = dns::Serial{7},
                                        .since = kNoon,
                                        .error = "it is behind"};
    good.transfer = control::TransferStatus{.remote = "192.0.2.1@53",
                                            .type = "AXFR",
                                            .records = 1'000'000,
                                            .bytes = 50'000'000,
                                            .took = seconds{12},
                                            .bytes_per_second = 4'166'666};
    control::ZoneStatus bad;
    bad.zone = "b.test.";
    bad.state = control::ZoneState::failed;
    bad.reason = "192.0.2.1@53 refused the transfer";
    bad.source = "192.0.2.1@53";
    bad.next_refresh_in = seconds{5};
    return {.role = "secondary", .version = "0.1.0", .uptime = seconds{7261}, .zones = {good, bad}};
}

}  // namespace twinzone::test
