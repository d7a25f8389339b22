#include "common/control/status.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/control/calendar.h"

namespace twinzone::control {

namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 8> kStates = {
    "current", "transferring", "stale", "held", "expired", "failed", "frozen", "loading"};

ordered_json number_or_null(const std::optional<dns::Serial>& serial) {
    return serial ? ordered_json(serial->value()) : ordered_json();
}
ordered_json number_or_null(const std::optional<seconds>& span) {
    return span ? ordered_json(span->count()) : ordered_json();
}
ordered_json time_or_null(const std::optional<UnixTime>& time) {
    return time ? ordered_json(to_rfc3339(*time)) : ordered_json();
}

ordered_json json_of(const PeerStatus& peer) {
    return {{"remote", peer.remote},
            {"serial", number_or_null(peer.serial)},
            {"lag_seconds", number_or_null(peer.lag)},
            {"last_contact", time_or_null(peer.last_contact)},
            {"address", peer.address},
            {"key", peer.key},
            {"configured", peer.configured},
            {"served_serial", number_or_null(peer.served)},
            {"notified_serial", number_or_null(peer.acknowledged)},
            {"last_notify_acknowledged", time_or_null(peer.last_acknowledged)},
            {"last_soa_asked", time_or_null(peer.last_soa_asked)},
            {"last_transfer", time_or_null(peer.last_transfer)},
            {"problem", peer.problem}};
}

ordered_json json_of(const TransferStatus& transfer) {
    return {{"remote", transfer.remote},        {"type", transfer.type},
            {"records", transfer.records},      {"bytes", transfer.bytes},
            {"seconds", transfer.took.count()}, {"bytes_per_second", transfer.bytes_per_second},
            {"committing", transfer.committing}};
}

ordered_json json_of(const std::optional<ServedStatus>& served) {
    if (!served) {
        return {};
    }
    return {{"server", served->server},
            {"serial", number_or_null(served->serial)},
            {"since", time_or_null(served->since)},
            {"error", served->error}};
}

ordered_json json_of(const ZoneStatus& zone) {
    ordered_json peers = ordered_json::array();
    for (const PeerStatus& peer : zone.peers) {
        peers.push_back(json_of(peer));
    }
    ordered_json json{{"zone", zone.zone},
                      {"serial", number_or_null(zone.serial)},
                      {"digest", zone.digest},
                      {"records", zone.records},
                      {"wire_bytes", zone.wire_bytes},
                      {"state", to_string(zone.state)},
                      {"reason", zone.reason},
                      {"source", zone.source},
                      {"lag_seconds", number_or_null(zone.lag)},
                      {"last_success", time_or_null(zone.last_success)},
                      {"expires_in_seconds", number_or_null(zone.expires_in)},
                      {"next_refresh_in_seconds", number_or_null(zone.next_refresh_in)},
                      {"peers", std::move(peers)},
                      {"served", json_of(zone.served)}};
    if (zone.transfer) {
        json["transfer"] = json_of(*zone.transfer);
    }
    if (!zone.catalog.empty()) {
        json["catalog"] = zone.catalog;
    }
    if (zone.leaves_in) {
        json["leaves_in_seconds"] = zone.leaves_in->count();
    }
    if (zone.members) {
        json["members"] = *zone.members;
    }
    return json;
}

ordered_json json_of(const SharedStatus& shared) {
    return {{"name", shared.name},
            {"role", shared.role},
            {"leader", shared.leader},
            {"connected", shared.connected},
            {"sequence", shared.sequence},
            {"zones_behind", shared.zones_behind},
            {"last_contact_seconds", number_or_null(shared.last_contact_age)},
            {"problem", shared.problem}};
}

std::string dumped(const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Takes typed members out of one object; the first that is not as it should be is kept.
class Members {
  public:
    explicit Members(const ordered_json& object) : object_(object) {
        if (!object.is_object()) {
            wrong_ = "object";
        }
    }

    void read(const char* name, std::string& out) {
        const auto* text = find(name).get_ptr<const std::string*>();
        text != nullptr ? void(out = *text) : fail_at(name);
    }
    void read(const char* name, std::uint64_t& out) {
        const ordered_json& value = find(name);
        value.is_number_unsigned() ? void(out = value.get<std::uint64_t>()) : fail_at(name);
    }
    void read(const char* name, std::optional<dns::Serial>& out) {
        if (find(name).is_null()) {
            return;
        }
        std::uint64_t number = 0;
        read(name, number);
        if (number > std::numeric_limits<std::uint32_t>::max()) {
            fail_at(name);
        }
        out = dns::Serial{static_cast<std::uint32_t>(number)};
    }
    void read(const char* name, std::optional<std::uint64_t>& out) {
        std::uint64_t number = 0;
        read(name, number);
        out = number;
    }
    void read(const char* name, std::optional<seconds>& out) {
        const ordered_json& value = find(name);
        if (value.is_number_integer()) {
            out = seconds{value.get<std::int64_t>()};
        } else if (!value.is_null()) {
            fail_at(name);
        }
    }
    void read(const char* name, std::optional<UnixTime>& out) {
        if (find(name).is_null()) {
            return;
        }
        std::string text;
        read(name, text);
        out = from_rfc3339(text);
        if (!out) {
            fail_at(name);
        }
    }
    void read(const char* name, bool& out) {
        const auto* truth = find(name).get_ptr<const bool*>();
        truth != nullptr ? void(out = *truth) : fail_at(name);
    }
    // Older daemons do not have it.
    template <class Value>
    void read_if_there(const char* name, Value& out) {
        if (!find(name).is_discarded()) {
            read(name, out);
        }
    }
    void read(const char* name, ZoneState& out) {
        std::string text;
        read(name, text);
        const auto state = zone_state_from_text(text);
        state ? void(out = *state) : fail_at(name);
    }
    // Calls `each` with every item of a list.
    template <class Each>
    void read_list(const char* name, Each each) {
        const ordered_json& list = find(name);
        if (!list.is_array()) {
            return fail_at(name);
        }
        for (const ordered_json& item : list) {
            Members members{item};
            each(members);
            if (!members.wrong_.empty()) {
                return fail_at(members.wrong_);
            }
        }
    }

    // Calls `use` with an object; absent or null: nothing happens.
    template <class Use>
    void read_object(const char* name, Use use) {
        const ordered_json& value = find(name);
        if (value.is_null() || value.is_discarded()) {
            return;
        }
        Members members{value};
        use(members);
        if (!members.wrong_.empty()) {
            fail_at(members.wrong_);
        }
    }

    [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

  private:
    const ordered_json& find(const char* name) {
        static const ordered_json kMissing(ordered_json::value_t::discarded);
        const auto found = object_.is_object() ? object_.find(name) : object_.end();
        return object_.is_object() && found != object_.end() ? *found : kMissing;
    }
    void fail_at(std::string_view name) {
        if (wrong_.empty()) {
            wrong_ = name;
        }
    }

    const ordered_json& object_;
    std::string wrong_;
};

PeerStatus read_peer(Members& members) {
    PeerStatus peer;
    members.read("remote", peer.remote);
    members.read("serial", peer.serial);
    members.read("lag_seconds", peer.lag);
    members.read("last_contact", peer.last_contact);
    members.read_if_there("address", peer.address);
    members.read_if_there("key", peer.key);
    members.read_if_there("configured", peer.configured);
    members.read_if_there("served_serial", peer.served);
    members.read_if_there("notified_serial", peer.acknowledged);
    members.read_if_there("last_notify_acknowledged", peer.last_acknowledged);
    members.read_if_there("last_soa_asked", peer.last_soa_asked);
    members.read_if_there("last_transfer", peer.last_transfer);
    members.read_if_there("problem", peer.problem);
    return peer;
}

ServedStatus read_served(Members& members) {
    ServedStatus served;
    members.read("server", served.server);
    members.read("serial", served.serial);
    members.read("since", served.since);
    members.read("error", served.error);
    return served;
}

TransferStatus read_transfer(Members& members) {
    TransferStatus transfer;
    std::optional<seconds> took;
    members.read("remote", transfer.remote);
    members.read("type", transfer.type);
    members.read("records", transfer.records);
    members.read("bytes", transfer.bytes);
    members.read("seconds", took);
    members.read("bytes_per_second", transfer.bytes_per_second);
    members.read("committing", transfer.committing);
    transfer.took = took.value_or(seconds{0});
    return transfer;
}

SharedStatus read_shared(Members& members) {
    SharedStatus shared;
    members.read("name", shared.name);
    members.read("role", shared.role);
    members.read("leader", shared.leader);
    members.read("connected", shared.connected);
    members.read("sequence", shared.sequence);
    members.read("zones_behind", shared.zones_behind);
    members.read("last_contact_seconds", shared.last_contact_age);
    members.read("problem", shared.problem);
    return shared;
}

ZoneStatus read_zone(Members& members) {
    ZoneStatus zone;
    members.read("zone", zone.zone);
    members.read("serial", zone.serial);
    members.read("digest", zone.digest);
    members.read("records", zone.records);
    members.read("wire_bytes", zone.wire_bytes);
    members.read("state", zone.state);
    members.read("reason", zone.reason);
    members.read("source", zone.source);
    members.read("lag_seconds", zone.lag);
    members.read("last_success", zone.last_success);
    members.read("expires_in_seconds", zone.expires_in);
    members.read("next_refresh_in_seconds", zone.next_refresh_in);
    members.read_list("peers", [&](Members& peer) { zone.peers.push_back(read_peer(peer)); });
    members.read_object("served", [&](Members& served) { zone.served = read_served(served); });
    members.read_object("transfer",
                        [&](Members& transfer) { zone.transfer = read_transfer(transfer); });
    members.read_if_there("catalog", zone.catalog);
    members.read_if_there("leaves_in_seconds", zone.leaves_in);
    members.read_if_there("members", zone.members);
    return zone;
}

}  // namespace

std::string_view to_string(ZoneState state) noexcept {
    return kStates[static_cast<std::size_t>(state)];
}

std::optional<ZoneState> zone_state_from_text(std::string_view text) noexcept {
    const auto at = std::find(kStates.begin(), kStates.end(), text);
    return at == kStates.end() ? std::nullopt
                               : std::optional{static_cast<ZoneState>(at - kStates.begin())};
}

bool needs_attention(ZoneState state) noexcept {
    return state != ZoneState::current && state != ZoneState::transferring &&
           state != ZoneState::loading;
}

bool all_current(const Status& status) noexcept {
    return std::all_of(status.zones.begin(), status.zones.end(),
                       [](const ZoneStatus& zone) { return zone.state == ZoneState::current; });
}

void keep_not_current(Status& status) {
    std::erase_if(status.zones,
                  [](const ZoneStatus& zone) { return zone.state == ZoneState::current; });
}

// Zone by zone, so that no tree of all zones is ever built.
std::string to_json(const Status& status) {
    std::string text =
        fmt::format(R"({{"role":{},"version":{},"uptime_seconds":{},{}"zones":[)",
                    dumped(status.role), dumped(status.version), status.uptime.count(),
                    status.shared ? fmt::format(R"("shared":{},)", dumped(json_of(*status.shared)))
                                  : std::string{});
    for (std::size_t i = 0; i < status.zones.size(); ++i) {
        text += i == 0 ? "" : ",";
        text += dumped(json_of(status.zones[i]));
    }
    return text + "]}";
}

Result<Status> from_json(std::string_view text) {
    const ordered_json object = ordered_json::parse(text, nullptr, false);
    Members members{object};
    Status status;
    std::optional<seconds> uptime;
    members.read("role", status.role);
    members.read("version", status.version);
    members.read("uptime_seconds", uptime);
    members.read_object("shared", [&](Members& shared) { status.shared = read_shared(shared); });
    members.read_list("zones", [&](Members& zone) { status.zones.push_back(read_zone(zone)); });
    if (!members.wrong().empty() || !uptime) {
        return fail(Errc::message_malformed,
                    fmt::format("no status of ours: '{}'",
                                members.wrong().empty() ? "uptime_seconds" : members.wrong()));
    }
    status.uptime = *uptime;
    return status;
}

}  // namespace twinzone::control
