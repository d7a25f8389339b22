// In the place of connection.cpp where this program was built without PostgreSQL.

#include <utility>

#include "common/shared/connection.h"

namespace twinzone::shared {

namespace {

Error absent() {
    return {Errc::config_invalid, "this program was built without PostgreSQL"};
}

}  // namespace

struct Connection::Core {};

Connection::Connection(net::Loop& loop, Options, Events events) : core_(std::make_shared<Core>()) {
    loop.post([events = std::move(events), weak = std::weak_ptr{core_}] {
        if (!weak.expired()) {
            events.on_lost(absent());
        }
    });
}

Connection::~Connection() = default;

void Connection::abandon(const Error&) {}

bool Connection::is_open() const noexcept {
    return false;
}

void Connection::send(Statement, Done done) {
    done(fail(absent()), {});
}

bool has_postgresql() noexcept {
    return false;
}

Result<void> check_conninfo(const std::string&) {
    return fail(absent());
}

}  // namespace twinzone::shared
