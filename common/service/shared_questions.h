// What goes out of a primary's part in a shared history, and who waits there for each answer. No
// I/O: actions wait until the shell takes them, answers come back by their number.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/service/shared_event.h"

namespace twinzone::service {

// One thread only. Who waits outlives it, or ends with it.
class SharedQuestions {
  public:
    // `state`: the SQLSTATE of an error; empty where the connection was lost.
    using OnRows =
        std::function<void(Now now, const Result<shared::Rows>& rows, const std::string& state)>;
    using OnCommitted = std::function<void(Now now, const Result<zone::Committed>& committed)>;

    void ask(shared::Statement statement, OnRows then);
    // Pages, and what they are found by: the lease does not wait behind them.
    void ask_bulk(shared::Statement statement, OnRows then);
    void commit(zone::Commit commit, OnCommitted then);

    [[nodiscard]] std::optional<SharedAction> poll_action();
    void handle_rows(Now now, SharedAskId id, const Result<shared::Rows>& rows,
                     const std::string& state);
    void handle_committed(Now now, SharedAskId id, const Result<zone::Committed>& committed);

  private:
    void put(shared::Statement statement, bool bulk, OnRows then);

    std::uint64_t last_id_ = 0;
    std::deque<SharedAction> actions_;
    std::unordered_map<SharedAskId, OnRows> rows_;
    std::unordered_map<SharedAskId, OnCommitted> commits_;
};

}  // namespace twinzone::service
