#include "common/shared/link.h"

#include <utility>

#include <fmt/format.h>

#include "common/shared/history.h"
#include "common/shared/schema.h"

namespace twinzone::shared {

Link::Link(net::Loop& loop, Options options, Events events)
    : loop_(loop), options_(std::move(options)), events_(std::move(events)), timer_(loop) {}

Link::~Link() = default;

void Link::start() {
    gone_[0].reset();
    gone_[1].reset();
    short_ = std::make_unique<Connection>(
        loop_,
        Connection::Options{.conninfo = options_.conninfo,
                            .application = options_.application,
                            .limit = options_.limit,
                            .is_relaxed = false},
        Connection::Events{.on_open = [this] { check_schema(); },
                           .on_lost = [this](const Error& error) { lose(error); },
                           .on_notification = [this](const std::string&) { events_.on_hint(); }});
}

void Link::check_schema() {
    send(short_.get(), ask_migration(), [this](const Result<Rows>& rows, const std::string& state) {
        handle_migration(rows, state);
    });
}

void Link::handle_migration(const Result<Rows>& rows, const std::string& state) {
    const bool is_new = !rows && (state == kNoTable || state == "3F000");
    const Result<std::int64_t> number =
        rows ? read_number(*rows) : (is_new ? Result<std::int64_t>{0} : fail(rows.error()));
    if (!number) {
        lose(number.error());
        return;
    }
    const auto applied = static_cast<std::size_t>(*number);
    if (applied > migrations().size()) {
        lose(Error{Errc::config_invalid,
                   fmt::format("the shared history has schema {} of a newer version of this "
                               "program, which knows {}",
                               applied, migrations().size())});
    } else if (applied == migrations().size()) {
        open_bulk();
    } else if (!is_locked_) {
        is_locked_ = true;
        send(short_.get(), lock_schema(), [this](const Result<Rows>& locked, const std::string&) {
            locked ? check_schema() : lose(locked.error());
        });
    } else {
        migrate(applied + 1);
    }
}

void Link::migrate(std::size_t next) {
    send(short_.get(), shared::migrate(next), [this](const Result<Rows>& rows, const std::string&) {
        rows ? check_schema() : lose(rows.error());
    });
}

void Link::open_bulk() {
    if (is_locked_) {
        is_locked_ = false;
        send(short_.get(), unlock_schema(), [](const Result<Rows>&, const std::string&) {});
    }
    send(short_.get(), listen(), [this](const Result<Rows>& rows, const std::string&) {
        if (!rows) {
            lose(rows.error());
            return;
        }
        bulk_ = std::make_unique<Connection>(
            loop_,
            Connection::Options{.conninfo = options_.conninfo,
                                .application = options_.application,
                                .limit = options_.limit,
                                .is_relaxed = true},
            Connection::Events{.on_open = [this] { finish(); },
                               .on_lost = [this](const Error& error) { lose(error); },
                               .on_notification = {}});
    });
}

void Link::finish() {
    is_ready_ = true;
    events_.on_ready();
}

void Link::lose(const Error& error) {
    if (timer_.is_armed()) {
        return;  // both connections go at a time
    }
    is_ready_ = false;
    is_locked_ = false;
    gone_[0] = std::move(short_);
    gone_[1] = std::move(bulk_);
    timer_.arm_after(options_.pause, [this] { start(); });
    for (const std::unique_ptr<Connection>& each : gone_) {
        if (each) {
            each->abandon(error);  // what waits on the other one hears of it as well
        }
    }
    events_.on_lost(error);
}

void Link::ask(Statement statement, Connection::Done done) {
    send(is_ready_ ? short_.get() : nullptr, std::move(statement), std::move(done));
}

void Link::ask_bulk(Statement statement, Connection::Done done) {
    send(is_ready_ ? bulk_.get() : nullptr, std::move(statement), std::move(done));
}

void Link::send(Connection* over, Statement statement, Connection::Done done) {
    if (over != nullptr) {
        over->send(std::move(statement), std::move(done));
        return;
    }
    loop_.post([done = std::move(done)] {
        done(fail(Errc::peer_unreachable, "PostgreSQL is not reached"), {});
    });
}

}  // namespace twinzone::shared
