#include "common/observe/event_text.h"

#include "tests/support/catch.h"

namespace twinzone::observe {

TEST_CASE("a transfer's line follows the grammar of the log", "[observe]") {
    const Endpoint v4 = *Endpoint::from_text("192.0.2.1@853", 53);
    const Endpoint v6 = *Endpoint::from_text("2001:db8::1@53", 53);
    struct Row {
        const char* name = nullptr;
        TransferFacts facts;
        const char* expected = nullptr;
    };
    const Row rows[] = {
        {"incremental, in",
         {.type = TransferType::ixfr,
          .remote = v4,
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
         {.remote = v6, .to = dns::Serial{9}, .records = 1000, .messages = 3, .bytes = 40000},
         "AXFR, incoming, remote 2001:db8::1@53, finished, serial 9, 1000 records, 3 messages, "
         "40000 bytes, 0.00 s"},
        {"full, out, unsigned",
         {.direction = TransferDirection::outgoing,
          .remote = v4,
          .to = dns::Serial{4294967295},
          .records = 2,
          .messages = 1,
          .bytes = 99,
          .took = seconds{61}},
         "AXFR, outgoing, remote 192.0.2.1@853, finished, serial 4294967295, 2 records, 1 "
         "messages, 99 bytes, 61.00 s"},
        {"whole zone for an incremental question",
         {.type = TransferType::ixfr_as_axfr,
          .remote = v4,
          .from = dns::Serial{7},
          .to = dns::Serial{9},
          .records = 5},
         "AXFR-style IXFR, incoming, remote 192.0.2.1@853, finished, serial 7 -> 9, 5 records, 0 "
         "messages, 0 bytes, 0.00 s"},
        {"failed before anything came",
         {.type = TransferType::ixfr,
          .remote = v4,
          .key = "k1.",
          .result = "failed: connect: connection refused",
          .from = dns::Serial{7}},
         "IXFR, incoming, remote 192.0.2.1@853, key k1., failed: connect: connection refused, "
         "serial 7, 0 messages, 0 bytes, 0.00 s"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(transfer_text(row.facts) == row.expected);
        }
    }
}

}  // namespace twinzone::observe
