#include "common/service/shared_questions.h"

#include <utility>

#include "common/base/assert.h"

namespace twinzone::service {

void SharedQuestions::ask(shared::Statement statement, OnRows then) {
    put(std::move(statement), false, std::move(then));
}

void SharedQuestions::ask_bulk(shared::Statement statement, OnRows then) {
    put(std::move(statement), true, std::move(then));
}

void SharedQuestions::put(shared::Statement statement, bool bulk, OnRows then) {
    const SharedAskId id{++last_id_};
    rows_.emplace(id, std::move(then));
    actions_.emplace_back(AskHistory{.id = id, .bulk = bulk, .statement = std::move(statement)});
}

void SharedQuestions::commit(zone::Commit commit, OnCommitted then) {
    const SharedAskId id{++last_id_};
    commits_.emplace(id, std::move(then));
    actions_.emplace_back(CommitAgreed{.id = id, .commit = std::move(commit)});
}

std::optional<SharedAction> SharedQuestions::poll_action() {
    if (actions_.empty()) {
        return std::nullopt;
    }
    SharedAction action = std::move(actions_.front());
    actions_.pop_front();
    return action;
}

void SharedQuestions::handle_rows(Now now, SharedAskId id, const Result<shared::Rows>& rows,
                                  const std::string& state) {
    const auto at = rows_.find(id);
    TWINZONE_ASSERT(at != rows_.end());
    const OnRows then = std::move(at->second);
    rows_.erase(at);
    then(now, rows, state);
}

void SharedQuestions::handle_committed(Now now, SharedAskId id,
                                       const Result<zone::Committed>& committed) {
    const auto at = commits_.find(id);
    TWINZONE_ASSERT(at != commits_.end());
    const OnCommitted then = std::move(at->second);
    commits_.erase(at);
    then(now, committed);
}

}  // namespace twinzone::service
