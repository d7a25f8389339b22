// The sections that stand for themselves: server, store, control, log, limits.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "common/config/loader.h"
#include "common/config/loading.h"
#include "common/config/schema.h"
#include "common/config/values.h"

namespace twinzone::config {

namespace {

using Word = std::pair<std::string_view, std::string_view>;
constexpr std::array<Word, 6> kLevels = {Word{"debug", "debug"}, {"info", "info"},
                                         {"notice", "notice"},   {"warning", "warning"},
                                         {"error", "error"},     {"critical", "critical"}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kFormats = {
    std::pair{std::string_view{"text"}, false}, {"json", true}};

constexpr std::uint64_t kMinStoreBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxThreads = 256;        // more than any machine's cores that do this work
constexpr std::size_t kMaxNsidBytes = 255;        // it takes room in every answer of 512 octets
constexpr std::size_t kMaxSocketPathBytes = 107;  // sun_path without its closing NUL

Result<std::string> socket_path_from_text(std::string_view text) {
    if (text.size() > kMaxSocketPathBytes) {
        return fail(Errc::usage,
                    fmt::format("the path of a socket has at most {} octets", kMaxSocketPathBytes));
    }
    return path_from_text(text);
}

Result<std::uint64_t> store_size_from_text(std::string_view text) {
    Result<std::uint64_t> size = size_from_text(text);
    if (size && *size < kMinStoreBytes) {
        return fail(Errc::usage, "at least 1M");
    }
    return size;
}

Result<std::string> nsid_from_text(std::string_view text) {
    if (text.empty() || text.size() > kMaxNsidBytes) {
        return fail(Errc::usage, fmt::format("between 1 and {} octets", kMaxNsidBytes));
    }
    return std::string{text};
}

// Zero would turn off what a limit bounds, or everything.
template <class Parse>
auto at_least_one(Parse parse) {
    return [parse](std::string_view text) {
        auto value = parse(text);
        if (value && *value == std::remove_cvref_t<decltype(*value)>{}) {
            return decltype(value){fail(Errc::usage, "at least 1")};
        }
        return value;
    };
}

Result<std::uint64_t> small_count(std::string_view text) {
    Result<std::uint64_t> count = count_from_text(text);
    if (count && (*count == 0 || *count > std::numeric_limits<std::uint32_t>::max())) {
        return fail(Errc::usage, *count == 0 ? "at least 1" : "at most 4G");
    }
    return count;
}

Result<std::uint32_t> threads_from_text(std::string_view text) {
    const Result<std::uint64_t> count = small_count(text);
    if (!count) {
        return fail(count.error());
    }
    if (*count > kMaxThreads) {
        return fail(Errc::usage, fmt::format("at most {}", kMaxThreads));
    }
    return static_cast<std::uint32_t>(*count);
}

}  // namespace

std::vector<Endpoint> endpoints_of(const MapReader& map, std::string_view key, std::uint16_t port,
                                   Loading& loading) {
    std::vector<Endpoint> endpoints;
    for (const Node& item : map.list(key)) {
        const std::string* text = text_of(item, "an address", loading.diagnostics);
        if (text == nullptr) {
            continue;
        }
        Result<Endpoint> endpoint = Endpoint::from_text(*text, port);
        if (!endpoint) {
            loading.diagnostics.error(item.mark, endpoint.error().detail());
        } else if (std::find(endpoints.begin(), endpoints.end(), *endpoint) != endpoints.end()) {
            loading.diagnostics.error(item.mark, fmt::format("{} is twice in '{}'", *text, key));
        } else {
            endpoints.push_back(*endpoint);
        }
    }
    return endpoints;
}

void read_server(const MapReader& top, Loading& loading) {
    const Node* node = top.require("server");
    if (node == nullptr) {
        return;
    }
    const MapReader server{*node, kServerSchema, loading.role, loading.diagnostics};
    if (server.is_map() && !server.has("listen") && !server.has("listen-tls")) {
        loading.diagnostics.error(
            server.mark(), loading.role == Role::primary
                               ? "'server' has no 'listen'; for example listen: [127.0.0.1@5300]"
                               : "'server' has no 'listen'; [] hears no NOTIFY and serves nobody");
    }
    loading.config.listen = endpoints_of(server, "listen", kDnsPort, loading);
    loading.config.listen_tls = endpoints_of(server, "listen-tls", kTlsPort, loading);
    loading.config.proxy_from = prefixes_of(server, "proxy-from", loading);
    server.read("threads", threads_from_text, loading.config.threads);
    server.read("user", path_from_text, loading.config.user);
    server.read("nsid", nsid_from_text, loading.config.nsid);
    const Node* list = server.find("listen");
    if (loading.role == Role::primary && list != nullptr && list->kind == NodeKind::sequence &&
        list->items.empty() && !server.has("listen-tls")) {
        loading.diagnostics.error(list->mark, "a primary listens on at least one address");
    }
}

void read_store(const MapReader& top, Loading& loading) {
    loading.config.store_path = default_store(loading.role);
    if (const Node* node = top.find("store")) {
        const MapReader store{*node, kStoreSchema, loading.role, loading.diagnostics};
        store.read("path", path_from_text, loading.config.store_path);
        store.read("max-size", store_size_from_text, loading.config.store_max_bytes);
        read_shared(store, loading);
    }
}

void read_control(const MapReader& top, Loading& loading) {
    loading.config.control_socket = default_control_socket(loading.role);
    if (const Node* node = top.find("control")) {
        const MapReader control{*node, kControlSchema, loading.role, loading.diagnostics};
        control.read("socket", socket_path_from_text, loading.config.control_socket);
        control.read("group", path_from_text, loading.config.control_group);
    }
}

void read_web(const MapReader& top, Loading& loading) {
    const Node* node = top.find("web");
    if (node == nullptr) {
        return;
    }
    const MapReader web{*node, kWebSchema, loading.role, loading.diagnostics};
    const Node* listen = web.require("listen");
    if (listen != nullptr && listen->kind == NodeKind::scalar) {
        const Result<Endpoint> endpoint = Endpoint::from_text(listen->text, kWebPort);
        if (endpoint) {
            loading.config.web = {*endpoint};
        } else {
            loading.diagnostics.error(listen->mark, endpoint.error().detail());
        }
    } else if (listen != nullptr) {
        loading.config.web = endpoints_of(web, "listen", kWebPort, loading);
    }
}

void read_log(const MapReader& top, Loading& loading) {
    const Node* node = top.find("log");
    if (node == nullptr) {
        return;
    }
    const MapReader log{*node, kLogSchema, loading.role, loading.diagnostics};
    log.read("target", path_from_text, loading.config.log.target);
    log.read_choice("level", kLevels, loading.config.log.level);
    log.read_choice("format", kFormats, loading.config.log.json);
}

void read_limits(const MapReader& top, Loading& loading) {
    const Node* node = top.find("limits");
    if (node == nullptr) {
        return;
    }
    const auto count = at_least_one(count_from_text);
    const auto size = at_least_one(size_from_text);
    const auto duration = at_least_one(duration_from_text);
    const MapReader reader{*node, kLimitsSchema, loading.role, loading.diagnostics};
    Limits& limits = loading.config.limits;
    reader.read("zone-records", count, limits.zone_records);
    reader.read("zone-bytes", size, limits.zone_bytes);
    reader.read("transfers-in", small_count, limits.transfers_in);
    reader.read("transfers-out", small_count, limits.transfers_out);
    reader.read("per-remote", small_count, limits.per_remote);
    reader.read("transfer-time", duration, limits.transfer_time);
    reader.read("transfer-idle", duration, limits.transfer_idle);
    reader.read("min-rate", size_from_text, limits.min_rate);  // 0: as slow as it likes
    reader.read("soa-rate", small_count, limits.soa_rate);
    reader.read("notify-rate", small_count, limits.notify_rate);
    reader.read("tcp-clients", small_count, limits.tcp_clients);
    reader.read("tcp-idle", duration, limits.tcp_idle);
}

}  // namespace twinzone::config
