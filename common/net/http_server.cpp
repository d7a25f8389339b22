#include "common/net/http_server.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "common/net/descriptor_watch.h"
#include "common/net/listening_socket.h"
#include "common/net/socket_address.h"
#include "common/net/timer.h"

namespace twinzone::net {

namespace {

constexpr int kBacklog = 64;

// How often connections are looked at for their times.
constexpr seconds kWatchInterval{1};

// One request on its way; the library keeps it with its connection, as `con_cls`.
//
//   reading --headers and body are in--> asked --respond()--> answered --taken or cut--> gone
//      '--no request for the handler--> answered
struct Exchange {
    enum class Phase : std::uint8_t { reading, asked, answered };

    std::uint64_t id = 0;
    MHD_Connection* connection = nullptr;
    std::optional<HttpTarget> target;  // nullopt: none that is understood
    Phase phase = Phase::reading;
    bool headers_seen = false;
    HttpResponse response;
};

struct Connection {
    int socket = -1;
    Instant since;  // when the next request could begin, or this one was asked
    Exchange::Phase phase = Exchange::Phase::reading;
};

HttpResponse refusal(unsigned status, std::string text) {
    return {.status = status,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"},
                        {"Cache-Control", "no-store"},
                        {"X-Content-Type-Options", "nosniff"}},
            .body = std::make_shared<const std::string>(std::move(text))};
}

// The library holds a share of the body as long as it needs it. Null for want of memory.
MHD_Response* library_response(const HttpResponse& response) {
    using Share = std::shared_ptr<const std::string>;
    auto share = std::make_unique<Share>(response.body);
    MHD_Response* made = MHD_create_response_from_buffer_with_free_callback_cls(
        response.body->size(), const_cast<char*>(response.body->data()),
        [](void* cls) noexcept { delete static_cast<Share*>(cls); }, share.get());
    if (made == nullptr) {
        return nullptr;
    }
    static_cast<void>(share.release());
    for (const auto& [name, value] : response.headers) {
        MHD_add_response_header(made, name.c_str(), value.c_str());
    }
    return made;
}

MHD_Result queue(MHD_Connection* connection, const HttpResponse& response) {
    MHD_Response* made = library_response(response);
    if (made == nullptr) {
        return MHD_NO;  // closes the connection
    }
    const MHD_Result queued = MHD_queue_response(connection, response.status, made);
    MHD_destroy_response(made);
    return queued;
}

}  // namespace

struct HttpServer::Core : std::enable_shared_from_this<HttpServer::Core> {
    Core(Loop& on, const HttpLimits& with, Handler to)
        : loop(on), limits(with), handler(std::move(to)), timeout(on), patience(on) {}

    [[nodiscard]] Result<void> start(int socket);
    [[nodiscard]] MHD_Daemon* start_library(int socket);
    void stop() noexcept;
    void run();
    void watch_times();
    [[nodiscard]] bool is_late(const Connection& connection, Instant now) const;

    // What the library calls.
    Exchange* begin(MHD_Connection* connection, std::string_view target);
    MHD_Result access(Exchange& exchange, std::string_view method, std::size_t& upload_size);
    void complete(Exchange* exchange);
    void note_connection(MHD_Connection* connection, MHD_ConnectionNotificationCode code);

    MHD_Result refuse(Exchange& exchange, const HttpResponse& response);
    void ask(Exchange& exchange);
    void call_handler(std::uint64_t id);
    void respond(std::uint64_t id, HttpResponse response);

    Loop& loop;
    HttpLimits limits;
    Handler handler;
    Endpoint local;
    MHD_Daemon* daemon = nullptr;
    std::unique_ptr<DescriptorWatch> watch;
    Timer timeout;   // when the library wants to be run
    Timer patience;  // for watch_times()
    std::map<std::uint64_t, Exchange*> exchanges;
    std::map<MHD_Connection*, Connection> connections;
    std::uint64_t last_exchange = 0;
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, const Endpoint& at,
                                                       const HttpLimits& limits, Handler handler) {
    const Result<int> socket = listening_socket(at, kBacklog);
    if (!socket) {
        return fail(socket.error());
    }
    auto core = std::make_shared<Core>(loop, limits, std::move(handler));
    if (Result<void> started = core->start(*socket); !started) {
        return fail(std::move(started).error());
    }
    return std::unique_ptr<HttpServer>{new HttpServer{std::move(core)}};
}

HttpServer::HttpServer(std::shared_ptr<Core> core) noexcept : core_(std::move(core)) {}

HttpServer::~HttpServer() {
    core_->stop();
}

const Endpoint& HttpServer::local() const noexcept {
    return core_->local;
}

Result<void> HttpServer::Core::start(int socket) {
    local = local_endpoint(socket);
    daemon = start_library(socket);
    if (daemon == nullptr) {
        ::close(socket);
        return fail(Errc::network, "HTTP listener at " + local.to_text() + ": out of resources");
    }
    const MHD_DaemonInfo* epoll = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    Result<std::unique_ptr<DescriptorWatch>> watching =
        DescriptorWatch::start(loop, epoll->epoll_fd, [this] { run(); });
    if (!watching) {
        stop();
        return fail(std::move(watching).error());
    }
    watch = std::move(*watching);
    return {};
}

MHD_Daemon* HttpServer::Core::start_library(int socket) {
    const MHD_AccessHandlerCallback on_access =
        [](void* cls, MHD_Connection*, const char*, const char* method, const char*, const char*,
           std::size_t* upload_size, void** con_cls) noexcept -> MHD_Result {
        auto* exchange = static_cast<Exchange*>(*con_cls);
        return exchange == nullptr
                   ? MHD_NO
                   : static_cast<Core*>(cls)->access(*exchange, method, *upload_size);
    };
    using OnTarget = void* (*)(void*, const char*, MHD_Connection*);
    const OnTarget on_target = [](void* cls, const char* target,
                                  MHD_Connection* connection) noexcept -> void* {
        return static_cast<Core*>(cls)->begin(connection, target);
    };
    const MHD_RequestCompletedCallback on_completed = [](void* cls, MHD_Connection*, void** con_cls,
                                                         MHD_RequestTerminationCode) noexcept {
        static_cast<Core*>(cls)->complete(static_cast<Exchange*>(*con_cls));
        *con_cls = nullptr;
    };
    const MHD_NotifyConnectionCallback on_connection =
        [](void* cls, MHD_Connection* connection, void**,
           MHD_ConnectionNotificationCode code) noexcept {
            static_cast<Core*>(cls)->note_connection(connection, code);
        };
    return MHD_start_daemon(
        static_cast<unsigned>(MHD_USE_EPOLL) | static_cast<unsigned>(MHD_ALLOW_SUSPEND_RESUME), 0,
        nullptr, nullptr, on_access, this, MHD_OPTION_LISTEN_SOCKET, socket,
        MHD_OPTION_CONNECTION_LIMIT, limits.connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        limits.connection_bytes, MHD_OPTION_CONNECTION_TIMEOUT,
        static_cast<unsigned>(limits.idle.count()), MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, this,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, this, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, this, MHD_OPTION_END);
}

// The library must not be stopped with suspended connections.
void HttpServer::Core::stop() noexcept {
    watch.reset();
    timeout.cancel();
    patience.cancel();
    for (const auto& [id, exchange] : exchanges) {
        if (exchange->phase == Exchange::Phase::asked) {
            MHD_resume_connection(exchange->connection);
        }
    }
    MHD_stop_daemon(daemon);
}

void HttpServer::Core::run() {
    MHD_run(daemon);
    MHD_UNSIGNED_LONG_LONG wait = 0;
    if (MHD_get_timeout(daemon, &wait) == MHD_YES) {
        timeout.arm_after(milliseconds{static_cast<std::int64_t>(wait)}, [this] { run(); });
    } else {
        timeout.cancel();
    }
    if (!connections.empty() && !patience.is_armed()) {
        patience.arm_after(kWatchInterval, [this] { watch_times(); });
    }
}

// The library's own time starts anew with each octet: who sends or takes one now and then would
// stay for ever.
void HttpServer::Core::watch_times() {
    const Instant now = loop.now().instant;
    for (const auto& [connection, state] : connections) {
        if (is_late(state, now)) {
            ::shutdown(state.socket, SHUT_RDWR);  // the library reads the end and closes
        }
    }
    run();
}

bool HttpServer::Core::is_late(const Connection& connection, Instant now) const {
    const Duration spent = now - connection.since;
    switch (connection.phase) {
        case Exchange::Phase::reading: return spent > limits.request_time;
        case Exchange::Phase::asked: return false;  // waits for us
        case Exchange::Phase::answered: return spent > limits.response_time;
    }
    return true;
}

Exchange* HttpServer::Core::begin(MHD_Connection* connection, std::string_view target) {
    auto exchange = std::make_unique<Exchange>();
    exchange->id = ++last_exchange;
    exchange->connection = connection;
    exchange->target = parse_http_target(target);
    exchanges.emplace(exchange->id, exchange.get());
    return exchange.release();  // complete() ends it
}

// Called first when the headers are in, then for each part of a body, then when the request is
// whole; and once more after an asked one was answered.
MHD_Result HttpServer::Core::access(Exchange& exchange, std::string_view method,
                                    std::size_t& upload_size) {
    if (exchange.phase == Exchange::Phase::answered) {
        return queue(exchange.connection, exchange.response);
    }
    if (!exchange.headers_seen) {
        exchange.headers_seen = true;
        if (method != "GET" && method != "HEAD") {
            HttpResponse response = refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            response.headers.emplace_back("Allow", "GET, HEAD");
            return refuse(exchange, response);
        }
        if (!exchange.target) {
            return refuse(exchange, refusal(MHD_HTTP_BAD_REQUEST, "no target of this server\n"));
        }
        return MHD_YES;
    }
    if (upload_size > 0) {
        upload_size = 0;  // a body of a GET means nothing (RFC 9110 §9.3.1)
        return MHD_YES;
    }
    ask(exchange);
    return MHD_YES;
}

MHD_Result HttpServer::Core::refuse(Exchange& exchange, const HttpResponse& response) {
    exchange.phase = Exchange::Phase::answered;
    Connection& connection = connections[exchange.connection];
    connection.phase = Exchange::Phase::answered;
    connection.since = loop.now().instant;
    return queue(exchange.connection, response);
}

// The handler is called from the loop and not from within the library.
void HttpServer::Core::ask(Exchange& exchange) {
    exchange.phase = Exchange::Phase::asked;
    connections[exchange.connection].phase = Exchange::Phase::asked;
    MHD_suspend_connection(exchange.connection);
    loop.post([weak = weak_from_this(), id = exchange.id] {
        if (const std::shared_ptr<Core> core = weak.lock()) {
            core->call_handler(id);
        }
    });
}

void HttpServer::Core::call_handler(std::uint64_t id) {
    const auto at = exchanges.find(id);
    if (at == exchanges.end()) {
        return;
    }
    handler(*at->second->target, [weak = weak_from_this(), id](HttpResponse response) {
        if (const std::shared_ptr<Core> core = weak.lock()) {
            core->respond(id, std::move(response));
        }
    });
}

void HttpServer::Core::respond(std::uint64_t id, HttpResponse response) {
    const auto at = exchanges.find(id);
    if (at == exchanges.end() || at->second->phase != Exchange::Phase::asked) {
        return;
    }
    Exchange& exchange = *at->second;
    exchange.response = std::move(response);
    exchange.phase = Exchange::Phase::answered;
    Connection& connection = connections[exchange.connection];
    connection.phase = Exchange::Phase::answered;
    connection.since = loop.now().instant;
    MHD_resume_connection(exchange.connection);
    timeout.arm_after(Duration{0}, [this] { run(); });  // soon: not from within the handler
}

void HttpServer::Core::complete(Exchange* exchange) {
    if (exchange == nullptr) {
        return;
    }
    const auto connection = connections.find(exchange->connection);
    if (connection != connections.end()) {
        connection->second.phase = Exchange::Phase::reading;
        connection->second.since = loop.now().instant;
    }
    exchanges.erase(exchange->id);
    delete exchange;
}

void HttpServer::Core::note_connection(MHD_Connection* connection,
                                       MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        connections.erase(connection);
        return;
    }
    const MHD_ConnectionInfo* facts =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    connections[connection] = {.socket = facts->connect_fd, .since = loop.now().instant};
}

}  // namespace twinzone::net
