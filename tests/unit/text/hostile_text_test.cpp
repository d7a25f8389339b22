// Texts that are cut, changed or made up never do more than give an error. Worth most under the
// sanitizers.
#include <string>

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/text/zone_text.h"

using namespace twinzone;

namespace {

const std::string kZone = R"($TTL 1h
@ SOA ns1 hostmaster ( 2026010101 ; serial
    1h 15m 1w 1d )
  NS ns1
$ORIGIN sub
www 60 IN A 192.0.2.1
   IN 1d AAAA 2001:db8::1
txt TXT "a \"b\" \001" c\ d ( "x
y" )
mx MX 10 mail
d DS 60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118
k DNSKEY 256 3 8 AQPSKmynfzW4 kyBv015MUG2DeIQ3
r RRSIG A 8 3 60 20261231235959 20260101000000 5 @ AQPSKmynfzW4
n NSEC @ A MX TYPE1234
n3 NSEC3 1 0 10 aabb 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG
h HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1 ech=AAEC mandatory=alpn key667="a\001"
l LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
ap APL 1:192.168.32.0/21 !2:2001:db8::/32
hip HIP 2 200100107B1A74DF365639CC39F1D578 AAEC rvs
ip IPSECKEY 10 3 2 gw AAEC
c CAA 0 issue "x; y"
w WKS 192.0.2.1 6 25
u TYPE999 \# 4 00010203
$GENERATE 1-4/2 g${1,3,x} A 192.0.2.$
)";

void read(std::string_view text) {
    const test::ZoneText zone = test::read_text(text);
    CHECK((zone.error.empty() || zone.error.rfind("test.zone:", 0) == 0));
}

}  // namespace

TEST_CASE("the zone of these tests is whole", "[text]") {
    const test::ZoneText zone = test::read_text(kZone);
    INFO(zone.error);
    CHECK(zone.error.empty());
    CHECK(zone.records.size() == 21);
}

TEST_CASE("a text cut anywhere gives records or an error", "[text]") {
    for (std::size_t size = 0; size <= kZone.size(); ++size) {
        read(std::string_view{kZone}.substr(0, size));
    }
}

TEST_CASE("a changed text gives records or an error", "[text][R49]") {
    Random random{5};
    const std::string_view marks = "()\"\\;$@.\n\r\t {},=0aZ-/:\x80";
    for (int round = 0; round < 20000; ++round) {
        std::string text = kZone;
        for (std::uint64_t i = 1 + random.below(3); i > 0; --i) {
            const std::size_t at = random.below(text.size());
            switch (random.below(4)) {
                case 0: text[at] = static_cast<char>(random.next()); break;
                case 1: text[at] = marks[random.below(marks.size())]; break;
                case 2: text.erase(at, 1 + random.below(6)); break;
                default: text.insert(at, 1 + random.below(300), marks[random.below(marks.size())]);
            }
        }
        read(text);
    }
}

TEST_CASE("random tokens as rdata of any type give a record or an error", "[text]") {
    Random random{6};
    const std::string words[] = {"0",     "1",      "255", "65536",          "-1", "a.b",  "\"\"",
                                 "AAEC",  "00ff",   "::1", "192.0.2.1",      "@",  ".",    "\\#",
                                 "A",     "TYPE1",  "-",   "1:1.2.3.4/8",    "N",  "1.5m", "\\255",
                                 "alpn=", "key1=x", "x\"", "20260101000000", "E",  "%",    "0x47"};
    for (int round = 0; round < 60000; ++round) {
        std::string line = "a 1 TYPE" + std::to_string(1 + random.below(270));
        for (std::uint64_t i = random.below(9); i > 0; --i) {
            line += " " + words[random.below(std::size(words))];
        }
        read(line + "\n");
    }
}
