// Who is beside whom: what both halves of a configuration are filled from.
//
//   on the host of a primary      server --zones--> twinzone-primary --zones--> the other host
//   on the host of a secondary    the other host --zones--> twinzone-secondary --zones--> server
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/config/command_line.h"
#include "common/setup/fresh_key.h"

namespace twinzone::setup {

enum class Server : std::uint8_t { bind, nsd, knot, pdns, coredns };

struct ServerRow {
    Server server{};
    std::string_view word;      // on the command line, and the remote's name
    std::string_view name;      // in sentences
    std::string_view own_file;  // where Debian has zone files that an operator writes, "%s" a zone
    std::string_view copy;      // where it may write its copy of a zone
};

// Errc::usage with what there is.
[[nodiscard]] Result<Server> server_from_text(std::string_view text);
[[nodiscard]] const ServerRow& row_of(Server server) noexcept;

// Plain value; holds a secret.
struct Plan {
    struct Zone {
        std::string name;  // as it stands in configurations: no closing dot, but for the root
        std::string file;  // of the server's own copy
    };
    struct OtherKey {  // with the other host
        std::string name;
        std::string algorithm;
        std::string file;
    };

    config::Role role{};
    Server server{};
    std::vector<Zone> zones;         // at least one
    std::vector<Endpoint> listen;    // ours; at least one
    Endpoint ours;                   // as the server beside reaches us
    Endpoint theirs;                 // where the server beside answers
    std::vector<Endpoint> others;    // the other host: who follows us, or whom we follow
    std::vector<std::string> allow;  // --allow-transfer: networks
    std::string store;
    std::string control;
    FreshKey key;  // between server and us
    std::optional<OtherKey> other_key;

    [[nodiscard]] bool is_primary() const noexcept { return role == config::Role::primary; }
    // CoreDNS knows no keys.
    [[nodiscard]] bool is_signed() const noexcept { return server != Server::coredns; }
};

// From the command line `init SERVER`, with what is usual where it says nothing. `secret`: for
// hmac-sha256. Reads --key-file, for its name and algorithm. Errc::usage. Blocking.
[[nodiscard]] Result<Plan> plan_of(const config::CommandLine& command_line, config::Role role,
                                   ByteView secret);

}  // namespace twinzone::setup
