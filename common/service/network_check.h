// `check --network`: really asks every remote of every zone for its SOA, over UDP and TCP (or TLS),
// with its key, and says what works. Sends no NOTIFY and transfers nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/dns/serial.h"

namespace twinzone::service {

enum class ProbeWay : std::uint8_t { udp, tcp, tls };

// One question and what came of it.
struct Probe {
    config::RemotePtr remote;
    Endpoint endpoint;
    dns::Name zone;
    ProbeWay way{};
    bool is_primary = false;              // it has to have the zone; others may not have it yet
    std::optional<dns::Serial> serial{};  // the answer
    std::string why{};                    // else why there is none of use
    bool is_refused = false;              // it answered, signature and all, but not with the zone

    [[nodiscard]] bool works() const noexcept { return serial || (is_refused && !is_primary); }
};

// One for each zone, remote (primaries, whom we notify, the server beside), address and way.
[[nodiscard]] std::vector<Probe> probes_of(const config::Config& config,
                                           const std::vector<config::Zone>& zones);

// Asks them all, many at a time; each question takes a few seconds at most. Errors are those of
// certificates and keys. Blocking.
[[nodiscard]] Result<void> run_probes(const config::Config& config, std::vector<Probe>& probes);

// A line for each remote, address and zone.
[[nodiscard]] std::string to_text(const std::vector<Probe>& probes);

// A list of objects.
[[nodiscard]] std::string to_json(const std::vector<Probe>& probes);

}  // namespace twinzone::service
