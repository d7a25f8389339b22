// Primaries of one zone with histories of their own: whose differences the follower believes.

#include <map>

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

// Two primaries; the first version comes from ns1.
class TwoHistories : public FollowerBench {
  public:
    TwoHistories() {
        zone.edit().primaries = {remote("ns1", "192.0.2.1@53"), remote("ns2", "192.0.2.2@53")};
        zone.edit().allow_notify = {config::AccessRule{.addresses = {}, .key = nullptr}};
        follow();
        reply(next(dns::RrType::axfr, 1), full(*version(1, {1, 2})));
        settle();
    }

    // The next question that is no SOA check; those are answered with `serials`.
    Ask next(dns::RrType type, int primary) {
        for (;;) {
            std::optional<Ask> question = asked(seconds{1});
            REQUIRE(question);
            if (type_of(*question) == dns::RrType::soa) {
                reply(*question, {soa(serial_of(*question)).record()});
                continue;
            }
            CHECK(type_of(*question) == type);
            CHECK(question->to.to_text() == fmt::format("192.0.2.{}@53", primary));
            return *std::move(question);
        }
    }

    void settle() {
        while (const std::optional<Ask> question = asked(seconds{1})) {
            reply(*question, {soa(serial_of(*question)).record()});
        }
    }

    [[nodiscard]] std::uint32_t serial_of(const Ask& question) {
        return serials[question.to.to_text() == "192.0.2.1@53" ? 1 : 2];
    }

    void notify(int primary, std::uint32_t announced) {
        const Endpoint from = endpoint(fmt::format("192.0.2.{}@53", primary));
        const dns::Message message = transfer::notify_message(soa(announced), 1);
        CHECK(follower->handle_notify(now(), message, {.address = from.address, .key = nullptr},
                                      from) == dns::Rcode::no_error);
    }

    // A whole version from a primary that announced it.
    void take_whole(int primary, std::uint32_t announced, const std::vector<std::uint8_t>& hosts) {
        serials[primary] = announced;
        notify(primary, announced);
        reply(next(dns::RrType::axfr, primary), full(*version(announced, hosts)));
        settle();
        CHECK(serial() == announced);
    }

    [[nodiscard]] bool holds(std::uint32_t expected, const std::vector<std::uint8_t>& hosts) const {
        return store->served(name("example.test."))->version.digest ==
               version(expected, hosts)->version.digest;
    }

    std::map<int, std::uint32_t> serials{{1, 1}, {2, 1}};  // that the primaries answer
};

std::uint32_t asked_from(const Ask& question) {
    const dns::Message query = *dns::Message::parse(question.message);
    REQUIRE(query.authority.size() == 1);
    return dns::SoaRecord::parse(query.authority[0].view())->serial.value();
}

std::vector<dns::Record> addition(std::uint32_t from, std::uint32_t to, std::uint8_t host) {
    return {soa(to).record(), soa(from).record(), soa(to).record(),
            address(fmt::format("h{}.example.test.", host), host), soa(to).record()};
}

}  // namespace

TEST_CASE("differences of a primary that gave us nothing yet are not believed",
          "[service][follower]") {
    TwoHistories bench;
    bench.take_whole(2, 2, {1, 2, 3});
    const std::vector<TransferBegan> began = bench.take<TransferBegan>();
    REQUIRE(began.size() == 2);
    CHECK(began[1].cause == TransferCause::foreign);
    bench.notify(2, 3);
    const Ask question = bench.next(dns::RrType::ixfr, 2);
    CHECK(asked_from(question) == 2);
    bench.reply(question, addition(2, 3, 4));
    bench.settle();
    CHECK(bench.holds(3, {1, 2, 3, 4}));
}

TEST_CASE("differences of a primary start at the newest version that came from it",
          "[service][follower]") {
    TwoHistories bench;
    bench.take_whole(2, 2, {1, 2, 3});
    bench.take_whole(1, 3, {1, 2, 7});
    static_cast<void>(bench.take<TransferBegan>());
    bench.notify(2, 4);
    const Ask question = bench.next(dns::RrType::ixfr, 2);
    CHECK(asked_from(question) == 2);
    const std::vector<TransferBegan> began = bench.take<TransferBegan>();
    REQUIRE(began.size() == 1);
    CHECK(began[0].cause == TransferCause::own_history);
    bench.reply(question, addition(2, 4, 4));
    bench.settle();
    CHECK(bench.serial() == 4);
    CHECK(bench.holds(4, {1, 2, 3, 4}));  // and no 7, which is of the other history
}

TEST_CASE("a primary that is between its own version and ours has nothing newer",
          "[service][follower]") {
    TwoHistories bench;
    bench.take_whole(2, 2, {1, 2, 3});
    bench.take_whole(1, 10, {1, 2, 7});
    for (const std::uint32_t behind : {3U, 10U, 2U}) {
        bench.notify(2, 20);
        unsigned questions = 0;
        while (const std::optional<Ask> question = bench.asked(seconds{5})) {
            if (FollowerBench::type_of(*question) == dns::RrType::soa ||
                question->to.to_text() == "192.0.2.1@53") {
                bench.reply(*question, {soa(bench.serial_of(*question)).record()});
                continue;
            }
            CHECK(asked_from(*question) == 2);
            bench.reply(*question, behind == 2 ? std::vector<dns::Record>{soa(2).record()}
                                               : addition(2, behind, 4));
            ++questions;
        }
        CHECK(questions >= 1);
        CHECK(questions <= 3);  // what was announced and is not found is forgotten
        CHECK(bench.holds(10, {1, 2, 7}));
    }
}

}  // namespace twinzone::service::test
