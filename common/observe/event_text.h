// The words of log lines about zone transfers; one place, so that they can be matched by tools.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/ip_address.h"
#include "common/base/time.h"
#include "common/dns/serial.h"

namespace twinzone::observe {

enum class TransferDirection : std::uint8_t { incoming, outgoing };

enum class TransferType : std::uint8_t {
    axfr,
    ixfr,
    ixfr_as_axfr,  // IXFR asked, the whole zone answered (RFC 1995 §4)
};

// What is known at the end of a transfer, however it ended. Counts that are unset are not shown.
struct TransferFacts {
    TransferDirection direction = TransferDirection::incoming;
    TransferType type = TransferType::axfr;
    Endpoint remote{};
    bool tls = false;
    std::string key{};                  // name of the TSIG key; empty: unsigned
    std::string result = "finished";    // or "failed: reason", "refused"
    std::optional<dns::Serial> from{};  // serial before; unset for a first load
    std::optional<dns::Serial> to{};
    std::optional<std::uint64_t> added{};  // of an IXFR, with removed
    std::optional<std::uint64_t> removed{};
    std::optional<std::uint64_t> records{};  // of a whole zone
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;  // octets of the messages
    Duration took{0};
};

// "IXFR, incoming, remote 192.0.2.1@53, key k1., finished, serial 7 -> 9, +3 -2 records, 1
// messages, 212 bytes, 0.01 s": the text for Log::zone().
[[nodiscard]] std::string transfer_text(const TransferFacts& facts);

}  // namespace twinzone::observe
