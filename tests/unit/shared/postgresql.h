// A PostgreSQL server of the tests' own, started when it is first asked for and ended with them.
#pragma once

#include <string>

#include "common/net/loop.h"
#include "common/shared/link.h"

namespace twinzone::test {

// How to reach it; empty where Debian's package `postgresql` is not here,
// or this was built without it.
[[nodiscard]] const std::string& postgresql();

// A link to a history that is empty, and what it answers, waited for.
class LinkedHistory {
  public:
    LinkedHistory();

    [[nodiscard]] Result<shared::Rows> ask(shared::Statement statement);
    [[nodiscard]] Result<shared::Rows> ask_bulk(shared::Statement statement);
    // Plain SQL that must succeed.
    shared::Rows sql(std::string text);
    // SQLSTATE of what was asked last; empty where it succeeded.
    [[nodiscard]] const std::string& state() const noexcept { return state_; }
    [[nodiscard]] std::size_t hints() const noexcept { return hints_; }

  private:
    Result<shared::Rows> wait(const std::function<void(shared::Connection::Done)>& send);

    net::Loop loop_;
    std::string state_;
    std::size_t hints_ = 0;
    shared::Link link_;
};

}  // namespace twinzone::test
