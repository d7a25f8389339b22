#include "common/dns/edns.h"

#include "common/dns/extended_error.h"
#include "tests/support/catch.h"

namespace twinzone::dns {

namespace {

Edns with(std::vector<Bytes> errors) {
    Edns edns;
    for (Bytes& value : errors) {
        edns.options.push_back({EdnsOption::extended_error, std::move(value)});
    }
    return edns;
}

}  // namespace

TEST_CASE("an extended error is its code and its text on the wire", "[dns][edns]") {
    Edns edns;
    add_extended_error(edns, ExtendedErrorCode::prohibited, "no");
    const Record opt = edns.record();
    // OPTION-CODE 15, OPTION-LENGTH 4, INFO-CODE 18, EXTRA-TEXT
    CHECK(opt.rdata == Bytes{0, 15, 0, 4, 0, 18, 'n', 'o'});
}

TEST_CASE("what a peer says of its errors is told in a bracket", "[dns][edns]") {
    struct Row {
        const char* name;
        std::vector<Bytes> errors;
        std::string text;
    };
    const Row rows[] = {
        {"nothing", {}, ""},
        {"a code", {{0, 20}}, " (Not Authoritative)"},
        {"a code without a name", {{1, 0}}, " (code 256)"},
        {"code and text", {{0, 18, 'n', 'o'}}, " (Prohibited: no)"},
        {"two", {{0, 14}, {0, 22, 'x'}}, " (Not Ready; No Reachable Authority: x)"},
        {"cut short", {{0}}, ""},
        {"control octets", {{0, 0, 'a', '\n', 0x1b, 0xff, 'b'}}, " (Other: a???b)"},
        {"many",
         {{0, 1}, {0, 2}, {0, 3}, {0, 4}},
         " (Unsupported DNSKEY Algorithm; Unsupported DS Digest Type; Stale Answer)"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(extended_errors_text(with(row.errors)) == row.text);
        }
    }
}

TEST_CASE("a long text of a peer is cut", "[dns][edns]") {
    Bytes value{0, 0};
    value.resize(60000, 'x');
    CHECK(extended_errors_text(with({value})) ==
          " (Other: " + std::string(kMaxExtendedTextBytes, 'x') + ")");
}

TEST_CASE("edns-tcp-keepalive asks without a value and answers in tenths of a second", "[dns]") {
    Edns asks;
    asks.ask_keepalive();
    CHECK(asks.has_keepalive());
    CHECK(asks.keepalive() == std::nullopt);
    struct Row {
        Duration idle;
        milliseconds told;
    };
    const Row rows[] = {{seconds{30}, seconds{30}},
                        {milliseconds{250}, milliseconds{200}},
                        {milliseconds{50}, milliseconds{0}},
                        {hours{48}, milliseconds{6553500}}};
    for (const Row& row : rows) {
        Edns told;
        told.set_keepalive(row.idle);
        const Record opt = told.record();
        CHECK(Edns::parse(opt.view())->keepalive() == row.told);
    }
    Edns odd;
    odd.options.push_back({EdnsOption::tcp_keepalive, Bytes{1}});
    CHECK(odd.keepalive() == std::nullopt);
}

}  // namespace twinzone::dns
