#include "tests/sim/model_link.h"

#include <algorithm>
#include <utility>

namespace twinzone::sim {

namespace {

constexpr Duration kAnswerLimit = seconds{10};
constexpr Duration kPause = seconds{1};
constexpr Duration kSentAgain = milliseconds{200};

}  // namespace

void Database::stop(bool crash) {
    postgresql.stop(crash);
    for (const auto& [host, weak] : listening) {
        if (const std::shared_ptr<ModelLink> link = weak.lock()) {
            link->handle_broken();
        }
    }
}

void ModelLink::start(Events events) {
    events_ = std::move(events);
    database_.listening[host_] = weak_from_this();
    connect();
}

void ModelLink::close() {
    is_closed_ = true;
    waiting_.clear();
    if (session_) {
        session_->is_dead = true;
        session_.reset();
    }
}

void ModelLink::connect() {
    const bool blocked =
        network_.is_blocked(host_, kDatabase) || network_.is_blocked(kDatabase, host_);
    world_.after_at(host_,
                    blocked ? kAnswerLimit : world_.between(milliseconds{1}, milliseconds{20}),
                    [weak = weak_from_this(), blocked] {
                        const std::shared_ptr<ModelLink> self = weak.lock();
                        if (!self || self->is_closed_) {
                            return;
                        }
                        if (blocked || !self->database_.postgresql.is_up()) {
                            self->lose({Errc::peer_unreachable, "PostgreSQL does not answer"});
                            return;
                        }
                        self->session_ = std::make_shared<Session>();
                        self->session_->epoch = self->database_.postgresql.epoch();
                        self->events_.on_ready();
                    });
}

void ModelLink::lose(const Error& error) {
    if (session_) {
        session_->is_dead = true;
    }
    session_.reset();
    world_.after_at(host_, kPause, [weak = weak_from_this()] {
        const std::shared_ptr<ModelLink> self = weak.lock();
        if (self && !self->is_closed_) {
            self->connect();
        }
    });
    for (const service::SharedAskId id : std::exchange(waiting_, {})) {
        events_.on_rows(id, fail(error), {});
    }
    events_.on_lost(error);
}

// The server's word of it may not get through: then the time limit tells.
void ModelLink::handle_broken() {
    const std::shared_ptr<Session> session = session_;
    if (!session || network_.is_blocked(kDatabase, host_)) {
        return;
    }
    world_.after_at(host_, world_.between(milliseconds{1}, milliseconds{50}),
                    [weak = weak_from_this(), session] {
                        const std::shared_ptr<ModelLink> self = weak.lock();
                        if (self && self->session_ == session) {
                            self->lose({Errc::peer_unreachable, "PostgreSQL ended the connection"});
                        }
                    });
}

void ModelLink::handle_notified() {
    const std::shared_ptr<Session> session = session_;
    if (!session || network_.is_blocked(kDatabase, host_) ||
        world_.chance(database_.faults.hint_loss_percent)) {
        world_.count("notification lost");
        return;
    }
    world_.after_at(host_, world_.between(milliseconds{1}, database_.faults.most_delay),
                    [weak = weak_from_this(), session] {
                        const std::shared_ptr<ModelLink> self = weak.lock();
                        if (self && self->session_ == session) {
                            self->events_.on_hint();
                        }
                    });
}

Duration ModelLink::ordered(Session& session, std::size_t way) {
    Duration& last = session.last_arrival[way];
    last = std::max(
        last, world_.elapsed() + world_.between(microseconds{100}, database_.faults.most_delay));
    return last - world_.elapsed();
}

void ModelLink::ask(service::AskHistory question) {
    const service::SharedAskId id = question.id;
    if (!session_) {
        world_.after_at(host_, microseconds{1}, [weak = weak_from_this(), id] {
            const std::shared_ptr<ModelLink> self = weak.lock();
            if (self && !self->is_closed_) {
                self->events_.on_rows(id, fail(Errc::peer_unreachable, "PostgreSQL is not reached"),
                                      {});
            }
        });
        return;
    }
    const std::size_t way = question.bulk ? 1 : 0;
    waiting_.insert(id);
    session_->sent[way].push_back(std::move(question));
    world_.after_at(
        kDatabase, ordered(*session_, way),
        [self = shared_from_this(), session = session_, way] { self->arrive(session, way); });
    world_.after_at(host_, kAnswerLimit, [weak = weak_from_this(), id] {
        const std::shared_ptr<ModelLink> self = weak.lock();
        if (self && self->waiting_.contains(id)) {
            self->lose({Errc::peer_unreachable, "PostgreSQL did not answer in time"});
        }
    });
}

// Whoever gave up may have sent it before, and nobody takes it back.
void ModelLink::arrive(const std::shared_ptr<Session>& session, std::size_t way) {
    if (session->sent[way].empty() || session->epoch != database_.postgresql.epoch()) {
        return;
    }
    if (network_.is_blocked(host_, kDatabase)) {
        world_.after_at(kDatabase, kSentAgain,
                        [self = shared_from_this(), session, way] { self->arrive(session, way); });
        return;
    }
    const service::AskHistory question = std::move(session->sent[way].front());
    session->sent[way].pop_front();
    if (session->is_dead && world_.chance(50)) {
        world_.count("statement of who gave up: not executed");
        session->sent[way].clear();
        return;
    }
    if (session->is_dead) {
        world_.count("statement of who gave up: executed");
    }
    execute(session, question);
}

void ModelLink::execute(const std::shared_ptr<Session>& session,
                        const service::AskHistory& question) {
    const bool breaks = world_.chance(database_.faults.break_percent);
    const bool before = breaks && world_.chance(50);
    if (before) {
        world_.count("connection to PostgreSQL broken before a commit");
    } else {
        const ModelPostgresql::Answer given = database_.postgresql.execute(question.statement);
        if (given.notifies) {
            notify();
        }
        if (!breaks) {
            answer(session, question, given);
            return;
        }
        world_.count("connection to PostgreSQL broken after a commit");
    }
    session->sent = {};
    if (session_ == session) {
        handle_broken();
    }
}

void ModelLink::notify() {
    for (const auto& [host, weak] : database_.listening) {
        if (const std::shared_ptr<ModelLink> link = weak.lock()) {
            link->handle_notified();
        }
    }
}

void ModelLink::answer(const std::shared_ptr<Session>& session, const service::AskHistory& question,
                       const ModelPostgresql::Answer& answer) {
    if (session->is_dead) {
        return;
    }
    world_.after_at(host_, ordered(*session, question.bulk ? 3 : 2),
                    [weak = weak_from_this(), session, id = question.id, answer] {
                        if (const std::shared_ptr<ModelLink> self = weak.lock()) {
                            self->hand_over(session, id, answer);
                        }
                    });
}

void ModelLink::hand_over(const std::shared_ptr<Session>& session, service::SharedAskId id,
                          const ModelPostgresql::Answer& answer) {
    if (session_ != session || !waiting_.contains(id)) {
        return;
    }
    if (network_.is_blocked(kDatabase, host_)) {
        return;  // and with it what follows: the time limit ends it
    }
    waiting_.erase(id);
    events_.on_rows(id, answer.rows, answer.state);
}

}  // namespace twinzone::sim
