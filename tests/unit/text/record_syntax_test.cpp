#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/text/zone_text.h"

using namespace std::string_literals;
using twinzone::Random;
using twinzone::test::read_text;
using twinzone::test::summary;

TEST_CASE("records of RFC 1035 section 5 are read in all their forms", "[text]") {
    struct Row {
        const char* name;
        std::string zone;
        std::string expected;
    };
    const std::string a = "www.example.test. 60 IN A 192.0.2.1\n";
    const Row rows[] = {
        {"owner TTL class type", "www 60 IN A 192.0.2.1\n", a},
        {"owner class TTL type", "www IN 60 A 192.0.2.1\n", a},
        {"owner TTL type", "www 60 A 192.0.2.1\n", a},
        {"lower case type and class", "www 60 in a 192.0.2.1\n", a},
        {"absolute owner", "www.example.test. 60 IN A 192.0.2.1\n", a},
        {"tabs and many spaces", "www\t\t60 \t IN   A\t192.0.2.1  \n", a},
        {"CRLF", "www 60 IN A 192.0.2.1\r\n\r\n", a},
        {"no newline at the end", "www 60 IN A 192.0.2.1", a},
        {"comment behind, no newline", "www 60 IN A 192.0.2.1 ; x", a},
        {"comment without a space", "www 60 IN A 192.0.2.1;x \"( \n", a},
        {"empty lines, blank lines and comments", "\n  \n; c\n   ; d\n\t\nwww 60 IN A 192.0.2.1\n",
         a},
        {"parentheses over lines", "www 60 ( IN ; (\n A\n\n 192.0.2.1 ; )\n )\n", a},
        {"parentheses around everything", "( www 60 IN A 192.0.2.1 )\n", a},
        {"parentheses without spaces", "www(60)IN(A)192.0.2.1\n", a},
        {"nested parentheses", "www ( 60 ( IN ) A\n 192.0.2.1 )\n", a},
        {"CLASS1 and TYPE1", "www 60 CLASS1 TYPE1 192.0.2.1\n", a},
        {"unknown form of a known type", "www 60 IN A \\# 4 c0000201\n", a},
        {"unknown form in pieces", "www 60 IN TYPE1 \\# 4 c0 00 (\n02 01 )\n", a},
        {"@ is the origin", "@ 60 IN A 192.0.2.1\n", "example.test. 60 IN A 192.0.2.1\n"},
        {"@ in rdata", "@ 60 IN NS @\n", "example.test. 60 IN NS example.test.\n"},
        {"escaped @ is a label", "\\@ 60 IN A 192.0.2.1\n",
         "\\@.example.test. 60 IN A 192.0.2.1\n"},
        {"root", ". 60 IN NS .\n", ". 60 IN NS .\n"},
        {"blank owner is the last owner", "www 60 IN A 192.0.2.1\n   60 IN A 192.0.2.2\n",
         a + "www.example.test. 60 IN A 192.0.2.2\n"},
        {"blank owner with an escape that was a blank", "a\\ b 60 A 192.0.2.1\n",
         "a\\032b.example.test. 60 IN A 192.0.2.1\n"},
        {"escapes in names", "a\\.b\\\\\\;\\066\\000 60 A 192.0.2.1\n",
         "a\\.b\\\\\\;B\\000.example.test. 60 IN A 192.0.2.1\n"},
        {"case is kept", "WwW 60 NS Ns.Example.TEST.\n",
         "WwW.example.test. 60 IN NS Ns.Example.TEST.\n"},
        {"owner that looks like a type", "a 60 A 192.0.2.1\nNS 60 A 192.0.2.1\n",
         "a.example.test. 60 IN A 192.0.2.1\nNS.example.test. 60 IN A 192.0.2.1\n"},
        {"owner of digits", "60 60 A 192.0.2.1\n", "60.example.test. 60 IN A 192.0.2.1\n"},
        {"owner in the middle of UTF-8", "\xc3\xa4 60 A 192.0.2.1\n",
         "\\195\\164.example.test. 60 IN A 192.0.2.1\n"},
        {"nothing", "", ""},
        {"only a comment", "; nothing", ""},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(summary(read_text(row.zone)) == row.expected);
        }
    }
}

TEST_CASE("a TTL that is left out comes from where the RFCs and BIND say", "[text]") {
    struct Row {
        const char* name;
        std::string zone;
        std::vector<std::uint32_t> ttls;
    };
    const Row rows[] = {
        {"units",
         "a 1h30m A 192.0.2.1\na 1W2d A 192.0.2.1\na 1s A 192.0.2.1\na 0 A 192.0.2.1\n",
         {5400, 777600, 1, 0}},
        {"largest", "a 2147483647 A 192.0.2.1\n", {2147483647}},
        {"last explicit", "a 60 A 192.0.2.1\na A 192.0.2.2\n", {60, 60}},
        {"$TTL wins over last explicit", "$TTL 5m\na 60 A 192.0.2.1\na A 192.0.2.2\n", {60, 300}},
        {"$TTL changes", "$TTL 1\na A 192.0.2.1\n$ttl 2\na A 192.0.2.2\n", {1, 2}},
        {"SOA minimum", "@ SOA a b 1 2 3 4 99\na A 192.0.2.2\n", {99, 99}},
        {"SOA minimum, then explicit, then none",
         "@ SOA a b 1 2 3 4 99\na 7 A 192.0.2.2\na TXT x\n",
         {99, 7, 99}},
        {"SOA with a TTL", "@ 5 SOA a b 1 2 3 4 99\na A 192.0.2.2\n", {5, 5}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const auto zone = read_text(row.zone);
            std::vector<std::uint32_t> ttls;
            for (const auto& record : zone.records) {
                ttls.push_back(record.ttl.value());
            }
            CHECK(zone.error == ""s);
            CHECK(ttls == row.ttls);
        }
    }
}

TEST_CASE("the default TTL of the options stands like a $TTL before the first line", "[text]") {
    auto options = twinzone::test::options_with_origin("example.test.");
    options.default_ttl = twinzone::dns::Ttl{17};
    const auto zone = twinzone::test::read_all(
        twinzone::text::ZoneFileReader::from_text("a A 192.0.2.1\n", "z", options));
    CHECK(summary(zone) == "a.example.test. 17 IN A 192.0.2.1\n");
}

TEST_CASE("the place of a record is the line it begins on", "[text]") {
    const auto lines = read_text("\n; c\nwww 60 ( IN A\n 192.0.2.1 )\n\nw TXT \"x\"\nx TXT y");
    REQUIRE(lines.places == std::vector<std::string>{"test.zone:3", "test.zone:6", "test.zone:7"});
}

TEST_CASE("a file without a last newline is told from a whole one", "[text]") {
    CHECK(read_text("a 1 A 192.0.2.1\n").ended_with_newline);
    CHECK(read_text("a 1 A 192.0.2.1\n; c\n").ended_with_newline);
    CHECK_FALSE(read_text("a 1 A 192.0.2.1").ended_with_newline);
    CHECK_FALSE(read_text("a 1 A 192.0.2.1\n ; c").ended_with_newline);
    CHECK(read_text("").ended_with_newline);
}

TEST_CASE("a file of many windows gives every record once", "[text]") {
    std::string zone = "$TTL 60\n";
    constexpr int records_written = 60000;
    for (int i = 0; i < records_written; ++i) {
        zone += fmt::format("h{} TXT \"{:x<{}}\"\n", i, "", i % 90);
    }
    const auto read = read_text(zone);
    CHECK(read.error == ""s);
    REQUIRE(read.records.size() == records_written);
    for (int i = 0; i < records_written; ++i) {
        const auto& record = read.records[static_cast<std::size_t>(i)];
        REQUIRE(record.owner.to_text() == fmt::format("h{}.example.test.", i));
        REQUIRE(record.rdata.size() == static_cast<std::size_t>(i % 90) + 1);
    }
    CHECK(read.places.back() == fmt::format("test.zone:{}", records_written + 1));
}

TEST_CASE("a head that was read before is the same head only where its text is the same",
          "[text]") {
    const std::vector<std::string> heads = {
        " 60 IN A ",
        " 60 IN AAAA ",
        " 61 IN A ",
        " A ",
        " IN 60 A ",
        "\t60\tIN\tA\t",
        " 60 IN TXT ",
        " 60 IN TXT(",
        " 60 IN\tA ",
        " 60 (A) ",
        " 1m IN A ",
        " 60 IN TYPE1 ",
        " 60 IN A(\n",
        " 60 (\nIN A) ",
        " 3600 IN NS ",
        " 3600 IN CNAME ",
        " 60 TXT ",
        " 60 CLASS1 A ",
        " 000000000000000000000000060 IN A ",
        " 60 in a ",
        " 60 IN A;",
        " 6 0 A ",
        " 60 IN B ",
        " 60 I A ",
        " 60 \"A\" ",
        " 60 IN A\\065 ",
    };
    const std::string first = "www.example.test. 5 IN A 192.0.2.9\n";
    Random random{5};
    for (int round = 0; round < 4000; ++round) {
        std::string whole;
        std::string expected;
        for (int line = 0; line < 12; ++line) {
            const std::string owner = random.below(3) == 0 ? "" : "www";
            const std::string& head = heads[random.below(heads.size())];
            const std::string rdata =
                head.find("AAAA") != std::string::npos ? "2001:db8::1" : "192.0.2.1";
            const std::string text = fmt::format("{}{}{}{}\n", owner, head, rdata,
                                                 std::count(head.begin(), head.end(), '(') >
                                                         std::count(head.begin(), head.end(), ')')
                                                     ? ")"
                                                     : "");
            const twinzone::test::ZoneText alone = read_text("$TTL 5\nwww 5 A 192.0.2.9\n" + text);
            if (!alone.error.empty()) {
                continue;
            }
            whole += text;
            expected += summary(alone).substr(first.size());
        }
        REQUIRE(summary(read_text("$TTL 5\nwww 5 A 192.0.2.9\n" + whole)) == first + expected);
    }
}
