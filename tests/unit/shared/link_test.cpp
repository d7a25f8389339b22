#include "common/shared/link.h"

#include "common/base/conninfo.h"
#include "common/shared/history.h"
#include "common/shared/schema.h"
#include "tests/support/catch.h"
#include "tests/unit/shared/postgresql.h"

namespace twinzone::shared {

TEST_CASE("the schema is made once, whoever comes first", "[shared]") {
    if (test::postgresql().empty()) {
        WARN("not tested: no PostgreSQL here");
        return;
    }
    test::LinkedHistory history;
    history.sql("DROP SCHEMA twinzone CASCADE");
    net::Loop loop;
    std::size_t ready = 0;
    std::vector<std::unique_ptr<Link>> links;
    for (int i = 0; i < 3; ++i) {
        links.push_back(std::make_unique<Link>(
            loop,
            Link::Options{.conninfo = test::postgresql(),
                          .application = "unit test",
                          .limit = seconds{20},
                          .pause = milliseconds{50}},
            Link::Events{.on_ready =
                             [&] {
                                 if (++ready == 3) {
                                     loop.stop();
                                 }
                             },
                         .on_lost = [](const Error& error) { FAIL(error.detail()); },
                         .on_hint = [] {}}));
        links.back()->start();
    }
    loop.run();
    const auto count = std::to_string(migrations().size());
    CHECK(history.sql("SELECT count(*), max(number) FROM twinzone.migration") ==
          Rows{{count, count}});
}

TEST_CASE("a newer schema is left alone", "[shared]") {
    if (test::postgresql().empty()) {
        WARN("not tested: no PostgreSQL here");
        return;
    }
    test::LinkedHistory history;
    history.sql("INSERT INTO twinzone.migration (number) VALUES (1000)");
    net::Loop loop;
    std::string said;
    Link link{loop,
              {.conninfo = test::postgresql(),
               .application = "unit test",
               .limit = seconds{20},
               .pause = seconds{60}},
              {.on_ready = [&] { loop.stop(); },
               .on_lost =
                   [&](const Error& error) {
                       said = error.detail();
                       loop.stop();
                   },
               .on_hint = [] {}}};
    link.start();
    loop.run();
    CHECK(said.find("newer version") != std::string::npos);
    history.sql("DELETE FROM twinzone.migration WHERE number = 1000");
}

TEST_CASE("what PostgreSQL is asked for while it is away fails at once", "[shared]") {
    net::Loop loop;
    std::string said;
    Link link{loop,
              {.conninfo = "host=/nowhere password=s3cret",
               .application = "unit test",
               .limit = seconds{5},
               .pause = seconds{60}},
              {.on_ready = [] { FAIL("nobody is there"); },
               .on_lost =
                   [&](const Error& error) {
                       said = error.detail();
                       loop.stop();
                   },
               .on_hint = [] {}}};
    bool told = false;
    link.ask(listen(), [&](const Result<Rows>& rows, const std::string&) { told = !rows; });
    CHECK_FALSE(told);
    link.start();
    loop.run();
    CHECK(told);
    CHECK_FALSE(said.empty());
    CHECK(said.find("s3cret") == std::string::npos);
}

TEST_CASE("no password of CONNINFO is told", "[shared]") {
    struct Case {
        const char* conninfo;
        const char* secret;
    };
    const Case cases[] = {
        {"host=a password=s3cret user=b", "s3cret"},
        {"host=a password = 's3 cret' user=b", "s3 cret"},
        {"host=a sslpassword=abc password=s3cret", "s3cret"},
        {"postgresql://user:s3cret@host/db", "s3cret"},
        {"postgresql://user@host/db?password=s3cret&sslmode=require", "s3cret"},
    };
    for (const Case& row : cases) {
        DYNAMIC_SECTION(row.conninfo) {
            const std::string said =
                without_secrets(std::string{"wrong: "} + row.conninfo, row.conninfo);
            CHECK(said.find(row.secret) == std::string::npos);
            CHECK(said.find("wrong") == 0);
        }
    }
}

}  // namespace twinzone::shared
