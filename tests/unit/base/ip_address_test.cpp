#include "common/base/ip_address.h"

#include "tests/support/catch.h"

namespace twinzone {

TEST_CASE("an address has one written form", "[base][ip_address]") {
    struct Row {
        const char* text;
        const char* canonical;
    };
    const Row rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", "::"},
        {"::1", "::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.text) {
            CHECK(IpAddress::from_text(row.text)->to_text() == row.canonical);
        }
    }
    CHECK(IpAddress::from_text("::ffff:192.0.2.1")->is_v4());
    CHECK(*IpAddress::from_text("::ffff:192.0.2.1") == IpAddress::v4({192, 0, 2, 1}));
    CHECK_FALSE(*IpAddress::from_text("::") == IpAddress{});
}

TEST_CASE("other text is no address", "[base][ip_address]") {
    for (const std::string_view text :
         {std::string_view{""}, std::string_view{"192.0.2"}, std::string_view{"192.0.2.256"},
          std::string_view{"192.0.2.1 "}, std::string_view{"[::1]"}, std::string_view{"1:2:3"},
          std::string_view{"::1::"}, std::string_view{"ns1.example."},
          std::string_view{"192.0.2.1\0x", 11}, std::string_view{"::1\0", 4}}) {
        DYNAMIC_SECTION("'" << text << "'") {
            const Result<IpAddress> address = IpAddress::from_text(text);
            REQUIRE_FALSE(address);
            CHECK(address.error().code() == Errc::usage);
        }
    }
}

TEST_CASE("an endpoint is read in all its forms and written in one", "[base][ip_address]") {
    struct Row {
        const char* text;
        const char* canonical;  // null: refused
    };
    const Row rows[] = {
        {"192.0.2.1@5300", "192.0.2.1@5300"},
        {"192.0.2.1:5300", "192.0.2.1@5300"},
        {"192.0.2.1", "192.0.2.1@53"},
        {"2001:db8::1@5300", "2001:db8::1@5300"},
        {"[2001:db8::1]:5300", "2001:db8::1@5300"},
        {"[2001:db8::1]", "2001:db8::1@53"},
        {"2001:db8::1", "2001:db8::1@53"},
        {"2001:db8::", "2001:db8::@53"},
        {"::", "::@53"},
        {"::@53", "::@53"},
        {"::ffff:192.0.2.1@5300", "192.0.2.1@5300"},
        {"192.0.2.1@0", "192.0.2.1@0"},
        {"192.0.2.1@65535", "192.0.2.1@65535"},
        {"192.0.2.1@65536", nullptr},
        {"192.0.2.1@", nullptr},
        {"192.0.2.1:", nullptr},
        {"192.0.2.1@-1", nullptr},
        {"192.0.2.1@+1", nullptr},
        {"192.0.2.1@53x", nullptr},
        {"[2001:db8::1]:", nullptr},
        {"[2001:db8::1", nullptr},
        {"2001:db8::1]", nullptr},
        {"[", nullptr},
        {"[]", nullptr},
        {"@53", nullptr},
        {"", nullptr},
        {"localhost@53", nullptr},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION("'" << row.text << "'") {
            const Result<Endpoint> endpoint = Endpoint::from_text(row.text, 53);
            REQUIRE(endpoint.has_value() == (row.canonical != nullptr));
            if (endpoint) {
                CHECK(endpoint->to_text() == row.canonical);
            } else {
                CHECK(endpoint.error().code() == Errc::usage);
            }
        }
    }
}

TEST_CASE("a prefix contains its addresses and no others", "[base][ip_address]") {
    struct Row {
        const char* prefix;
        const char* address;
        bool contained;
    };
    const Row rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1/32", "192.0.2.0", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"0.0.0.0/0", "::ffff:203.0.113.9", true},
        {"::/0", "2001:db8::1", true},
        {"::/0", "203.0.113.9", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1/128", "2001:db8::2", false},
        {"::ffff:192.0.2.0/120", "192.0.2.9", true},
        {"::ffff:192.0.2.0/120", "192.0.3.9", false},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.prefix << " and " << row.address) {
            CHECK(IpPrefix::from_text(row.prefix)->contains(*IpAddress::from_text(row.address)) ==
                  row.contained);
        }
    }
}

TEST_CASE("a prefix is written as it was read", "[base][ip_address]") {
    for (const char* text : {"10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "::/0"}) {
        CHECK(IpPrefix::from_text(text)->to_text() == text);
    }
    CHECK(IpPrefix::from_text("::ffff:192.0.2.0/120")->to_text() == "192.0.2.0/24");
    for (const char* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8",
                             "/8", "", "::ffff:192.0.2.0/24", "10.0.0.0/4294967304"}) {
        CHECK_FALSE(IpPrefix::from_text(text));
    }
}

}  // namespace twinzone
