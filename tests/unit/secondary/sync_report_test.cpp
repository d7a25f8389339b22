#include "secondary/sync_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/net/tls_failure.h"
#include "tests/support/catch.h"
#include "tests/unit/secondary/outcomes.h"

namespace twinzone::secondary {
namespace {

using test::confirmed;
using test::ended;
using test::failed;

const Reporter kReporter{.host = "ns2", .command = "twinzone-secondary sync -c /s.yaml"};

TEST_CASE("nothing is said where every zone is in step or forgiven", "[sync]") {
    SyncOutcome outcome = ended(
        {confirmed("a.test.", seconds{0}), failed("b.test.", Errc::peer_unreachable, minutes{1})});
    outcome.zones[1].is_forgiven = true;
    CHECK(report_text(outcome, kReporter).empty());
}

TEST_CASE("the mail says who, what, since when, what was tried, what is in service, what to do",
          "[sync]") {
    ZoneOutcome bad = failed("b.test.", Errc::peer_unreachable, hours{2});
    bad.error = Error{Errc::peer_unreachable, "192.0.2.1@53: no answer to the SOA query"};
    bad.tried = {{"192.0.2.1@53", "192.0.2.1@53: no answer to the SOA query"},
                 {"192.0.2.2@5300", "REFUSED"}};
    const SyncOutcome outcome = ended({confirmed("a.test.", seconds{0}), bad});
    CHECK(report_text(outcome, kReporter) ==
          "twinzone-secondary sync on ns2, 2027-01-15T08:00:00Z: 1 of 2 zones not in step\n"
          "\n"
          "b.test. not in step: 192.0.2.1@53: no answer to the SOA query\n"
          "  since       2027-01-15T06:00:00Z, 2 h ago, when a primary last confirmed it\n"
          "  tried       192.0.2.1@53: no answer to the SOA query\n"
          "              192.0.2.2@5300: REFUSED\n"
          "  in service  serial 7, 12 records, expires in 2 d\n"
          "  to do       see whether the primary runs, and whether UDP and TCP get through: "
          "dig @192.0.2.2 -p 5300 b.test. SOA +tcp\n"
          "  by hand     twinzone-secondary sync -c /s.yaml b.test. -v\n");
}

TEST_CASE("a zone that was never loaded or has expired says so", "[sync]") {
    ZoneOutcome never = failed("a.test.", Errc::rcode, seconds{0});
    never.serial.reset();
    never.last_success.reset();
    ZoneOutcome expired = failed("b.test.", Errc::rcode, hours{500});
    expired.expires = UnixTime{test::kNow.value() - 60};
    const std::string text = report_text(ended({never, expired}), kReporter);
    CHECK(text.find("no primary has ever confirmed it here") != std::string::npos);
    CHECK(text.find("nothing: the zone was never loaded") != std::string::npos);
    CHECK(text.find("  primaries   192.0.2.1@53\n") != std::string::npos);
    CHECK(text.find("serial 7, 12 records, expired since 2027-01-15T07:59:00Z") !=
          std::string::npos);
}

TEST_CASE("very many zones still make a mail", "[sync]") {
    std::vector<ZoneOutcome> zones;
    zones.reserve(1000);
    for (int i = 0; i < 1000; ++i) {
        zones.push_back(failed(fmt::format("z{}.test.", i), Errc::rcode, hours{1}));
    }
    const std::string text = report_text(ended(zones), kReporter);
    CHECK(std::count(text.begin(), text.end(), '\n') < 400);
    CHECK(text.find("z199.test. not in step") != std::string::npos);
    CHECK(text.find("and 800 more\n") != std::string::npos);
}

TEST_CASE("every kind of failure has an advice of its own worth", "[sync]") {
    struct Row {
        Errc code;
        const char* word;
    };
    const Row rows[] = {
        {Errc::peer_unreachable, "dig @"},           {Errc::rcode, "transfer"},
        {Errc::tsig_bad_signature, "secret"},        {Errc::tsig_bad_time, "clocks"},
        {Errc::zone_policy, "on-lower-serial"},      {Errc::transfer_limit, "limits"},
        {Errc::transfer_malformed, "primary's log"}, {Errc::disk_full, "room"},
        {Errc::file_unreadable, "rights"},           {Errc::transfer_cut, "on the way"},
    };
    for (const Row& row : rows) {
        CHECK(advice_for(failed("a.test.", row.code, seconds{1})).find(row.word) !=
              std::string::npos);
    }
    ZoneOutcome unbelieved = failed("a.test.", Errc::peer_unreachable, seconds{1});
    unbelieved.error = net::tls_error(net::TlsFailure::certificate, "hostname mismatch");
    CHECK(advice_for(unbelieved).find("'server-name'") != std::string::npos);
    ZoneOutcome held = failed("a.test.", Errc::zone_policy, seconds{1});
    held.is_held = true;
    CHECK(advice_for(held).find("approve a.test.") != std::string::npos);
}

}  // namespace
}  // namespace twinzone::secondary
