#include "tests/unit/shared/postgresql.h"

#include <cstdlib>
#include <filesystem>

#include <unistd.h>

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace twinzone::test {

namespace {

namespace fs = std::filesystem;

std::string programs_folder() {
    std::error_code ignored;
    std::string newest;
    for (const auto& each : fs::directory_iterator{"/usr/lib/postgresql", ignored}) {
        if (fs::exists(each.path() / "bin" / "postgres")) {
            newest = std::max(newest, (each.path() / "bin").string());
        }
    }
    return newest;
}

// PostgreSQL runs as anybody but root.
class Server {
  public:
    Server() : programs_(programs_folder()) {
        if (programs_.empty()) {
            return;
        }
        run("chmod 755 " + folder_.path());
        if (::geteuid() == 0) {
            as_ = "setpriv --reuid=nobody --regid=nogroup --clear-groups ";
            run("chown nobody " + folder_.path());
        }
        const std::string cluster = folder_.in("cluster");
        run(fmt::format("{}{}/initdb -D {} -U twinzone -A trust -E UTF8 --no-sync", as_, programs_,
                        cluster));
        run(fmt::format(
            "{}{}/pg_ctl -D {} -l {} -w -o \"-k {} -c listen_addresses='' -c fsync=off\""
            " start",
            as_, programs_, cluster, folder_.in("log"), folder_.path()));
        conninfo_ = fmt::format("host={} dbname=postgres user=twinzone", folder_.path());
    }

    ~Server() {
        if (!conninfo_.empty()) {
            // The tests are over: nothing can be required any more.
            static_cast<void>(succeeds(fmt::format("{}{}/pg_ctl -D {} -w -m immediate stop", as_,
                                                   programs_, folder_.in("cluster"))));
        }
    }

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const std::string& conninfo() const noexcept { return conninfo_; }

  private:
    [[nodiscard]] bool succeeds(const std::string& command) const {
        const std::string whole =
            fmt::format("cd {} && {} >/dev/null 2>&1", folder_.path(), command);
        return std::system(whole.c_str()) == 0;
    }
    void run(const std::string& command) const { REQUIRE(succeeds(command)); }

    TemporaryFolder folder_;
    std::string programs_;
    std::string as_;
    std::string conninfo_;
};

}  // namespace

const std::string& postgresql() {
    static const std::string none;
    if (!shared::has_postgresql()) {
        return none;
    }
    static const Server server;
    return server.conninfo();
}

LinkedHistory::LinkedHistory()
    : link_(loop_,
            {.conninfo = postgresql(),
             .application = "unit test",
             .limit = seconds{20},
             .pause = milliseconds{50}},
            {.on_ready = [this] { loop_.stop(); },
             .on_lost = [](const Error& error) { FAIL(error.detail()); },
             .on_hint = [this] { ++hints_; }}) {
    link_.start();
    loop_.run();
    REQUIRE(link_.is_ready());
    sql("TRUNCATE twinzone.zone, twinzone.version, twinzone.snapshot, twinzone.blob,"
        " twinzone.page; UPDATE twinzone.lease SET token = 0, holder = '', expires = '-infinity',"
        " last_sequence = 0");
}

Result<shared::Rows> LinkedHistory::wait(
    const std::function<void(shared::Connection::Done)>& send) {
    std::optional<Result<shared::Rows>> answer;
    send([&](Result<shared::Rows> rows, const std::string& state) {
        answer.emplace(std::move(rows));
        state_ = state;
        loop_.stop();
    });
    while (!answer) {
        loop_.run();
    }
    return *std::move(answer);
}

Result<shared::Rows> LinkedHistory::ask(shared::Statement statement) {
    return wait(
        [&](shared::Connection::Done done) { link_.ask(std::move(statement), std::move(done)); });
}

Result<shared::Rows> LinkedHistory::ask_bulk(shared::Statement statement) {
    return wait([&](shared::Connection::Done done) {
        link_.ask_bulk(std::move(statement), std::move(done));
    });
}

shared::Rows LinkedHistory::sql(std::string text) {
    Result<shared::Rows> rows = ask({.text = std::move(text), .is_simple = true});
    INFO((rows ? std::string{} : rows.error().detail()));
    REQUIRE(rows);
    return *std::move(rows);
}

}  // namespace twinzone::test
