// IXFR over UDP: asked for where a change is likely to fit, a key proves whose answer it is, and it
// was not in vain lately.

#include <fmt/format.h>

#include "common/dns/tsig_server.h"
#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

// Of example.test. from one serial to the next: one host goes, another comes.
std::vector<dns::Record> difference(std::uint32_t from, std::uint8_t come) {
    const auto host = [](std::uint8_t last) {
        return address(fmt::format("h{}.example.test.", last), last);
    };
    const auto gone = static_cast<std::uint8_t>(come - 1);
    return {soa(from + 1).record(), soa(from).record(), host(gone),
            soa(from + 1).record(), host(come),         soa(from + 1).record()};
}

// A follower whose primary has a key; it has taken one small difference over TCP and holds
// serial 2.
class Signed : public FollowerBench {
  public:
    explicit Signed(bool has_key = true) {
        zone.edit().primaries = {remote("ns1", "192.0.2.1@53", has_key ? key("k.") : nullptr)};
        zone.edit().allow_notify = {config::AccessRule{.addresses = {}, .key = nullptr}};
        hold(*version(1, {1, 2}));
        follow();
        take_by(Transport::tcp, 1, 3);
    }

    std::optional<Ask> told_of(std::uint32_t serial) {
        const dns::Message message = transfer::notify_message(soa(serial), 1);
        CHECK(follower->handle_notify(now(), message,
                                      {.address = endpoint("192.0.2.1").address, .key = nullptr},
                                      endpoint("192.0.2.1@999")) == dns::Rcode::no_error);
        return asked(seconds{10});
    }

    // The next version comes in one question.
    void take_by(Transport transport, std::uint32_t from, std::uint8_t come) {
        const std::optional<Ask> question = told_of(from + 1);
        REQUIRE(question);
        CHECK(type_of(*question) == dns::RrType::ixfr);
        CHECK(question->transport == transport);
        reply_signed(*question, difference(from, come));
        pass(seconds{1});
        CHECK(serial() == from + 1);
        CHECK_FALSE(asked());
    }

    void reply_signed(const Ask& question, const std::vector<dns::Record>& records,
                      dns::Rcode rcode = dns::Rcode::no_error, bool truncated = false) {
        Bytes request = question.message;
        dns::TsigKeyring keyring;
        keyring.add(key("k."));
        Result<dns::TsigServer> signer = dns::TsigServer::check(request, keyring, now().unix);
        REQUIRE(signer);
        request.resize(signer->request_bytes());
        Bytes message = answer(request, records, rcode);
        message[2] = static_cast<std::uint8_t>(message[2] | (truncated ? 0x02 : 0));  // TC
        const ByteView part{message};
        const Result<Bytes> tsig = signer->sign({&part, 1}, now().unix);
        REQUIRE(tsig);
        if (!tsig->empty()) {
            message.insert(message.end(), tsig->begin(), tsig->end());
            message[11] = static_cast<std::uint8_t>(message[11] + 1);  // ARCOUNT
        }
        reply(question, std::move(message));
    }
};

}  // namespace

TEST_CASE("after a small difference the next one is asked for by one datagram",
          "[service][follower]") {
    Signed bench;
    bench.take_by(Transport::udp, 2, 4);
    bench.take_by(Transport::udp, 3, 5);
    const std::vector<TransferBegan> began = bench.take<TransferBegan>();
    REQUIRE(began.size() == 3);
    CHECK(began[2].transport == Transport::udp);
}

TEST_CASE("without a key nothing is taken by datagram", "[service][follower]") {
    Signed bench{false};
    bench.take_by(Transport::tcp, 2, 4);
}

TEST_CASE("one SOA by datagram says all that there is to say", "[service][follower]") {
    Signed bench;
    const std::optional<Ask> question = bench.told_of(3);
    REQUIRE(question);
    REQUIRE(question->transport == Transport::udp);
    bench.reply_signed(*question, {soa(2).record()});
    CHECK(bench.view().last_error.empty());
    CHECK(bench.view().source == "192.0.2.1@53");
    CHECK(bench.serial() == 2);
}

TEST_CASE("what a datagram does not bring is asked for over TCP at once", "[service][follower]") {
    struct Row {
        const char* name;
        std::vector<dns::Record> records;
        dns::Rcode rcode = dns::Rcode::no_error;
        bool truncated = false;
    };
    const Row rows[] = {
        {"one newer SOA", {soa(3).record()}},
        {"TC", {}, dns::Rcode::no_error, true},
        {"REFUSED", {}, dns::Rcode::refused},
        {"half of it", {soa(3).record(), soa(2).record()}},
        {"differences from elsewhere", difference(7, 9)},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Signed bench;
            const std::optional<Ask> datagram = bench.told_of(3);
            REQUIRE(datagram);
            REQUIRE(datagram->transport == Transport::udp);
            bench.reply_signed(*datagram, row.records, row.rcode, row.truncated);
            const std::optional<Ask> question = bench.asked();
            REQUIRE(question);
            CHECK(question->transport == Transport::tcp);
            CHECK(FollowerBench::type_of(*question) == dns::RrType::ixfr);
            bench.reply_signed(*question, difference(2, 4));
            bench.pass(seconds{1});
            CHECK(bench.serial() == 3);
            CHECK(bench.view().last_error.empty());
            bench.take_by(Transport::tcp, 3, 5);  // it gives none over UDP
            bench.pass(hours{1});
            while (const std::optional<Ask> check = bench.asked()) {
                bench.reply_signed(*check, {soa(4).record()});
            }
            bench.take_by(Transport::udp, 4, 6);  // asked again after a while
        }
    }
}

TEST_CASE("silence, a closed port and a forged datagram cost one second at most",
          "[service][follower]") {
    Signed bench;
    const std::optional<Ask> datagram = bench.told_of(3);
    REQUIRE(datagram);
    REQUIRE(datagram->transport == Transport::udp);
    SECTION("silence") {
        CHECK_FALSE(bench.asked(milliseconds{900}));
        bench.pass(milliseconds{200});
    }
    SECTION("a closed port") {
        bench.follower->handle_failure(bench.now(), datagram->attempt,
                                       Error{Errc::peer_unreachable, "connection refused"});
    }
    SECTION("forged") {
        Bytes forged = answer(datagram->message, difference(2, 9));
        bench.reply(*datagram, std::move(forged));
        CHECK(bench.serial() == 2);
    }
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    CHECK(question->transport == Transport::tcp);
    CHECK(FollowerBench::type_of(*question) == dns::RrType::ixfr);
    CHECK(bench.take<TransferEnded>().size() == 1);  // that of serial 2: nothing has failed
}

TEST_CASE("a large difference leaves the primary's other zones their datagrams",
          "[service][follower]") {
    Signed bench;
    const std::optional<Ask> datagram = bench.told_of(3);
    REQUIRE(datagram);
    bench.reply_signed(*datagram, {soa(3).record()});
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    std::vector<dns::Record> large = difference(2, 4);
    for (unsigned i = 0; i < 60; ++i) {
        dns::Record more = address(fmt::format("large{}.example.test.", i), 7);
        large.insert(large.end() - 1, std::move(more));
    }
    bench.reply_signed(*question, large);
    bench.pass(seconds{1});
    CHECK(bench.serial() == 3);
    bench.take_by(Transport::tcp, 3, 5);  // as large as the last, for all one knows
    bench.take_by(Transport::udp, 4, 6);
}

TEST_CASE("what was small before a restart is known from the journal", "[service][follower]") {
    Signed bench;
    bench.follow();
    bench.take_by(Transport::udp, 2, 4);
}

}  // namespace twinzone::service::test
