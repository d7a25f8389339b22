// The control protocol: one JSON object a line in both directions over a UNIX socket. Sans-I/O: the
// service binds ControlServer to sockets, client.h is the asking side.
//
//   -> {"verb":"status","args":{"zone":"example.test.","stale":true}}
//   <- {"ok":true,"exit":0,"output":"…"}
//   <- {"ok":false,"exit":2,"error":"this daemon has no verb 'x'"}
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace twinzone::control {

// A request is a verb and a few names.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{64} << 10;
// The status of 500,000 zones; larger answers become an error that asks for less.
inline constexpr std::size_t kMaxResponseBytes = std::size_t{256} << 20;
// Lines in one request's list of zones and other arguments.
inline constexpr std::size_t kMaxArguments = 1000;

struct Request {
    std::string verb;
    // Zone names and other operands in their order.
    std::vector<std::string> operands;
    // Named arguments, for example {"stale", "true"}.
    std::map<std::string, std::string, std::less<>> options;

    // The option's value, or "" where it was not given.
    [[nodiscard]] std::string_view option(std::string_view name) const;

    friend bool operator==(const Request&, const Request&) = default;
};

struct Response {
    int exit = 0;        // what the asking program ends with
    std::string output;  // for stdout
    std::string error;   // one sentence for stderr; empty: ok

    [[nodiscard]] bool ok() const noexcept { return error.empty(); }

    friend bool operator==(const Response&, const Response&) = default;
};

// One line each, with the newline. encode(Response) replaces an output that is too large by an
// error.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Response& response);

// A line without its newline. Errc::message_malformed for anything else than the above.
[[nodiscard]] Result<Request> decode_request(std::string_view line);
[[nodiscard]] Result<Response> decode_response(std::string_view line);

// The bytes that one client sent and that are no whole line yet. One per connection.
class ControlSession {
  public:
    // True after a request that was too long: close once the answers are written.
    [[nodiscard]] bool broken() const noexcept { return broken_; }

  private:
    friend class ControlServer;
    std::string pending_;
    bool broken_ = false;
};

// What a daemon answers to each verb. Not thread-safe; used on the loop thread.
class ControlServer {
  public:
    // Must not block for long: the loop waits.
    using Handler = std::function<Response(const Request&)>;

    void on(std::string verb, Handler handler);

    // Takes what a client sent and gives what to send back (possibly nothing): one line for each
    // whole request. Requires: !session.broken().
    [[nodiscard]] std::string handle_bytes(ControlSession& session, std::string_view bytes) const;

  private:
    [[nodiscard]] Response answer(std::string_view line) const;

    std::map<std::string, Handler, std::less<>> handlers_;
};

}  // namespace twinzone::control
