#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/text/zone_file_writer.h"
#include "tests/support/catch.h"
#include "tests/unit/text/zone_text.h"

using namespace twinzone;

TEST_CASE("rdata is printed in the form other servers read", "[text]") {
    struct Row {
        const char* type;
        const char* wire;
        const char* text;
    };
    const Row rows[] = {
        {"A", "c0000201", "192.0.2.1"},
        {"AAAA", "20010db8000000000000000000000001", "2001:db8::1"},
        {"AAAA", "00000000000000000000000000000000", "::"},
        {"AAAA", "00010000000000020000000000000003", "1:0:0:2::3"},
        {"AAAA", "00010000000200030004000500060000", "1:0:2:3:4:5:6:0"},
        {"AAAA", "00010002000300040005000600000000", "1:2:3:4:5:6::"},
        {"NS", "03412e62012e0161044020240000", "A\\.b.\\..a.\\@\\032\\$\\000."},
        {"TXT", "0461225c00 00", "\"a\\\"\\\\\\000\" \"\""},
        {"TXT", "", "\\# 0"},
        {"TXT", "05", "\\# 1 05"},
        {"CAA", "00056973737565", "0 issue \"\""},
        {"CAA", "0003692d73", "\\# 5 0003692D73"},
        {"DS", "00010802", "\\# 4 00010802"},
        {"NSEC", "00 000140", ". A"},
        {"NSEC", "00 00024000", "\\# 5 0000024000"},
        {"NSEC", "00 000180", "\\# 4 00000180"},
        {"NSEC3", "01 00 000a 00 01ff 000140", "1 0 10 - vs A"},
        {"NSEC3", "01 00 000a 00 00 000140", "\\# 9 0100000A0000000140"},
        {"RRSIG", "0001 08 02 00000e10 ffffffff 65dfc900 0005 00 00",
         "A 8 2 3600 21060207062815 20240229000000 5 . AA=="},
        {"RRSIG", "0106 08 02 00000e10 00000000 00000000 0005 00 00",
         "TYPE262 8 2 3600 19700101000000 19700101000000 5 . AA=="},
        {"HTTPS", "0001 00 0001 0006 026832 026833 0007 0001 61", "1 . alpn=\"h2,h3\" key7=\"a\""},
        {"HTTPS", "0001 00 0001 0004 0361 2c62",
         "\\# 11 000100000100040361"
         "2C62"},
        {"HTTPS", "0001 00 0003 0002 01bb 0001 0003 026832",
         "\\# 16 00010000030002"
         "01BB00010003026832"},
        {"WALLET", "0161", "\\# 2 0161"},
        {"TYPE65280", "00ff", "\\# 2 00FF"},
        {"LOC", "00 33 16 13 89172dd0 70be15f0 00988d20",
         "42 21 54.000 N 71 06 18.000 W -24m 30m 10000m 10m"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.type << ' ' << row.text) {
            std::string text;
            text::append_rdata_text(*dns::rr_type_from_text(row.type), test::from_hex(row.wire),
                                    text);
            CHECK(text == row.text);
        }
    }
}

TEST_CASE("a zone is written SOA first and absolute", "[text]") {
    const std::string path =
        (std::filesystem::temp_directory_path() / "twinzone-writer-test.zone").string();
    const auto zone = test::read_text("$TTL 5\n@ SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\n");
    Result<text::ZoneFileWriter> writer = text::ZoneFileWriter::create(path);
    REQUIRE(writer.has_value());
    for (const dns::Record& record : zone.records) {
        REQUIRE(writer->append(record.view()).has_value());
    }
    REQUIRE(writer->finish().has_value());
    std::ostringstream content;
    content << std::ifstream{path}.rdbuf();
    std::filesystem::remove(path);
    CHECK(content.str() ==
          "example.test.\t5\tIN\tSOA\ta.example.test. b.example.test. 1 2 3 4 5\n"
          "example.test.\t5\tIN\tNS\ta.example.test.\n"
          "a.example.test.\t5\tIN\tA\t192.0.2.1\n");
}

TEST_CASE("writing where nothing can be written says why", "[text]") {
    CHECK(text::ZoneFileWriter::create("/nonexistent/zone").error().code() ==
          Errc::file_unreadable);
    Result<text::ZoneFileWriter> full = text::ZoneFileWriter::create("/dev/full");
    REQUIRE(full.has_value());
    const auto zone = test::read_text("@ 1 SOA a b 1 2 3 4 5\n");
    REQUIRE(full->append(zone.records[0].view()).has_value());
    CHECK(full->finish().error().code() == Errc::disk_full);
}
