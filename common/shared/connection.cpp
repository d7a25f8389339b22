#include "common/shared/connection.h"

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "common/base/conninfo.h"
#include "common/net/descriptor_watch.h"
#include "common/net/timer.h"
#include "common/shared/libpq.h"

namespace twinzone::shared {

namespace {

constexpr int kOldestServer = 150'000;
constexpr unsigned kByteaArray = 1001;  // its type's number

using Conn = std::shared_ptr<PGconn>;

// The first line of what libpq says.
std::string first_line(const char* text) {
    const std::string_view all{text == nullptr ? "" : text};
    return std::string{all.substr(0, all.find('\n'))};
}

}  // namespace

struct Connection::Core : std::enable_shared_from_this<Core> {
    // With the thread that connects.
    struct Attempt {
        std::mutex mutex;
        bool is_wanted = true;
    };
    struct Job {
        Statement statement;
        Done done;
    };

    Core(net::Loop& on_loop, Options with, Events to_tell)
        : loop(on_loop), options(std::move(with)), events(std::move(to_tell)), timer(on_loop) {}

    void start();
    void connect();
    void handle_connected(const Conn& made);
    void begin();
    void send_next();
    [[nodiscard]] bool pass_on(const Statement& statement) const;
    void flush();
    void handle_ready();
    void tell_notifications();
    void take_result(PGresult* result);
    void finish_job();
    void lose(const Error& error);
    [[nodiscard]] Error broken() const;
    void close();

    net::Loop& loop;
    Options options;
    Events events;
    net::Timer timer;
    Libpq pq{};
    std::shared_ptr<Attempt> attempt;
    Conn conn;
    std::unique_ptr<net::DescriptorWatch> watch;
    std::deque<Job> jobs;  // the first is under way where is_busy
    Result<Rows> answer = Rows{};
    std::string state;
    bool is_open = false;
    bool is_busy = false;
    bool is_closed = false;  // by its owner, or lost
};

Connection::Connection(net::Loop& loop, Options options, Events events)
    : core_(std::make_shared<Core>(loop, std::move(options), std::move(events))) {
    loop.post([weak = std::weak_ptr{core_}] {
        if (const std::shared_ptr<Core> core = weak.lock()) {
            core->start();
        }
    });
}

Connection::~Connection() {
    core_->close();
}

bool Connection::is_open() const noexcept {
    return core_->is_open;
}

void Connection::abandon(const Error& error) {
    core_->lose(error);
}

void Connection::send(Statement statement, Done done) {
    core_->jobs.push_back({std::move(statement), std::move(done)});
    core_->loop.post([weak = std::weak_ptr{core_}] {
        if (const std::shared_ptr<Core> core = weak.lock()) {
            core->send_next();
        }
    });
}

void Connection::Core::start() {
    Result<Libpq> loaded = load_libpq();
    if (!loaded) {
        lose(loaded.error());
        return;
    }
    pq = *loaded;
    connect();
}

void Connection::Core::connect() {
    attempt = std::make_shared<Attempt>();
    const auto run = [weak = weak_from_this(), shared = attempt, on_loop = &loop, with = options,
                      library = pq] {
        const auto limit = std::chrono::ceil<seconds>(with.limit);
        const std::string wait = fmt::to_string(limit.count());
        const std::string silence =
            fmt::to_string(std::chrono::ceil<milliseconds>(with.limit).count());
        // What stands before dbname is a default; what conninfo says itself holds.
        const std::array<const char*, 8> names = {
            "connect_timeout",  "application_name",     "keepalives_idle", "keepalives_interval",
            "tcp_user_timeout", "target_session_attrs", "dbname",          nullptr};
        const std::array<const char*, 8> values = {
            wait.c_str(), with.application.c_str(), wait.c_str(), wait.c_str(), silence.c_str(),
            "read-write", with.conninfo.c_str(),    nullptr};
        const Conn made{library.connectdb_params(names.data(), values.data(), 1), library.finish};
        const std::lock_guard lock{shared->mutex};
        if (shared->is_wanted) {
            on_loop->post([weak, made] {
                const std::shared_ptr<Core> core = weak.lock();
                if (core && !core->is_closed) {
                    core->handle_connected(made);
                }
            });
        }
    };
    try {
        std::thread{run}.detach();
    } catch (const std::system_error& error) {
        lose(Error{Errc::network, error.what()});
    }
}

Error Connection::Core::broken() const {
    const std::string said = conn ? first_line(pq.error_message(conn.get())) : std::string{};
    return {Errc::peer_unreachable,
            without_secrets(said.empty() ? "the connection to PostgreSQL was lost" : said,
                            options.conninfo)};
}

void Connection::Core::handle_connected(const Conn& made) {
    conn = made;
    if (conn == nullptr || pq.status(conn.get()) != CONNECTION_OK) {
        lose(broken());
        return;
    }
    const int version = pq.server_version(conn.get());
    if (version < kOldestServer) {
        lose(Error{Errc::config_invalid,
                   fmt::format("PostgreSQL {} is there; 15 or newer is needed", version / 10'000)});
        return;
    }
    pq.set_notice_processor(
        conn.get(), [](void*, const char*) noexcept {}, nullptr);
    Result<std::unique_ptr<net::DescriptorWatch>> watching =
        net::DescriptorWatch::start(loop, pq.socket(conn.get()), [core = weak_from_this()] {
            if (const std::shared_ptr<Core> alive = core.lock()) {
                alive->handle_ready();
            }
        });
    if (pq.set_nonblocking(conn.get(), 1) != 0 || !watching) {
        lose(broken());
        return;
    }
    watch = std::move(*watching);
    begin();
}

// The settings of the session, before anything else.
void Connection::Core::begin() {
    is_open = true;
    const auto limit = std::chrono::ceil<milliseconds>(options.limit).count();
    std::string text = fmt::format(
        "SET statement_timeout = {0}; SET lock_timeout = {0};"
        " SET idle_in_transaction_session_timeout = {0}; SET client_min_messages = error;",
        limit);
    text += options.is_relaxed ? " SET synchronous_commit = off"
                               : " SELECT set_config('synchronous_commit', 'on', false)"
                                 " WHERE current_setting('synchronous_commit') = 'off'";
    jobs.push_front({Statement{.text = std::move(text), .is_simple = true},
                     [core = weak_from_this()](const Result<Rows>& rows, const std::string&) {
                         const std::shared_ptr<Core> alive = core.lock();
                         if (alive && rows && !alive->is_closed) {
                             alive->events.on_open();
                         } else if (alive && !rows) {
                             alive->lose(rows.error());
                         }
                     }});
    send_next();
}

void Connection::Core::send_next() {
    if (!is_open || is_busy || is_closed || jobs.empty()) {
        return;
    }
    is_busy = true;
    answer = Rows{};
    state.clear();
    if (!pass_on(jobs.front().statement)) {
        lose(broken());
        return;
    }
    timer.arm_after(options.limit, [core = weak_from_this()] {
        if (const std::shared_ptr<Core> alive = core.lock()) {
            alive->lose(Error{Errc::peer_unreachable, "PostgreSQL did not answer in time"});
        }
    });
    flush();
}

bool Connection::Core::pass_on(const Statement& statement) const {
    if (statement.is_simple) {
        return pq.send_query(conn.get(), statement.text.c_str()) == 1;
    }
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (const Parameter& parameter : statement.parameters) {
        types.push_back(parameter.is_page_list ? kByteaArray : 0);
        values.push_back(parameter.value ? parameter.value->c_str() : nullptr);
        lengths.push_back(parameter.value ? static_cast<int>(parameter.value->size()) : 0);
        formats.push_back(parameter.is_page_list ? 1 : 0);
    }
    return pq.send_query_params(conn.get(), statement.text.c_str(),
                                static_cast<int>(statement.parameters.size()), types.data(),
                                values.data(), lengths.data(), formats.data(),
                                statement.wants_octets ? 1 : 0) == 1;
}

void Connection::Core::flush() {
    const int left = pq.flush(conn.get());
    if (left < 0) {
        lose(broken());
        return;
    }
    watch->set_wants_room(left > 0);
}

void Connection::Core::handle_ready() {
    const std::shared_ptr<Core> alive = shared_from_this();
    if (is_closed || pq.consume_input(conn.get()) != 1) {
        lose(broken());
        return;
    }
    flush();
    if (!is_closed) {
        tell_notifications();
    }
    while (!is_closed && pq.is_busy(conn.get()) == 0) {
        PGresult* result = pq.get_result(conn.get());
        if (result != nullptr) {
            take_result(result);
            pq.clear(result);
        } else if (is_busy) {
            finish_job();
        } else {
            return;
        }
    }
}

void Connection::Core::tell_notifications() {
    while (PGnotify* told = is_closed ? nullptr : pq.notifies(conn.get())) {
        const std::string payload{told->extra};
        pq.freemem(told);
        if (events.on_notification) {
            events.on_notification(payload);
        }
    }
}

// The first error of a statement is its answer; else its last rows.
void Connection::Core::take_result(PGresult* result) {
    const ExecStatusType status = pq.result_status(result);
    if (!answer) {
        return;
    }
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
        const char* code = pq.result_error_field(result, PG_DIAG_SQLSTATE);
        const char* said = pq.result_error_field(result, PG_DIAG_MESSAGE_PRIMARY);
        state = code == nullptr ? "" : code;
        answer = fail(
            code == nullptr ? Errc::peer_unreachable : Errc::internal,
            without_secrets(first_line(said == nullptr ? pq.result_error_message(result) : said),
                            options.conninfo));
        return;
    }
    if (status != PGRES_TUPLES_OK) {
        return;
    }
    Rows rows(static_cast<std::size_t>(pq.ntuples(result)));
    const int columns = pq.nfields(result);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const int at = static_cast<int>(row);
        rows[row].resize(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) {
            if (pq.getisnull(result, at, column) == 0) {
                rows[row][static_cast<std::size_t>(column)].emplace(
                    pq.getvalue(result, at, column),
                    static_cast<std::size_t>(pq.getlength(result, at, column)));
            }
        }
    }
    answer = std::move(rows);
}

void Connection::Core::finish_job() {
    timer.cancel();
    Job job = std::move(jobs.front());
    jobs.pop_front();
    is_busy = false;
    const std::string code = std::exchange(state, {});
    job.done(std::exchange(answer, Rows{}), code);
    send_next();
}

void Connection::Core::lose(const Error& error) {
    if (is_closed) {
        return;
    }
    const std::shared_ptr<Core> alive = shared_from_this();
    close();
    std::deque<Job> lost = std::exchange(jobs, {});
    const Events told = events;
    for (const Job& job : lost) {
        job.done(fail(error), {});
    }
    told.on_lost(error);
}

void Connection::Core::close() {
    if (attempt) {
        const std::lock_guard lock{attempt->mutex};
        attempt->is_wanted = false;
    }
    is_closed = true;
    is_open = false;
    timer.cancel();
    watch.reset();
    conn.reset();
}

bool has_postgresql() noexcept {
    return true;
}

Result<void> check_conninfo(const std::string& conninfo) {
    const Result<Libpq> pq = load_libpq();
    if (!pq) {
        return fail(pq.error());
    }
    char* said = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{
        pq->conninfo_parse(conninfo.c_str(), &said), pq->conninfo_free};
    const std::unique_ptr<char, decltype(&PQfreemem)> words{said, pq->freemem};
    if (options) {
        return {};
    }
    return fail(Errc::config_invalid, without_secrets(first_line(said), conninfo));
}

}  // namespace twinzone::shared
