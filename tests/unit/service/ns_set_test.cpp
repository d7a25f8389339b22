// Which name servers a zone names, and which of their addresses it has.
#include "common/service/ns_set.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/support/memory_snapshot.h"

namespace twinzone::service {

namespace {

dns::Name name(std::string_view text) {
    return *dns::Name::from_text(text);
}

class ZoneOf {
  public:
    ZoneOf& ns(std::string_view target) {
        return add("example.test.", dns::RrType::ns, name(target).view().wire());
    }
    ZoneOf& a(std::string_view owner, std::uint8_t last) {
        const std::array<std::uint8_t, 4> rdata{192, 0, 2, last};
        return add(owner, dns::RrType::a, rdata);
    }
    ZoneOf& aaaa(std::string_view owner, std::uint8_t last) {
        std::array<std::uint8_t, 16> rdata{0x20, 0x01, 0x0d, 0xb8};
        rdata.back() = last;
        return add(owner, dns::RrType::aaaa, rdata);
    }
    // Many pages of them.
    ZoneOf& hosts() {
        const Bytes text(200, 'x');
        for (unsigned i = 0; i < 2000; ++i) {
            add(fmt::format("h{:04}.example.test.", i), dns::RrType::txt, text);
        }
        return *this;
    }

    // "NAME ADDRESS…" for each.
    [[nodiscard]] std::vector<std::string> named() {
        records_.sort_unique();
        dns::SoaRecord soa;
        soa.owner = name("example.test.");
        soa.mname = name("ns1.example.test.");
        const test::MemorySnapshot snapshot{soa, std::move(records_), {}};
        std::vector<std::string> out;
        const Result<std::vector<NameServer>> found = read_ns_set(snapshot);
        REQUIRE(found);
        for (const NameServer& server : *found) {
            out.push_back(server.name.to_text());
            for (const IpAddress& address : server.addresses) {
                out.back() += fmt::format(" {}", address.to_text());
            }
        }
        return out;
    }

  private:
    ZoneOf& add(std::string_view owner, dns::RrType type, ByteView rdata) {
        dns::Record record;
        record.owner = name(owner);
        record.type = type;
        record.ttl = dns::Ttl{300};
        record.rdata.assign(rdata.begin(), rdata.end());
        records_.append(record.view());
        return *this;
    }

    zone::RecordList records_;
};

using Named = std::vector<std::string>;

}  // namespace

TEST_CASE("the NS set is told but for the MNAME, with the zone's own addresses", "[service]") {
    // Canonical order: "elsewhere" is before "example".
    CHECK(ZoneOf{}
              .ns("NS1.example.test.")
              .ns("ns2.example.test.")
              .ns("ns.elsewhere.test.")
              .a("ns1.example.test.", 1)
              .a("NS2.example.test.", 2)
              .aaaa("ns2.example.test.", 2)
              .named() == Named{"ns.elsewhere.test.", "ns2.example.test. 192.0.2.2 2001:db8::2"});
    CHECK(ZoneOf{}.a("example.test.", 9).named().empty());
    CHECK(ZoneOf{}.ns("ns1.example.test.").a("ns1.example.test.", 1).named().empty());
}

TEST_CASE("addresses are found in whatever page they stand", "[service]") {
    for (const std::string host : {"a", "h0000", "h0777", "h1999", "z"}) {
        const std::string server = fmt::format("{}.example.test.", host);
        INFO(server);
        CHECK(ZoneOf{}.hosts().ns(server).a(server, 7).aaaa(server, 8).named() ==
              Named{fmt::format("{} 192.0.2.7 2001:db8::8", server)});
    }
}

TEST_CASE("addresses over more than one page are all found", "[service]") {
    ZoneOf zone;
    zone.hosts().ns("h0500.example.test.");
    std::string all = "h0500.example.test.";
    for (unsigned i = 1; i < 250; ++i) {
        zone.a("h0500.example.test.", static_cast<std::uint8_t>(i));
        all += fmt::format(" 192.0.2.{}", i);
    }
    CHECK(zone.named() == Named{all});
}

TEST_CASE("a name without an address in the zone is told without", "[service]") {
    CHECK(ZoneOf{}.hosts().ns("no.example.test.").named() == Named{"no.example.test."});
}

TEST_CASE("more name servers than anybody has are not told", "[service]") {
    ZoneOf zone;
    for (unsigned i = 0; i < 100; ++i) {
        zone.ns(fmt::format("ns{}.elsewhere.test.", i));
    }
    CHECK(zone.named().size() == kMaxNameServers);
}

}  // namespace twinzone::service
