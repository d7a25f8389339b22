// The daemon's side of the control protocol: verbs and what answers them, and the conversation with
// each client. Knows no socket: common/service binds it to one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/control/protocol.h"

namespace twinzone::control {

// Requests of one client that wait behind the one being answered.
inline constexpr std::size_t kMaxWaitingBytes = std::size_t{1} << 20;

// Text in one part of a long answer.
inline constexpr std::size_t kMaxPartBytes = std::size_t{1} << 20;

// Gives an answer to who asked. May be kept and called later, from the loop thread: at once, after
// a transfer, or several times with `more` set in all but the last. A client that hung up
// meanwhile, and anything behind the last part, make it do nothing. Where its last copy goes
// without a last part, the client is told that the request was dropped.
using Reply = std::function<void(Response)>;

// Must not block: the loop waits. The request is borrowed for the call.
using Handler = std::function<void(const Request& request, Reply reply)>;

// A handler that knows its answer at once.
[[nodiscard]] Handler at_once(std::function<Response(const Request&)> answer);

// Not thread-safe; used on the loop thread, and outlives its sessions.
class ControlServer {
  public:
    // Requires: `verb` has no handler yet.
    void on(std::string verb, Handler handler);

    // Null where there is no such verb.
    [[nodiscard]] const Handler* find(std::string_view verb) const;

  private:
    std::map<std::string, Handler, std::less<>> handlers_;
};

// The way back to one client.
struct Channel {
    // Sends a line; `on_written` may be empty.
    std::function<void(std::string line, std::function<void()> on_written)> send;
    // No more will be sent: close once all is written.
    std::function<void()> end;
};

// One client's conversation: requests are answered one at a time, in their order.
class ControlSession {
  public:
    ControlSession(const ControlServer& server, Channel channel);
    // Makes all replies harmless.
    ~ControlSession();
    ControlSession(const ControlSession&) = delete;
    ControlSession& operator=(const ControlSession&) = delete;
    ControlSession(ControlSession&&) noexcept = default;
    ControlSession& operator=(ControlSession&&) noexcept = default;

    // Takes what the client sent. A request that is too long, or too many that wait, end the
    // session behind the answers to what came before.
    void handle_bytes(std::string_view bytes);

  private:
    class Core;
    std::shared_ptr<Core> core_;
};

}  // namespace twinzone::control
