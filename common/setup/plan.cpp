#include "common/setup/plan.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/config/key_file.h"
#include "common/config/suggestion.h"
#include "common/config/values.h"

namespace twinzone::setup {

namespace {

// In the order of the enumeration.
constexpr std::array<ServerRow, 5> kServers = {{
    {Server::bind, "bind", "BIND", "/etc/bind/db.%s", "%s.db"},
    {Server::nsd, "nsd", "NSD", "/etc/nsd/%s.zone", "/var/lib/nsd/%s.zone"},
    {Server::knot, "knot", "Knot DNS", "/var/lib/knot/%s.zone", "/var/lib/knot/%s.zone"},
    {Server::pdns, "pdns", "PowerDNS", "", ""},
    {Server::coredns, "coredns", "CoreDNS", "/etc/coredns/%s.zone", ""},
}};

// Beside a server that has port 53.
constexpr std::uint16_t kOurPort = 5300;

constexpr std::string_view kKeyName = "sidecar.";

IpAddress loopback(const IpAddress& like) {
    return *IpAddress::from_text(like.is_v4() ? "127.0.0.1" : "::1");
}

bool is_unspecified(const IpAddress& address) {
    return address == *IpAddress::from_text("0.0.0.0") || address == *IpAddress::from_text("::");
}

bool is_loopback(const IpAddress& address) {
    return address.is_v4() ? address.octets()[0] == 127 : address == loopback(address);
}

// How a server on this host reaches one of our addresses.
Endpoint reached(const std::vector<Endpoint>& listen) {
    const auto at = std::find_if(listen.begin(), listen.end(), [](const Endpoint& each) {
        return is_loopback(each.address) || is_unspecified(each.address);
    });
    Endpoint endpoint = at == listen.end() ? listen.front() : *at;
    if (is_unspecified(endpoint.address)) {
        endpoint.address = loopback(endpoint.address);
    }
    return endpoint;
}

std::string with_zone(std::string_view pattern, std::string_view zone) {
    std::string path{pattern};
    if (const std::size_t at = path.find("%s"); at != std::string::npos) {
        path.replace(at, 2, zone == "." ? "root" : zone);
    }
    return path;
}

class Planner {
  public:
    Planner(const config::CommandLine& command_line, config::Role role)
        : command_line_(command_line), options_(command_line.inline_options) {
        plan_.role = role;
    }

    Result<Plan> build(ByteView secret) {
        Result<Server> server = server_from_text(command_line_.words.front());
        if (!server) {
            return fail(std::move(server).error());
        }
        plan_.server = *server;
        Result<FreshKey> key = fresh_key(kKeyName, dns::TsigAlgorithm::hmac_sha256, secret);
        if (!key) {
            return fail(std::move(key).error());
        }
        plan_.key = std::move(*key);
        for (const auto step : {&Planner::set_addresses, &Planner::set_zones, &Planner::set_key}) {
            if (Result<void> done = (this->*step)(); !done) {
                return fail(std::move(done).error());
            }
        }
        plan_.store = !options_.store.empty() ? options_.store
                      : plan_.is_primary()    ? "/var/lib/twinzone/primary"
                                              : "/var/lib/twinzone/secondary";
        plan_.control = !command_line_.control_socket.empty() ? command_line_.control_socket
                        : plan_.is_primary()                  ? "/run/twinzone/primary.sock"
                                                              : "/run/twinzone/secondary.sock";
        plan_.allow = options_.allow_transfer;
        return std::move(plan_);
    }

  private:
    static Result<std::vector<Endpoint>> endpoints(std::string_view option,
                                                   const std::vector<std::string>& texts,
                                                   std::string_view usual) {
        std::vector<Endpoint> found;
        for (const std::string& text : texts) {
            Result<Endpoint> endpoint = Endpoint::from_text(text, config::kDnsPort);
            if (!endpoint) {
                return fail(Errc::usage, fmt::format("{}: {}", option, endpoint.error().detail()));
            }
            found.push_back(*endpoint);
        }
        if (found.empty()) {
            found.push_back(*Endpoint::from_text(usual, kOurPort));
        }
        return found;
    }

    Result<void> set_addresses() {
        Result<std::vector<Endpoint>> listen = endpoints("--listen", options_.listen, "0.0.0.0");
        Result<std::vector<Endpoint>> others =
            plan_.is_primary() ? endpoints("--notify", options_.notify, "192.0.2.2")
                               : endpoints("--primary", options_.primaries, "192.0.2.1");
        if (!listen || !others) {
            return fail(!listen ? listen.error() : others.error());
        }
        plan_.listen = std::move(*listen);
        plan_.others = std::move(*others);
        plan_.ours = reached(plan_.listen);
        const std::string_view server = command_line_.option("server");
        const Result<Endpoint> theirs =
            Endpoint::from_text(server.empty() ? "127.0.0.1" : server, config::kDnsPort);
        if (!theirs) {
            return fail(Errc::usage, fmt::format("--server: {}", theirs.error().detail()));
        }
        plan_.theirs = *theirs;
        for (const std::string& text : options_.allow_transfer) {
            if (const Result<IpPrefix> prefix = IpPrefix::from_text(text); !prefix) {
                return fail(Errc::usage,
                            fmt::format("--allow-transfer: {}", prefix.error().detail()));
            }
        }
        return {};
    }

    Result<void> set_zones() {
        if (options_.zones.empty()) {
            return add_zone("example.test");
        }
        for (const std::string& text : options_.zones) {
            if (Result<void> added = add_zone(text); !added) {
                return added;
            }
        }
        return {};
    }

    // NAME or NAME=FILE, the file being the server's.
    Result<void> add_zone(std::string_view text) {
        const std::size_t equals = std::min(text.find('='), text.size());
        const Result<dns::Name> name = dns::Name::from_text(text.substr(0, equals));
        if (!name) {
            return fail(Errc::usage, fmt::format("--zone {}: {}", text, name.error().detail()));
        }
        Plan::Zone zone{.name = name->to_text(), .file = {}};
        if (zone.name != ".") {
            zone.name.pop_back();
        }
        if (!is_plain_name(zone.name)) {
            return fail(Errc::usage,
                        fmt::format("--zone {}: servers write such a name differently; take "
                                    "another one for 'init' and put this one in by hand",
                                    text));
        }
        zone.file =
            equals < text.size() ? std::string{text.substr(equals + 1)} : file_of(zone.name);
        const bool is_plain_path = std::none_of(zone.file.begin(), zone.file.end(), [](char c) {
            return c == '"' || c == '\'' || c == '\\' || static_cast<unsigned char>(c) < ' ';
        });
        if (!is_plain_path) {
            return fail(Errc::usage, fmt::format("--zone {}: a path without quotes", text));
        }
        plan_.zones.push_back(std::move(zone));
        return {};
    }

    [[nodiscard]] std::string file_of(std::string_view zone) const {
        const ServerRow& row = row_of(plan_.server);
        const std::string_view folder = command_line_.option("server-dir");
        if (!folder.empty()) {
            return with_zone(fmt::format("{}/%s.zone", folder), zone);
        }
        return with_zone(plan_.is_primary() ? row.own_file : row.copy, zone);
    }

    Result<void> set_key() {
        if (options_.key_file.empty()) {
            return {};
        }
        Result<config::KeyText> text = config::read_key_file(options_.key_file);
        if (!text) {
            return fail(Errc::usage, text.error().detail());
        }
        if (!text->name || !text->algorithm) {
            return fail(Errc::usage,
                        fmt::format("key file {} names no key; 'key new NAME' makes one that does",
                                    options_.key_file));
        }
        plan_.other_key = {.name = text->name->to_text(),
                           .algorithm = std::string{dns::to_text(*text->algorithm)},
                           .file = options_.key_file};
        return {};
    }

    const config::CommandLine& command_line_;
    const config::InlineOptions& options_;
    Plan plan_;
};

}  // namespace

Result<Server> server_from_text(std::string_view text) {
    std::array<std::string_view, kServers.size()> words;
    for (std::size_t i = 0; i < kServers.size(); ++i) {
        words.at(i) = kServers.at(i).word;
        if (words.at(i) == text) {
            return kServers.at(i).server;
        }
    }
    return fail(Errc::usage,
                fmt::format("the server beside is bind, nsd, knot, pdns or coredns, not '{}'{}",
                            text, config::did_you_mean(text, words)));
}

const ServerRow& row_of(Server server) noexcept {
    return kServers.at(static_cast<std::size_t>(server));
}

Result<Plan> plan_of(const config::CommandLine& command_line, config::Role role, ByteView secret) {
    return Planner{command_line, role}.build(secret);
}

}  // namespace twinzone::setup
