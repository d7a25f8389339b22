// A small HTTP/1.1 server for pages, metrics and probes: GET and HEAD, answered now or later, never
// blocking the loop. Wraps libmicrohttpd, which reads requests and writes responses when its epoll
// descriptor has something for it; the only place with microhttpd.h. RFC 9110, RFC 9112.
//
// Hostile clients are met with limits: connections, octets of a request, time for a request to
// come in and for a response to be taken. What is no request gets 400, 413, 414 or 431 by the
// library, other methods 405.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/net/http_target.h"
#include "common/net/loop.h"

namespace twinzone::net {

struct HttpResponse {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::shared_ptr<const std::string> body;  // shared, so that many may get the same; never null
};

struct HttpLimits {
    unsigned connections = 32;
    std::size_t connection_bytes = std::size_t{16} << 10;  // request line, headers, ours: together
    seconds idle{10};                                      // nothing received and nothing taken
    seconds request_time{10};  // for a request to come in whole, counted from when it could
    seconds response_time{60};
};

// Loop thread only; the loop outlives it. May be destroyed at any time but within a call of
// `respond`.
class HttpServer {
  public:
    // Answers one request, once; later calls, and calls after the client or the server has gone,
    // are harmless.
    using Respond = std::function<void(HttpResponse response)>;
    using Handler = std::function<void(const HttpTarget& target, Respond respond)>;

    // Port 0 takes a free one. Errc::network when the address cannot be bound.
    [[nodiscard]] static Result<std::unique_ptr<HttpServer>> listen(Loop& loop, const Endpoint& at,
                                                                    const HttpLimits& limits,
                                                                    Handler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // Where it listens, with the real port.
    [[nodiscard]] const Endpoint& local() const noexcept;

  private:
    struct Core;
    explicit HttpServer(std::shared_ptr<Core> core) noexcept;

    std::shared_ptr<Core> core_;
};

}  // namespace twinzone::net
