// The control protocol: one JSON object a line in both directions over a UNIX socket; server.h is
// the answering side, client.h the asking one.
//
//   -> {"verb":"status","args":{"zone":"example.test.","stale":"true"}}
//   <- {"ok":true,"exit":0,"output":"…"}
//   -> {"verb":"export","args":{"operands":["example.test."]}}
//   <- {"ok":true,"exit":0,"more":true,"output":"…"}     parts of a long answer,
//   <- {"ok":true,"exit":0,"output":"…"}                  the last without "more"
//   -> {"verb":"x"}
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

// An answer, or a part of a long one.
struct Response {
    int exit = 0;        // what the asking program ends with; of the last part
    std::string output;  // for stdout
    std::string error;   // one sentence for stderr; empty: ok
    bool more = false;   // another part follows
    // The daemon's side: called once the client's connection has taken this part, which is when to
    // make the next one. Dropped uncalled where the client hangs up.
    std::function<void()> on_written = nullptr;

    [[nodiscard]] bool ok() const noexcept { return error.empty(); }

    friend bool operator==(const Response& a, const Response& b) {
        return a.exit == b.exit && a.output == b.output && a.error == b.error && a.more == b.more;
    }
};

// One line each, with the newline. encode(Response) replaces an output that is too large by an
// error.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Response& response);

// A line without its newline. Errc::message_malformed for anything else than the above.
[[nodiscard]] Result<Request> decode_request(std::string_view line);
[[nodiscard]] Result<Response> decode_response(std::string_view line);

}  // namespace twinzone::control
