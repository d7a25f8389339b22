// The configuration as values, whole and checked: what the YAML file or the command line said, with
// every default in place and every reference resolved. Nothing here is optional that a part would
// have to think about. DESIGN: README, "Configuration".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip_address.h"
#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/dns/tsig.h"

namespace twinzone::config {

enum class Role : std::uint8_t { primary, secondary };

// A certificate of our own and what is wanted of a peer's (RFC 9103 §9). Files are PEM.
struct Tls {
    std::string name;
    std::string certificate;  // both or neither
    std::string key;
    std::string ca;                                  // empty: the system's authorities
    std::string server_name;                         // in the certificate of a server we ask
    std::vector<std::array<std::uint8_t, 32>> pins;  // SHA-256 of the peer's public key
    std::string client_name;                         // in the certificate of a client

    // False where a server we ask could not be told from any other.
    [[nodiscard]] bool proves_server() const noexcept {
        return !server_name.empty() || !pins.empty();
    }
    // True where an access rule with it wants a certificate of the client.
    [[nodiscard]] bool names_client() const noexcept {
        return !client_name.empty() || !pins.empty();
    }
};
using TlsPtr = std::shared_ptr<const Tls>;

// Stands in `notify` for the servers that the zone itself names; no remote is called so.
inline constexpr std::string_view kNsSetWord = "ns-set";

struct Remote {
    std::string name;
    std::vector<Endpoint> addresses;  // at least one; tried in order
    dns::TsigKeyPtr key;              // null: unsigned
    TlsPtr tls{};                     // null: UDP and TCP; else over TLS and never without
    // Where all that is sent to it comes from; nullopt: the routing table chooses.
    std::optional<IpAddress> via{};

    // The source towards one of the addresses: `via` where both are of one family.
    [[nodiscard]] std::optional<IpAddress> source_for(const Endpoint& to) const noexcept {
        return via && via->is_v4() == to.address.is_v4() ? via : std::nullopt;
    }
};
using RemotePtr = std::shared_ptr<const Remote>;

// All conditions that are set must hold.
struct AccessRule {
    std::vector<IpPrefix> addresses;  // empty: any address
    dns::TsigKeyPtr key;              // null: signed or not
    TlsPtr tls{};                     // null: over any transport
};

enum class SerialPolicy : std::uint8_t { keep, increment, unixtime, date };
// What is done about a zone's ZONEMD (RFC 8976) before a version is published.
enum class ZonemdMode : std::uint8_t {
    off,
    verify,   // one that is there must be right
    require,  // there must be a right one
    generate  // made anew for each version (zones from files)
};

enum class OnLowerSerial : std::uint8_t { refuse, adopt };

// Where committed versions go beside our own serving (secondary).
enum class OutputMode : std::uint8_t {
    none,
    loopback,  // the server at `verify` follows us: NOTIFY it, then ask its SOA
    file       // a zone file, and a reload where one is wanted
};

// Who reads the written zone file, and so which control program has it read anew.
enum class ReloadKind : std::uint8_t { none, bind, nsd, knot, pdns, coredns, command };

struct Output {
    OutputMode mode = OutputMode::none;
    std::string path;  // file to write, of one zone alone: Zone::output_path()
    ReloadKind reload = ReloadKind::none;
    // The control program with its own options ("nsd-control", "-c", FILE), to which verb and zone
    // are added; empty: the usual one. For ReloadKind::command all of it, "%s" being the zone.
    std::vector<std::string> command;
    // The server that must answer our serial: an address, or a remote with its key. Null: nobody is
    // asked. Never null for loopback.
    RemotePtr verify;
    seconds verify_timeout{30};  // how long it may take until it does
};

// A version that would take more than this away is held until an operator approves it.
struct Guard {
    std::uint32_t max_delete_percent = 50;  // of the records in service; 100: anything goes
    std::uint64_t min_records = 10;         // smaller zones pass
};

enum class HookEvent : std::uint8_t { committed, failed, held, expired };

struct Hook {
    std::vector<HookEvent> on;      // at least one
    std::vector<std::string> exec;  // program and arguments; never by a shell
    seconds timeout{30};
};

struct Clamp {
    seconds min{0};
    seconds max{0};
};

struct JournalLimits {
    std::uint64_t max_versions = 1000;
    std::uint64_t max_bytes = 0;            // 0: not in octets but by share
    std::uint32_t max_share_percent = 100;  // of the zone's size
};

// What a catalog zone (RFC 9432) is to us: we make it of our zones, or its members become ours.
enum class CatalogRole : std::uint8_t { producer, consumer };

// What zones of one template have in common, and so nearly all that is known of each.
struct ZoneSettings {
    std::string template_name = "default";  // that it started from
    // primary: a file, or `primaries` below (`source: { transfer: … }`: a relay).
    // Zone::source_file()
    std::string source_file;  // of this zone alone, absolute or relative to the working directory
    std::string source_pattern;  // of all: a path with %s, or a folder of NAME.zone files
    std::string source_directory;
    // whom the zone is followed from; empty on a primary with a file
    std::vector<RemotePtr> primaries;
    Output output;               // secondary
    std::string output_pattern;  // Zone::output_path()
    // both
    std::vector<RemotePtr> notify;
    std::vector<AccessRule> allow_transfer;
    std::vector<AccessRule> allow_notify;
    JournalLimits journal;
    Clamp refresh{seconds{30}, hours{24}};
    Clamp retry{seconds{5}, hours{2}};
    seconds expire_min = hours{1};
    seconds verify_interval{0};  // full comparison with the primaries; 0: never
    std::optional<Guard> guard;
    std::vector<Hook> hooks;
    // Set where it is a catalog zone of ours; made by ourselves, it has neither file nor primaries.
    std::optional<CatalogRole> catalog{};
    SerialPolicy serial_policy = SerialPolicy::keep;        // primary
    OnLowerSerial on_lower_serial = OnLowerSerial::refuse;  // where it is followed
    bool notify_ns_set = false;  // also the name servers that the zone names (RFC 1996 §2)
    ZonemdMode zonemd = ZonemdMode::off;
    bool dnssec = false;  // signatures are verified before a version is published
};
using SettingsPtr = std::shared_ptr<const ZoneSettings>;

// What a zone is, after its template. Small and cheap to copy: there may be a million, which share
// their settings. These are read as `zone->notify`.
class Zone {
  public:
    Zone() : Zone(dns::Name{}, usual()) {}
    Zone(const dns::Name& zone, SettingsPtr settings)
        : name(zone), settings_(std::move(settings)) {}

    dns::Name name;

    const ZoneSettings* operator->() const noexcept { return settings_.get(); }
    [[nodiscard]] const SettingsPtr& settings() const noexcept { return settings_; }

    // To be changed for this zone alone: it has a copy of its own from now on.
    ZoneSettings& edit() {
        if (settings_.use_count() != 1) {
            settings_ = std::make_shared<ZoneSettings>(*settings_);
        }
        // Nobody else has them, and all are made to be changed.
        return const_cast<ZoneSettings&>(*settings_);
    }

    // By transfer from `primaries`, on either program.
    [[nodiscard]] bool is_followed() const noexcept { return !settings_->primaries.empty(); }

    // The zone's file; empty where it comes by transfer.
    [[nodiscard]] bool has_source_file() const noexcept {
        return !settings_->source_file.empty() || !settings_->source_pattern.empty() ||
               !settings_->source_directory.empty();
    }
    [[nodiscard]] std::string source_file() const;

    // The file to write, its name filled in; empty unless output.mode is file.
    [[nodiscard]] std::string output_path() const;
    // `output` of the settings with it.
    [[nodiscard]] Output output() const;

  private:
    static const SettingsPtr& usual();

    SettingsPtr settings_;
};

struct Limits {
    std::uint64_t zone_records = 100'000'000;
    std::uint64_t zone_bytes = std::uint64_t{16} << 30;
    std::uint32_t transfers_in = 64;
    std::uint32_t transfers_out = 64;
    std::uint32_t per_remote = 8;
    seconds transfer_time = hours{2};
    seconds transfer_idle{60};
    std::uint64_t min_rate = 1024;  // octets a second, averaged over 30 s
    std::uint32_t soa_rate = 1000;
    std::uint32_t notify_rate = 1000;
    std::uint32_t tcp_clients = 1000;
    seconds tcp_idle{30};
};

// How many members one version of a catalog may take away.
struct RemovalCap {
    std::uint64_t count = 0;
    bool is_percent = false;  // of the members before
};

// An entry of `catalogs`; the catalog's own zone is among the zones.
struct Catalog {
    dns::Name zone;
    CatalogRole role{};
    std::string template_name;         // of the members whose group has no template of its own
    std::vector<RemotePtr> primaries;  // consumer: of members whose template names none
    seconds grace{0};                  // how long a removed member is still served
    std::optional<RemovalCap> max_removals;  // nullopt: any number
};

// For zones that come at run time.
struct Template {
    std::string name;
    SettingsPtr settings;
    bool has_allow_notify = false;
};

// A history in PostgreSQL that this primary has together with others.
struct Shared {
    std::string postgresql;               // CONNINFO, as libpq takes it: it may have a password
    std::string name;                     // ours among them
    seconds take_over{5};                 // within which another leads once the leader is silent
    std::uint64_t max_versions = 10'000;  // kept of each zone
    std::uint64_t max_bytes = std::uint64_t{1} << 30;
    seconds max_age = hours{24 * 30};

    friend bool operator==(const Shared&, const Shared&) = default;
};

struct Log {
    std::string target = "stderr";  // stderr, syslog or a file
    std::string level = "info";     // debug info notice warning error critical
    bool json = false;
};

struct Config {
    Role role{};
    std::string file;  // where it came from; empty for the command line
    // UDP and TCP; never empty on a primary. Empty on a secondary: it hears no NOTIFY and serves
    // nobody (`sync` alone needs no more).
    std::vector<Endpoint> listen;
    std::vector<Endpoint> listen_tls;  // for zone transfers over TLS (RFC 9103)
    TlsPtr server_tls;  // whose certificate is shown there; never null with listen_tls
    // Proxies: who connects from there must say for whom (PROXY protocol, version 2).
    std::vector<IpPrefix> proxy_from;
    // That read pages and sign for outgoing transfers; nullopt: as many as the machine has cores.
    std::optional<std::uint32_t> threads;
    std::string user;  // who we become where we start as root; empty: nobody else
    std::string nsid;  // our name for who asks (RFC 5001); empty: not told
    std::vector<TlsPtr> tls;
    std::string store_path;
    std::uint64_t store_max_bytes = std::uint64_t{1} << 40;
    std::optional<Shared> shared;  // primary; nullopt: our history is ours alone
    std::string control_socket;    // path
    std::string control_group;     // who may use it beside its owner; empty: the process's group
    std::vector<Endpoint> web;     // page, metrics and probes over HTTP; empty: none
    Log log;
    dns::TsigKeyring keys;
    std::string key_file;  // --key-file, and the name of the key in it; empty where `file` is not
    std::string key_name;
    std::vector<RemotePtr> remotes;
    Limits limits;
    std::vector<Zone> zones;
    // Folders whose NAME.zone files are zones (primary): each with the settings such a zone gets
    // (zone_directory.h). A zone that is also in `zones`
    // keeps what it has there.
    struct Directory {
        std::string path;
        SettingsPtr settings;
    };
    std::vector<Directory> directories;
    std::vector<Catalog> catalogs;
    std::vector<Template> templates;  // empty where no catalog is consumed
};

}  // namespace twinzone::config
