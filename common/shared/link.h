// The way to the shared history: two connections to PostgreSQL, opened again whenever they are
// lost, with the schema brought up to date first. One is for short statements and NOTIFYs; the
// other for pages, so that the lease never waits behind them.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/shared/connection.h"

namespace twinzone::shared {

// Loop thread only. The loop outlives it. May not be destroyed within its own callbacks.
class Link {
  public:
    struct Options {
        std::string conninfo;
        std::string application;
        Duration limit{0};  // for connecting and for each answer
        Duration pause{0};  // before it is tried again
    };
    struct Events {
        std::function<void()> on_ready;
        // Told once for each time that it was ready, or that it could not be made ready.
        std::function<void(const Error& error)> on_lost;
        std::function<void()> on_hint;  // something changed, or the lease is free
    };

    Link(net::Loop& loop, Options options, Events events);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    void start();

    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }

    // `done` is called once, never from within; Errc::peer_unreachable where it is not ready.
    void ask(Statement statement, Connection::Done done);
    void ask_bulk(Statement statement, Connection::Done done);

  private:
    void open_bulk();
    void check_schema();
    void handle_migration(const Result<Rows>& rows, const std::string& state);
    void migrate(std::size_t next);
    void finish();
    void lose(const Error& error);
    void send(Connection* over, Statement statement, Connection::Done done);

    net::Loop& loop_;
    Options options_;
    Events events_;
    net::Timer timer_;
    std::unique_ptr<Connection> short_;
    std::unique_ptr<Connection> bulk_;
    std::array<std::unique_ptr<Connection>, 2> gone_;  // lost: we may be within their callback
    bool is_ready_ = false;
    bool is_locked_ = false;  // we are the one who may change the schema
};

}  // namespace twinzone::shared
