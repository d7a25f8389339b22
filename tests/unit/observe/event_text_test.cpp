#include "common/observe/event_text.h"

#include "tests/support/catch.h"

namespace twinzone::observe {

TEST_CASE("an event's line follows the grammar of the log", "[observe]") {
    struct Row {
        const char* name = nullptr;
        const char* what = nullptr;
        const char* result = nullptr;
        EventFacts facts;
        const char* expected = nullptr;
    };
    const Row rows[] = {
        {"incremental, in",
         "IXFR, incoming",
         "finished",
         {.remote = "192.0.2.1@853",
          .tls = true,
          .key = "k1.",
          .from = dns::Serial{7},
          .to = dns::Serial{9},
          .added = 3,
          .removed = 2,
          .messages = 1,
          .bytes = 212,
          .took = milliseconds{12}},
         "IXFR, incoming, remote 192.0.2.1@853 tls, key k1., finished, serial 7 -> 9, +3 -2 "
         "records, 1 messages, 212 bytes, 0.01 s"},
        {"full, in, first load",
         "AXFR, incoming",
         "finished",
         {.remote = "2001:db8::1@53",
          .to = dns::Serial{9},
          .records = 1000,
          .messages = 3,
          .bytes = 40000},
         "AXFR, incoming, remote 2001:db8::1@53, finished, serial 9, 1000 records, 3 messages, "
         "40000 bytes, 0.00 s"},
        {"full, out, unsigned",
         "AXFR, outgoing",
         "finished",
         {.remote = "192.0.2.1@853",
          .to = dns::Serial{4294967295},
          .messages = 1,
          .bytes = 99,
          .took = seconds{61}},
         "AXFR, outgoing, remote 192.0.2.1@853, finished, serial 4294967295, 1 messages, 99 "
         "bytes, 61.00 s"},
        {"failed before anything came",
         "IXFR, incoming",
         "failed",
         {.remote = "192.0.2.1@853",
          .key = "k1.",
          .detail = "connect: connection refused",
          .from = dns::Serial{7},
          .messages = 0},
         "IXFR, incoming, remote 192.0.2.1@853, key k1., failed: connect: connection refused, "
         "serial 7, 0 messages, 0 bytes, 0.00 s"},
        {"a remote by name and address",
         "NOTIFY, outgoing",
         "answered",
         {.remote = "192.0.2.2@53", .name = "ns2", .to = dns::Serial{9}},
         "NOTIFY, outgoing, remote 192.0.2.2@53 (ns2), answered, serial 9"},
        {"a remote by name only, and the next try",
         "refresh",
         "failed",
         {.name = "ns1", .detail = "no answer", .next = seconds{5}},
         "refresh, remote ns1, failed: no answer, again in 5 s"},
        {"a file and its digest",
         "zone file",
         "published",
         {.file = "/etc/z.db", .to = dns::Serial{1}, .records = 4, .digest = "0a"},
         "zone file, file /etc/z.db, published, serial 1, 4 records, digest 0a"},
        {"nothing but what it is about", "expired", "", {}, "expired"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(event_text(row.what, row.result, row.facts) == row.expected);
        }
    }
}

TEST_CASE("the facts of an event are members of its line of JSON", "[observe]") {
    const EventFacts facts{.remote = "192.0.2.1@853",
                           .tls = true,
                           .key = "k1.",
                           .from = dns::Serial{7},
                           .to = dns::Serial{9},
                           .added = 3,
                           .removed = 2,
                           .messages = 1,
                           .bytes = 212,
                           .took = milliseconds{12}};
    const std::vector<Member> members = event_members(facts);
    const Event event{.level = Level::info,
                      .zone = "z.",
                      .text = "t",
                      .unix_milliseconds = 0,
                      .members = members};
    CHECK(format_line(LineStyle::json, event) ==
          R"({"time":"1970-01-01T00:00:00.000Z","level":"info","zone":"z.","message":"t",)"
          R"("remote":"192.0.2.1@853","transport":"tls","key":"k1.","serial_from":7,"serial":9,)"
          R"("added":3,"removed":2,"messages":1,"bytes":212,"seconds":0.012})");
    CHECK(format_line(LineStyle::journal_json, event).starts_with(R"(<6>{"time":)"));
    CHECK(event_members({}).empty());
    CHECK(event_members({.next = seconds{5}}).front().name == "next_in_seconds");
}

}  // namespace twinzone::observe
