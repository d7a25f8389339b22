#include "common/service/peer_ledger.h"

#include <map>

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

const dns::Name kZone = *dns::Name::from_text("example.test.");

class LedgerBench {
  public:
    explicit LedgerBench(std::vector<config::RemotePtr> notify,
                         std::vector<config::RemotePtr> others = {})
        : ledger(std::move(others), [this](dns::NameView, dns::Serial held) {
              const auto at = left_at.find(held.value());
              return at == left_at.end() ? std::nullopt : std::optional{UnixTime{at->second}};
          }) {
        config::Zone zone;
        zone.name = kZone;
        zone.edit().notify = std::move(notify);
        ledger.add_zone(zone, dns::Serial{5});
    }

    void publish(std::int64_t now, std::uint32_t serial) {
        ledger.handle_published(UnixTime{now}, kZone, dns::Serial{serial});
    }

    // The names of those who it may be.
    std::vector<std::string> comes(std::int64_t now, std::string_view from, dns::RrType type,
                                   std::optional<std::uint32_t> holds = {},
                                   dns::TsigKeyPtr with_key = nullptr) {
        return ledger.handle_contact(UnixTime{now},
                                     contact(from, type, holds, std::move(with_key)));
    }
    std::vector<std::string> takes(std::int64_t now, std::string_view from, std::uint32_t serial,
                                   dns::TsigKeyPtr with_key = nullptr) {
        return ledger.handle_taken(UnixTime{now},
                                   contact(from, dns::RrType::axfr, {}, std::move(with_key)),
                                   dns::Serial{serial});
    }
    void answers(std::int64_t now, std::string_view remote, std::optional<std::uint32_t> serial,
                 std::string problem = {}) {
        ledger.handle_answer(UnixTime{now}, kZone, remote,
                             serial ? std::optional{dns::Serial{*serial}} : std::nullopt,
                             std::move(problem));
    }

    std::optional<control::PeerStatus> peer(std::int64_t now, std::string_view remote) const {
        for (const control::PeerStatus& each : ledger.peers(UnixTime{now}, kZone)) {
            if (each.remote == remote) {
                return each;
            }
        }
        return std::nullopt;
    }
    std::optional<std::int64_t> lag(std::int64_t now, std::string_view remote) const {
        const std::optional<control::PeerStatus> found = peer(now, remote);
        return found && found->lag ? std::optional{found->lag->count()} : std::nullopt;
    }

    std::map<std::uint32_t, std::int64_t> left_at;  // serial -> when the next one was committed
    PeerLedger ledger;

  private:
    static Contact contact(std::string_view from, dns::RrType type,
                           std::optional<std::uint32_t> holds, dns::TsigKeyPtr with_key) {
        return {.zone = kZone,
                .peer = endpoint(from),
                .key = std::move(with_key),
                .type = type,
                .serial = holds ? std::optional{dns::Serial{*holds}} : std::nullopt};
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a peer of whom nothing was seen is unknown", "[service][ledger]") {
    const LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    const std::optional<control::PeerStatus> peer = bench.peer(100, "ns2");
    REQUIRE(peer);
    CHECK_FALSE(peer->serial);
    CHECK_FALSE(peer->lag);
    CHECK_FALSE(peer->last_contact);
    CHECK(peer->address == "192.0.2.2@53");
    CHECK(peer->configured);
}

TEST_CASE("lag is the age of the oldest change that a peer lacks", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    CHECK(bench.takes(100, "192.0.2.2@4000", 5) == Names{"ns2"});
    CHECK(bench.lag(100, "ns2") == 0);
    bench.publish(200, 6);
    bench.left_at[5] = 200;
    CHECK(bench.lag(210, "ns2") == 10);
    bench.publish(300, 7);
    bench.left_at[6] = 300;
    CHECK(bench.lag(310, "ns2") == 110);
    bench.takes(320, "192.0.2.2@4001", 6);  // what it asked for before 7 was there
    CHECK(bench.lag(320, "ns2") == 20);
    bench.takes(330, "192.0.2.2@4002", 7);
    CHECK(bench.lag(340, "ns2") == 0);
    CHECK(bench.peer(340, "ns2")->last_transfer == UnixTime{330});
}

TEST_CASE("a change of this second is a lag all the same", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    bench.takes(100, "192.0.2.2@4000", 5);
    bench.publish(200, 6);
    CHECK(bench.lag(200, "ns2") == 1);
}

TEST_CASE("the serial of an IXFR question shows what a peer holds", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    bench.left_at[3] = 50;
    CHECK(bench.comes(100, "192.0.2.2@4000", dns::RrType::ixfr, 3) == Names{"ns2"});
    CHECK(bench.peer(100, "ns2")->serial == dns::Serial{3});
    CHECK(bench.lag(100, "ns2") == 50);
    bench.comes(110, "192.0.2.2@4000", dns::RrType::ixfr, 5);
    CHECK(bench.lag(110, "ns2") == 0);
}

TEST_CASE("a peer that asks for the SOA and does not transfer is still behind",
          "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    bench.takes(100, "192.0.2.2@4000", 5);
    bench.publish(200, 6);
    bench.comes(250, "192.0.2.2@4001", dns::RrType::soa);
    CHECK(bench.lag(260, "ns2") == 60);
    CHECK(bench.peer(260, "ns2")->last_soa_asked == UnixTime{250});
    CHECK(bench.peer(260, "ns2")->last_contact == UnixTime{250});
    CHECK(bench.peer(260, "ns2")->serial == dns::Serial{5});
}

TEST_CASE("an acknowledged NOTIFY is contact and no proof", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    bench.publish(200, 6);
    bench.ledger.handle_acknowledged(UnixTime{201}, kZone, "ns2", dns::Serial{6});
    CHECK(bench.lag(210, "ns2") == 10);
    CHECK(bench.peer(210, "ns2")->acknowledged == dns::Serial{6});
    CHECK(bench.peer(210, "ns2")->last_acknowledged == UnixTime{201});
    CHECK_FALSE(bench.peer(210, "ns2")->serial);
}

TEST_CASE("what a peer answers overrules what it took", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    bench.left_at[4] = 90;
    bench.takes(100, "192.0.2.2@4000", 5);
    CHECK_FALSE(bench.ledger.is_confirmed(kZone, "ns2"));
    bench.answers(110, "ns2", 4);  // it threw away what it took
    CHECK(bench.lag(110, "ns2") == 20);
    bench.answers(120, "ns2", 5);
    CHECK(bench.lag(120, "ns2") == 0);
    CHECK(bench.ledger.is_confirmed(kZone, "ns2"));
    bench.answers(130, "ns2", {}, "no answer");
    CHECK_FALSE(bench.ledger.is_confirmed(kZone, "ns2"));
    CHECK(bench.peer(130, "ns2")->problem == "no answer");
    CHECK(bench.lag(130, "ns2") == 0);
}

TEST_CASE("what was owed before a restart is lacked since its commit", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    bench.ledger.handle_owed(kZone, "ns2", UnixTime{40});
    CHECK(bench.lag(100, "ns2") == 60);
}

TEST_CASE("peers at one address are told apart by their keys", "[service][ledger]") {
    LedgerBench bench{{remote("a", "192.0.2.2@53", key("a.")),
                       remote("b", "192.0.2.2@54", key("b.")), remote("c", "192.0.2.2@55")}};
    CHECK(bench.takes(100, "192.0.2.2@4000", 5, key("a.")) == Names{"a"});
    CHECK(bench.lag(100, "a") == 0);
    CHECK_FALSE(bench.lag(100, "b"));
    CHECK(bench.takes(100, "192.0.2.2@4000", 5, key("b.")) == Names{"b"});
    CHECK(bench.takes(100, "192.0.2.2@4000", 5) == Names{"c"});
}

TEST_CASE("a remote that signs is not the one who comes unsigned", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53", key("k."))}};
    CHECK(bench.takes(100, "192.0.2.2@4000", 5).empty());
    CHECK_FALSE(bench.lag(100, "ns2"));
    CHECK(bench.ledger.peers(UnixTime{100}, kZone).size() == 1);
}

TEST_CASE("a remote without a key may sign", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    CHECK(bench.takes(100, "192.0.2.2@4000", 5, key("k.")) == Names{"ns2"});
    CHECK(bench.lag(100, "ns2") == 0);
}

TEST_CASE("what comes from an address of several is nobody's", "[service][ledger]") {
    LedgerBench bench{{remote("a", "127.0.0.1@5301"), remote("b", "127.0.0.1@5302")}};
    CHECK(bench.takes(100, "127.0.0.1@4000", 5) == Names{"a", "b"});
    CHECK_FALSE(bench.lag(100, "a"));
    CHECK_FALSE(bench.lag(100, "b"));
    bench.answers(101, "a", 5);
    CHECK(bench.lag(101, "a") == 0);
    CHECK_FALSE(bench.lag(101, "b"));
}

TEST_CASE("who comes for differences unasked is a peer, by its name where it has one",
          "[service][ledger]") {
    LedgerBench bench{{}, {remote("hidden", "192.0.2.9@53", key("h."))}};
    CHECK(bench.comes(100, "192.0.2.7@4000", dns::RrType::soa).empty());
    CHECK(bench.comes(100, "192.0.2.8@4000", dns::RrType::axfr).empty());
    CHECK(bench.ledger.peers(UnixTime{100}, kZone).empty());
    bench.comes(110, "192.0.2.7@4001", dns::RrType::ixfr, 5);
    REQUIRE(bench.peer(110, "192.0.2.7"));
    CHECK_FALSE(bench.peer(110, "192.0.2.7")->configured);
    CHECK(bench.lag(110, "192.0.2.7") == 0);
    bench.comes(109, "192.0.2.9@4001", dns::RrType::soa, {}, key("h."));  // a primary may, too
    CHECK_FALSE(bench.peer(109, "hidden"));
    bench.takes(110, "192.0.2.9@4001", 5, key("h."));
    REQUIRE(bench.peer(110, "hidden"));
    CHECK(bench.peer(110, "hidden")->key == "h.");
    bench.publish(120, 6);
    CHECK(bench.lag(130, "192.0.2.7") == 10);
    CHECK_FALSE(bench.peer(110 + kVisitorMemory.count() + 1, "192.0.2.7"));
}

TEST_CASE("visitors are few: who came longest ago is forgotten", "[service][ledger]") {
    LedgerBench bench{{remote("ns2", "192.0.2.2@53")}};
    for (int i = 0; i < 100; ++i) {
        bench.comes(100 + i, fmt::format("10.0.0.{}@53", i), dns::RrType::ixfr, 5);
    }
    CHECK(bench.ledger.peers(UnixTime{300}, kZone).size() == kMaxVisitors + 1);
    CHECK(bench.peer(300, "10.0.0.99"));
    CHECK(bench.peer(300, "ns2"));
}

TEST_CASE("everybody serves a serial once everybody answers it, since then", "[service][ledger]") {
    LedgerBench bench{{remote("a", "192.0.2.2@53"), remote("b", "192.0.2.3@53")}};
    const auto missing = [&](std::uint32_t serial, std::int64_t since) {
        return bench.ledger.not_serving(kZone, dns::Serial{serial}, UnixTime{since});
    };
    bench.takes(100, "192.0.2.2@4000", 5);
    CHECK(missing(5, 100).size() == 2);
    bench.answers(101, "a", 5);
    bench.answers(101, "b", 4);
    REQUIRE(missing(5, 100).size() == 1);
    CHECK(missing(5, 100)[0].remote == "b");
    CHECK(missing(5, 100)[0].why == "answers serial 4");
    bench.answers(102, "b", {}, "no answer");
    CHECK(missing(5, 100)[0].why == "no answer");
    bench.answers(103, "b", 6);  // newer does, too
    CHECK(missing(5, 100).empty());
    CHECK(missing(5, 102).size() == 1);  // a has not said so since
}

}  // namespace twinzone::service::test
