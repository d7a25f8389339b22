// The way of one life of a process to the modelled PostgreSQL, as common/shared/link.h: two
// connections that come and go together, statements in order on each, a time limit, a new try after
// a pause. Packets are late and are sent again behind a partition; a connection breaks before a
// statement arrives, or after it was committed and before anybody hears of it; what was sent by who
// gave up may be executed all the same. Notifications may be lost.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/service/shared_event.h"
#include "tests/sim/model_postgresql.h"
#include "tests/sim/network.h"

namespace twinzone::sim {

inline constexpr Host kDatabase = 9;

struct DatabaseFaults {
    unsigned break_percent = 0;  // of statements: the connection breaks before or after them
    unsigned hint_loss_percent = 0;
    Duration most_delay = milliseconds{5};
};

class ModelLink;

// PostgreSQL, and who is connected.
struct Database {
    ModelPostgresql& postgresql;
    DatabaseFaults faults;
    std::map<Host, std::weak_ptr<ModelLink>> listening;

    void stop(bool crash);
};

class ModelLink : public std::enable_shared_from_this<ModelLink> {
  public:
    struct Events {
        std::function<void()> on_ready;
        std::function<void(const Error& error)> on_lost;
        std::function<void()> on_hint;
        std::function<void(service::SharedAskId id, const Result<shared::Rows>& rows,
                           const std::string& state)>
            on_rows;
    };
    ModelLink(World& world, Network& network, Database& database, Host host)
        : world_(world), network_(network), database_(database), host_(host) {}

    void start(Events events);
    // The process is no more; what it has sent is on its way all the same.
    void close();
    // Answered once, never from within.
    void ask(service::AskHistory question);
    // PostgreSQL has ended the connection.
    void handle_broken();
    void handle_notified();

  private:
    // Both connections; it outlives the client's side of them where packets are still on their way.
    struct Session {
        std::uint64_t epoch = 0;
        bool is_dead = false;
        std::array<std::deque<service::AskHistory>, 2> sent;
        std::array<Duration, 4> last_arrival{};  // there, then back
    };

    void connect();
    void lose(const Error& error);
    void arrive(const std::shared_ptr<Session>& session, std::size_t way);
    void execute(const std::shared_ptr<Session>& session, const service::AskHistory& question);
    void answer(const std::shared_ptr<Session>& session, const service::AskHistory& question,
                const ModelPostgresql::Answer& answer);
    void notify();
    void hand_over(const std::shared_ptr<Session>& session, service::SharedAskId id,
                   const ModelPostgresql::Answer& answer);
    // In order on each way, and after the rest of what goes it.
    [[nodiscard]] Duration ordered(Session& session, std::size_t way);

    World& world_;
    Network& network_;
    Database& database_;
    Host host_;
    bool is_closed_ = false;
    Events events_;
    std::shared_ptr<Session> session_;  // null: not connected
    std::set<service::SharedAskId> waiting_;
};

}  // namespace twinzone::sim
