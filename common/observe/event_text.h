// The words of log lines about what happened to a zone; one place, so that tools can match them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"
#include "common/dns/serial.h"
#include "common/observe/line.h"

namespace twinzone::observe {

// What is known of an event. What is unset or empty is not shown.
struct EventFacts {
    std::string remote{};  // "192.0.2.1@53"
    bool tls = false;
    std::string name{};                 // the remote's, as configured
    std::string key{};                  // name of the TSIG key; empty: unsigned
    std::string file{};                 // path of a zone file
    std::string detail{};               // why, in words
    std::optional<dns::Serial> from{};  // the serial before, or ours
    std::optional<dns::Serial> to{};
    std::optional<std::uint64_t> added{};  // records, of a difference; with removed
    std::optional<std::uint64_t> removed{};
    std::optional<std::uint64_t> records{};   // of a whole zone, or so far
    std::optional<std::uint64_t> messages{};  // of a transfer; with bytes and took
    std::uint64_t bytes = 0;                  // octets of the messages
    Duration took{0};
    std::optional<seconds> next{};  // until the next try
    std::string digest{};           // of the version
    std::string note{};             // what else is worth knowing; stands last

    friend bool operator==(const EventFacts&, const EventFacts&) = default;
};

// "IXFR, incoming, remote 192.0.2.1@53, key k1., finished, serial 7 -> 9, +3 -2 records, 1
// messages, 212 bytes, 0.01 s": what it is about ("IXFR, incoming"), with whom, how it went
// ("finished"; the detail behind a colon), facts.
[[nodiscard]] std::string event_text(std::string_view what, std::string_view result,
                                     const EventFacts& facts);

// The same facts for lines of JSON. Views into `facts`.
[[nodiscard]] std::vector<Member> event_members(const EventFacts& facts);

}  // namespace twinzone::observe
