// One connection to PostgreSQL on our loop: statements one after the other, each with a time limit,
// and NOTIFYs. What goes wrong with the connection ends it and everything that waits on it; the
// owner opens another.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/net/loop.h"
#include "common/shared/statement.h"

namespace twinzone::shared {

// Loop thread only; may be destroyed at any time, also within its own callbacks. The loop outlives
// it. Connecting happens on a thread of its own that nothing waits for, as libpq asks for addresses
// there; everything else is non-blocking.
class Connection {
  public:
    struct Options {
        std::string conninfo;     // as libpq takes it: keywords or a URI
        std::string application;  // how PostgreSQL lists us
        Duration limit{0};        // for connecting, and for the answer to each statement
        bool is_relaxed = false;  // commits need not be on disk before the next strict one is
    };
    struct Events {
        std::function<void()> on_open;
        // It is no more (or never came to be); everything that waits was told before.
        std::function<void(const Error& error)> on_lost;
        std::function<void(const std::string& payload)> on_notification;  // may be empty
    };
    using Done = std::function<void(Result<Rows> rows, const std::string& state)>;

    Connection(net::Loop& loop, Options options, Events events);
    // What waits is dropped untold; what was sent may or may not be done.
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // `done` is called once, never from within send(): with the rows of the last result, or an
    // error and its SQLSTATE (empty: the connection was lost meanwhile).
    void send(Statement statement, Done done);

    // Ends it as if it had been lost.
    void abandon(const Error& error);

    [[nodiscard]] bool is_open() const noexcept;

  private:
    struct Core;
    std::shared_ptr<Core> core_;
};

// False where this program was built without PostgreSQL.
[[nodiscard]] bool has_postgresql() noexcept;

// Whether libpq can make anything of it, without connecting. Errc::config_invalid with libpq's
// words, but never with a password; also where libpq is not there.
[[nodiscard]] Result<void> check_conninfo(const std::string& conninfo);

}  // namespace twinzone::shared
