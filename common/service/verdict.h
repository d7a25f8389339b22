// What came of comparing a zone, whole, with the servers that should hold the same: as values, as
// lines for the eye, as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/dns/name.h"
#include "common/dns/serial.h"

namespace twinzone::service {

enum class Finding : std::uint8_t {
    same,
    differs,       // under one serial
    other_serial,  // also after waiting for the versions to meet
    refused,       // the server beside us allows no AXFR: nothing is wrong with that
    no_answer
};

[[nodiscard]] std::string_view to_string(Finding finding) noexcept;

struct ServerVerdict {
    std::string server;       // "ns1 (192.0.2.1@53)"
    bool is_primary = false;  // or the server beside us
    Finding finding{};
    std::optional<dns::Serial> serial{};  // theirs
    std::uint64_t only_here = 0;          // records; one with another TTL counts on both sides
    std::uint64_t only_there = 0;
    std::vector<std::string> differences{};  // the first few: "-" ours, "+" theirs
    std::string why{};                       // of no_answer
};

struct ZoneVerdict {
    dns::Name zone;
    std::optional<dns::Serial> serial{};  // ours; absent: no version, nobody was asked
    std::vector<ServerVerdict> servers{};

    // True where somebody was compared with, and all hold the same.
    [[nodiscard]] bool is_good() const noexcept;
};

// A line for each server, and the differences below it.
[[nodiscard]] std::string to_text(const ZoneVerdict& verdict);

// An object, without a line end.
[[nodiscard]] std::string to_json(const ZoneVerdict& verdict);

}  // namespace twinzone::service
