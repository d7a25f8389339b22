#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/text/zone_text.h"

using namespace std::string_literals;
using namespace twinzone;
using test::read_text;

namespace {

// The error without the source line and the caret.
std::string headline(const std::string& error) {
    return error.substr(0, error.find('\n'));
}

}  // namespace

TEST_CASE("an error shows file, line, column, source line and caret", "[text]") {
    CHECK(read_text("@ 1 NS a\n\nwww 12x IN A 192.0.2.1\n").error ==
          "test.zone:3:7: error: TTL '12x' is no number with units\n"
          "    www 12x IN A 192.0.2.1\n"
          "          ^");
}

TEST_CASE("an error within parentheses is placed on its own line", "[text]") {
    CHECK(read_text("@ 1 SOA a b ( ; c\r\n\t1 2 3\r\n\t4 5\xffx ) ; d\r\n").error ==
          "test.zone:3:5: error: SOA: time '5?x' is no number with units\n"
          "     4 5?x ) ; d\n"
          "        ^\n"
          "  in the parenthesis opened at test.zone:1:13");
}

TEST_CASE("an error on a later line of a parenthesis says where that opened", "[text]") {
    CHECK(read_text("\n@ 1 SOA a b ( 1 2 3\n 4 5 ; no end\n  NS ns1\n").error ==
          "test.zone:4:3: error: 'NS' stands after the end of the record\n"
          "      NS ns1\n"
          "      ^\n"
          "  in the parenthesis opened at test.zone:2:13");
}

TEST_CASE("a long source line is cut around the caret", "[text]") {
    const std::string error =
        read_text("a 1 TXT " + std::string(200, 'x') + " \\999 " + std::string(400, 'y') + "\n")
            .error;
    CHECK(error == "test.zone:1:210: error: TXT: escape above \\255\n    ..." +
                       std::string(119, 'x') + " \\999 " + std::string(75, 'y') + "...\n    " +
                       std::string(123, ' ') + "^");
}

TEST_CASE("each mistake has its place and its reason", "[text]") {
    struct Row {
        std::string zone;
        std::string expected;
    };
    const Row rows[] = {
        {"www 4294967296 A 192.0.2.1\n",
         "1:5: error: TTL '4294967296' is not from 0 to 2147483647"},
        {"www 2147483648 A 192.0.2.1\n",
         "1:5: error: TTL '2147483648' is not from 0 to 2147483647"},
        {"www 99999999999999999999999 A 192.0.2.1\n",
         "1:5: error: TTL '99999999999999999999999' is not from 0 to 2147483647"},
        {"www 1h2 A 192.0.2.1\n", "1:8: error: TTL '1h2' is no number with units"},
        {"www 1 2 A 192.0.2.1\n", "1:7: error: '2' is no type, class or TTL"},
        {"www 1 IN IN A 192.0.2.1\n", "1:10: error: 'IN' is no type"},
        {"www 1 CH A 192.0.2.1\n", "1:7: error: class CH: only class IN is served"},
        {"www 1 CLASS3 A 192.0.2.1\n", "1:7: error: class CLASS3: only class IN is served"},
        {"www 1 FOO x\n", "1:7: error: 'FOO' is no type, class or TTL"},
        {"www 1 TYPE65536 x\n", "1:7: error: 'TYPE65536' is no type, class or TTL"},
        {"www 1 OPT \\# 0\n", "1:7: error: type OPT never stands in a zone"},
        {"www 1 AXFR \\# 0\n", "1:7: error: type AXFR never stands in a zone"},
        {"www 1 TYPE0 \\# 0\n", "1:7: error: type TYPE0 never stands in a zone"},
        {"www 1 \"A\" 192.0.2.1\n", "1:8: error: quotes where a type should stand"},
        {"\"www\" 1 A 192.0.2.1\n", "1:2: error: quotes in the name 'www'"},
        {"www 1 IN\n", "1:9: error: the record ends where a type should stand"},
        {"www 1 A\n", "1:8: error: A: the record ends where an IPv4 address should stand"},
        {"www 1 A 192.0.2.1 x\n", "1:19: error: 'x' stands after the end of the record"},
        {"www 1 A 192.0.2.1 \"x\n", "1:19: error: quoted string is not closed on its line"},
        {"www A 192.0.2.1\n", "1:5: error: no TTL here, in a record before, or by $TTL"},
        {"  1 A 192.0.2.1\n",
         "1:3: error: the owner is left out, but no record stands before this one"},
        {"w..x 1 A 192.0.2.1\n",
         "1:3: error: empty label or one above 63 octets in the name 'w..x'"},
        {".x 1 A 192.0.2.1\n", "1:1: error: empty label or one above 63 octets in the name '.x'"},
        {std::string(64, 'a') + ". 1 A 192.0.2.1\n",
         "1:65: error: empty label or one above 63 octets in the name '" + std::string(64, 'a') +
             ".'"},
        {"a\\25x 1 A 192.0.2.1\n", "1:2: error: a backslash and a digit want three digits"},
        {"a\\256 1 A 192.0.2.1\n", "1:2: error: escape above \\255"},
        {"a\\\n", "1:2: error: backslash with nothing to escape"},
        {"a 1 TXT \\", "1:9: error: TXT: backslash with nothing to escape"},
        {"a 1 TXT \"x\ny\"\n", "1:9: error: TXT: quoted string is not closed on its line"},
        {"a 1 TXT \"x", "1:9: error: TXT: the file ends before the quote opened here is closed"},
        {"a 1 TXT \"x\\\"",
         "1:9: error: TXT: the file ends before the quote opened here is closed"},
        {"a 1 TXT (\n ( x )\n y\n",
         "1:9: error: TXT: the file ends before the parenthesis opened here is closed"},
        {"a 1 TXT x )\n", "1:11: error: TXT: closing parenthesis without an opening one"},
        {"\xef\xbb\xbf"
         "a 1 TXT x\n",
         "1:1: error: byte order mark: save the file as plain UTF-8 or ASCII"},
        {"\xff\xfe"
         "a"s,
         "1:1: error: byte order mark: save the file as plain UTF-8 or ASCII"},
        {"a 1 TXT x\0y\n"s, "1:10: error: TXT: NUL octet: this is no text file"},
        {"a 1 TXT \"x\0y\"\n"s, "1:11: error: TXT: NUL octet: this is no text file"},
        {"; x\0\na 1 TXT x\n"s, "1:4: error: NUL octet: this is no text file"},
        {"\0"s, "1:1: error: NUL octet: this is no text file"},
        {"a 1 TXT x\ry\n", "1:10: error: TXT: carriage return without a line feed"},
        {"a 1 TXT " + std::string(256, 'x') + "\n",
         "1:264: error: TXT: text longer than 255 octets"},
        {"a 1 TXT\n", "1:8: error: TXT: the record ends where a string should stand"},
        {"a 1 A \\# 5 0102030405\n", "1:10: error: A: rdata of 5 octets is no A"},
        {"a 1 A \\# 4 010203\n", "1:10: error: A: 3 octets follow where 4 are announced"},
        {"a 1 TYPE999 \\# 1 0\n", "1:18: error: TYPE999: the hex is cut off"},
        {"a 1 TYPE999 \\# 1 0g\n", "1:19: error: TYPE999: this is no hex"},
        {"a 1 TYPE999 abc\n",
         "1:13: error: TYPE999: rdata of this type is written as '\\# LENGTH HEX' (RFC 3597)"},
        {"a 1 TYPE999\n", "1:12: error: TYPE999: the record ends where rdata should stand"},
        {"a 1 MX 65536 b\n", "1:8: error: MX: '65536' is no number from 0 to 65535"},
        {"a 1 MX 1x b\n", "1:9: error: MX: '1x' is no number from 0 to 65535"},
        {"a 1 AAAA 2001:db8::1::2\n", "1:10: error: AAAA: '2001:db8::1::2' is no IPv6 address"},
        {"a 1 DS 1 8 2 0g\n", "1:15: error: DS: this is no hex"},
        {"a 1 DS 1 8 2 00 1\n", "1:17: error: DS: the hex is cut off"},
        {"a 1 DS 1 8 2\n", "1:13: error: DS: the record ends where hex should stand"},
        {"a 1 DNSKEY 256 3 8 AQP\n", "1:20: error: DNSKEY: the base64 is cut off"},
        {"a 1 DNSKEY 256 3 8 AQ==AQ==\n", "1:24: error: DNSKEY: this is no base64"},
        {"a 1 DNSKEY 256 3 8 AR==\n", "1:22: error: DNSKEY: this is no base64"},
        {"a 1 NSEC b A FOO\n", "1:14: error: NSEC: 'FOO' is no type"},
        {"a 1 RRSIG A 8 2 1 20261301000000 20260101000000 1 . AA==\n",
         "1:19: error: RRSIG: '20261301000000' is no time from 1970 to 2106"},
        {"a 1 HTTPS 1 . alpn=h2 alpn=h3\n", "1:23: error: HTTPS: service parameter given twice"},
        {"a 1 HTTPS 1 . port=70000\n",
         "1:20: error: HTTPS: wrong value for the service parameter 'port'"},
        {"a 1 LOC x\n", "1:9: error: LOC: wrong rdata: "},
        {"$FOO\n", "1:1: error: '$FOO' is no directive"},
        {"$TTL\n", "1:5: error: the record ends where a TTL should stand"},
        {"$TTL 1 2\n", "1:8: error: '2' stands after the end of the record"},
        {"$ORIGIN a b\n", "1:11: error: 'b' stands after the end of the record"},
        {"$ORIGIN a..b\n", "1:11: error: empty label or one above 63 octets in the name 'a..b'"},
        {"$GENERATE 1 a A 192.0.2.1\n",
         "1:11: error: '1' is no range START-STOP[/STEP] up to 2147483647"},
        {"$GENERATE 2-1 a A 192.0.2.1\n",
         "1:11: error: '2-1' is no range START-STOP[/STEP] up to 2147483647"},
        {"$GENERATE 1-2/0 a A 192.0.2.1\n",
         "1:11: error: '1-2/0' is no range START-STOP[/STEP] up to 2147483647"},
        {"$GENERATE 0-1048576 a A 192.0.2.1\n",
         "1:11: error: $GENERATE makes 1048577 records, more than 1048576"},
        {"$GENERATE 1-2 a${0,0,z} 1 A 192.0.2.1\n",
         "1:1: error: want ${offset[,width[,base]]} with a base of d o x X n N"},
        {"$GENERATE 1-2 a${-2} 1 A 192.0.2.1\n", "1:1: error: offset -2 takes 1 below zero"},
        {"$GENERATE 1-2 a$ 1 A 192.0.2\n", "1:1: error: A: '192.0.2' is no IPv4 address"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(headline(row.expected)) {
            CHECK_THAT(headline(read_text(row.zone).error),
                       Catch::Matchers::StartsWith("test.zone:" + row.expected));
        }
    }
}

TEST_CASE("limits are errors with their number", "[text][R49]") {
    SECTION("records") {
        text::ZoneFileOptions options = test::options_with_origin("example.test.");
        options.max_records = 2;
        const auto zone = test::read_all(
            text::ZoneFileReader::from_text("a 1 TXT x\nb 1 TXT x\nc 1 TXT x\n", "z", options));
        CHECK(zone.records.size() == 2);
        CHECK(zone.code == Errc::limit);
        CHECK(headline(zone.error) == "z:3:1: error: more than 2 records");
    }
    SECTION("a line longer than an entry may be, small file") {
        const auto zone = read_text("a 1 TXT x ;" + std::string(text::kMaxEntryBytes, 'x') + "\n");
        CHECK(zone.code == Errc::limit);
        CHECK(headline(zone.error) ==
              "test.zone:1:1: error: record or comment longer than 147456 octets");
    }
    SECTION("a parenthesis that is never closed in a large file") {
        std::string text = "a 1 TXT (\n";
        while (text.size() < 3U << 20) {
            text += "b 1 TXT x\n";
        }
        const std::string error = read_text(text).error;
        CHECK(headline(error) == "test.zone:6555:9: error: TXT: rdata longer than 65535 octets");
        CHECK_THAT(error,
                   Catch::Matchers::EndsWith("\n  in the parenthesis opened at test.zone:1:9"));
    }
    SECTION("a comment that is never ended in a large file") {
        const auto zone = read_text(std::string(3U << 20, ';'));
        CHECK(zone.code == Errc::limit);
        CHECK_THAT(zone.error, Catch::Matchers::StartsWith(
                                   "test.zone:1:1: error: record or comment longer than"));
    }
    SECTION("rdata") {
        std::string longest = "a 1 TYPE999 \\# 65535 ";
        longest += std::string(131070, 'a') + "\n";
        CHECK(read_text(longest).records.size() == 1);
        CHECK_THAT(read_text("a 1 TYPE999 \\# 65535 " + std::string(131072, 'a') + "\n").error,
                   Catch::Matchers::Contains("TYPE999: "));
        std::string strings = "a 1 TXT";
        for (int i = 0; i < 256; ++i) {
            strings += fmt::format(" {:x<255}", "");
        }
        CHECK_THAT(read_text(strings + "\n").error,
                   Catch::Matchers::Contains("rdata longer than 65535 octets"));
        CHECK_THAT(read_text("a 1 URI 1 1 \"" + std::string(70000, 'x') + "\"\n").error,
                   Catch::Matchers::Contains("rdata longer than 65535 octets"));
    }
    SECTION("text for ldns") {
        CHECK_THAT(read_text("a 1 HIP " + std::string(5000, '1') + "\n").error,
                   Catch::Matchers::Contains("longer than 4096 octets"));
    }
}

TEST_CASE("a $GENERATE error shows the text that was made", "[text]") {
    CHECK(read_text("\n$GENERATE 7-8 a$ 1 A 192.0.$\n").error ==
          "test.zone:2:1: error: A: '192.0.7' is no IPv4 address\n"
          "    a7 1 A 192.0.7\n"
          "           ^\n"
          "  in the text that $GENERATE makes");
}

TEST_CASE("quotes go over lines only within parentheses", "[text]") {
    const auto zone = read_text("a 1 TXT ( \"x\ny\" )\nb 1 TXT z\n");
    REQUIRE(zone.records.size() == 2);
    CHECK(test::to_hex(zone.records[0].rdata) == "03780a79");
    CHECK(zone.places[1] == "test.zone:3");
}
