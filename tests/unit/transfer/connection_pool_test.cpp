#include "common/transfer/connection_pool.h"

#include <algorithm>

#include "common/base/random.h"
#include "common/transfer/transfer_query.h"
#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::transfer {

namespace {

using Pool = ConnectionPool;

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

Bytes query(std::uint16_t id, const char* zone = "a.test.", dns::RrType type = dns::RrType::soa) {
    dns::Message message;
    message.header.id = id;
    message.question = dns::Question{test::name(zone), type, dns::RrClass::in};
    return message.to_wire();
}

Bytes answer(std::uint16_t id, const char* zone = "a.test.", dns::RrType type = dns::RrType::soa) {
    Bytes out = query(id, zone, type);
    out[2] |= 0x80;
    return out;
}

// A pool, and what it wanted since the last look.
struct Fixture {
    explicit Fixture(std::uint32_t per_target = 4) : pool(per_target) {}

    void look() {
        opened.clear();
        sent.clear();
        closed.clear();
        waiting.clear();
        failed.clear();
        while (std::optional<Pool::Action> action = pool.poll_action()) {
            if (const auto* wanted = std::get_if<Pool::Open>(&*action)) {
                opened.push_back(wanted->connection);
            } else if (const auto* message = std::get_if<Pool::Send>(&*action)) {
                sent.emplace_back(message->connection, load_u16(message->framed->data() + 2));
            } else if (const auto* ended = std::get_if<Pool::Close>(&*action)) {
                closed.push_back(ended->connection);
            } else if (const auto* waits = std::get_if<Pool::Waits>(&*action)) {
                waiting.push_back(waits->question);
            } else if (auto* lost = std::get_if<Pool::Failed>(&*action)) {
                failed.push_back(*lost);
            }
        }
        REQUIRE(pool.invariants_hold());
    }
    // Asks, with the question's number as message ID, and says on which connection it went.
    std::optional<ConnectionId> ask(std::uint16_t id, dns::RrType type = dns::RrType::soa,
                                    const char* zone = "a.test.") {
        pool.ask(now, QuestionId{id}, 0, query(id, zone, type));
        look();
        return sent.empty() ? std::nullopt : std::optional{sent.back().first};
    }
    ConnectionId ask_connected(std::uint16_t id, dns::RrType type = dns::RrType::soa) {
        const std::optional<ConnectionId> on = ask(id, type);
        REQUIRE(on);
        if (!opened.empty()) {
            pool.handle_connected(now, *on);
            look();
        }
        return *on;
    }
    std::optional<QuestionId> hear(ConnectionId on, const Bytes& message,
                                   std::optional<Duration> idle = {}) {
        const std::optional<QuestionId> whose = pool.handle_message(now, on, message, idle);
        look();
        return whose;
    }
    void finish(std::uint16_t id, Pool::Left left = Pool::Left::whole) {
        pool.abandon(now, QuestionId{id}, left);
        look();
    }
    void end(ConnectionId on) {
        pool.handle_end(now, on, Error{Errc::peer_unreachable, "closed"});
        look();
    }

    ConnectionPool pool;
    Instant now = at(0);
    std::vector<ConnectionId> opened;
    std::vector<std::pair<ConnectionId, std::uint16_t>> sent;  // connection, message ID
    std::vector<ConnectionId> closed;
    std::vector<QuestionId> waiting;
    std::vector<Pool::Failed> failed;
};

constexpr dns::RrType kAxfr = dns::RrType::axfr;

}  // namespace

TEST_CASE("questions to one server follow each other on one connection", "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    CHECK(a.hear(first, answer(1)) == QuestionId{1});
    a.finish(1);
    CHECK(a.ask(2) == first);
    CHECK(a.opened.empty());
    CHECK(a.hear(first, answer(2)) == QuestionId{2});
    a.finish(2);
    CHECK(a.ask(3, kAxfr) == first);
    CHECK(a.pool.connections(0) == 1);
}

TEST_CASE("a server that answered twice gets single questions at once, answered in any order",
          "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    static_cast<void>(a.hear(first, answer(1)));
    static_cast<void>(a.ask(2));
    static_cast<void>(a.hear(first, answer(2)));
    CHECK(a.ask(3) == first);
    CHECK(a.ask(4) == first);
    CHECK(a.ask(5) == first);
    CHECK(a.hear(first, answer(5)) == QuestionId{5});
    CHECK(a.hear(first, answer(3)) == QuestionId{3});
    CHECK(a.hear(first, answer(4)) == QuestionId{4});
    CHECK(a.closed.empty());
}

TEST_CASE("a server that is not known yet gets connections before it gets a queue", "[transfer]") {
    Fixture a{2};
    const ConnectionId first = a.ask_connected(1);
    const ConnectionId second = a.ask_connected(2);
    CHECK(first != second);
    CHECK(a.ask(3) == first);  // all there may be
    CHECK(a.pool.connections(0) == 2);
}

TEST_CASE("transfers run one at a time on a connection, and leave one to others", "[transfer]") {
    Fixture a{3};
    const ConnectionId first = a.ask_connected(1, kAxfr);
    const ConnectionId second = a.ask_connected(2, kAxfr);
    CHECK(first != second);
    CHECK_FALSE(a.ask(3, kAxfr));
    CHECK(a.waiting == std::vector{QuestionId{3}});
    const std::optional<ConnectionId> third = a.ask(4);
    REQUIRE(third);
    CHECK(*third != first);
    CHECK(*third != second);
    a.finish(2);
    CHECK(a.sent == std::vector{std::pair{second, std::uint16_t{3}}});
}

TEST_CASE("where there may be one connection only, everything shares it", "[transfer]") {
    Fixture a{1};
    const ConnectionId only = a.ask_connected(1, kAxfr);
    CHECK(a.ask(2) == only);
    CHECK_FALSE(a.ask(3, kAxfr));
    CHECK(a.hear(only, answer(2)) == QuestionId{2});
    CHECK(a.hear(only, answer(1, "a.test.", kAxfr)) == QuestionId{1});
    a.finish(1);
    CHECK(a.sent == std::vector{std::pair{only, std::uint16_t{3}}});
}

TEST_CASE("a question whose shared connection ends is asked once more, alone", "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    static_cast<void>(a.hear(first, answer(1)));
    CHECK(a.ask(2) == first);
    a.end(first);
    CHECK(a.failed.empty());
    REQUIRE(a.sent.size() == 1);
    const ConnectionId second = a.sent[0].first;
    CHECK(second != first);
    a.pool.handle_connected(a.now, second);
    const std::optional<ConnectionId> elsewhere = a.ask(3);
    CHECK(elsewhere != second);
    a.end(second);
    REQUIRE(a.failed.size() == 1);
    CHECK(a.failed[0].question == QuestionId{2});
}

TEST_CASE("a question that was alone on a fresh connection fails with it", "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    a.end(first);
    REQUIRE(a.failed.size() == 1);
    CHECK(a.failed[0].question == QuestionId{1});
    CHECK(a.pool.questions() == 0);
}

TEST_CASE("a transfer that had begun is not asked again when it is cut", "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    static_cast<void>(a.hear(first, answer(1)));
    CHECK(a.ask(2, kAxfr) == first);
    CHECK(a.hear(first, answer(2, "a.test.", kAxfr)) == QuestionId{2});
    a.end(first);
    REQUIRE(a.failed.size() == 1);
    CHECK(a.failed[0].question == QuestionId{2});
}

TEST_CASE("a server that ends connections after one answer is soon asked as it wants",
          "[transfer]") {
    Fixture a;
    for (std::uint16_t id = 1; id <= 2; ++id) {
        const ConnectionId on = a.ask_connected(id);
        static_cast<void>(a.hear(on, answer(id)));
        a.end(on);
    }
    const ConnectionId third = a.ask_connected(3);
    const ConnectionId fourth = a.ask_connected(4);
    CHECK(third != fourth);
    static_cast<void>(a.hear(third, answer(3)));
    CHECK(a.closed == std::vector{third});  // no use waiting for its end
    a.now = at(1000) + kAloneTime;
    const ConnectionId fifth = a.ask_connected(5);
    static_cast<void>(a.hear(fifth, answer(5)));
    CHECK(a.ask(6) == fifth);  // tried anew
}

TEST_CASE("a message nobody asked for ends a shared connection and harms no question",
          "[transfer]") {
    struct Row {
        const char* name;
        Bytes message;
    };
    const Row rows[] = {
        {"an ID that was not asked", answer(99)},
        {"another question", answer(3, "b.test.")},
        {"another type", answer(3, "a.test.", dns::RrType::ixfr)},
        {"cut", Bytes{0, 3, 0x80}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Fixture a;
            const ConnectionId first = a.ask_connected(1);
            static_cast<void>(a.hear(first, answer(1)));
            static_cast<void>(a.ask(2));
            static_cast<void>(a.hear(first, answer(2)));
            CHECK(a.ask(3) == first);
            CHECK(a.ask(4) == first);
            CHECK_FALSE(a.hear(first, row.message));
            CHECK(a.closed == std::vector{first});
            REQUIRE(a.sent.size() == 2);
            CHECK(a.sent[0].first != a.sent[1].first);
            CHECK(a.failed.empty());
        }
    }
}

TEST_CASE("the only question of a fresh connection hears what is wrong with its answer",
          "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    CHECK(a.hear(first, answer(99)) == QuestionId{1});
}

TEST_CASE("an answer may spell the name in another case, or leave out the question", "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    CHECK(a.hear(first, answer(1, "A.TEST.")) == QuestionId{1});
    CHECK(a.ask(2, kAxfr) == first);
    Bytes bare = answer(2);
    bare.resize(12);
    bare[5] = 0;
    CHECK(a.hear(first, bare) == QuestionId{2});
    CHECK(a.closed.empty());
}

TEST_CASE("a connection that cannot be made fails its questions", "[transfer]") {
    Fixture a{1};
    const std::optional<ConnectionId> first = a.ask(1);
    REQUIRE(a.ask(2) == first);
    SECTION("refused") {
        a.end(*first);
    }
    SECTION("not made in time") {
        CHECK(a.pool.next_timeout() == a.now + kConnectionTime);
        a.pool.handle_timeout(a.now + kConnectionTime);
        a.look();
    }
    CHECK(a.failed.size() == 2);
    CHECK(a.pool.connections(0) == 0);
}

TEST_CASE("idle connections are closed when nobody needs them", "[transfer]") {
    struct Row {
        const char* name;
        std::optional<Duration> told;
        Duration kept;
    };
    const Row rows[] = {
        {"nothing told", {}, kIdleTime},
        {"told less", milliseconds{300}, milliseconds{300}},
        {"told more", seconds{20}, seconds{20}},
        {"told for ever", hours{1}, kLongestIdleTime},
        {"told to go", milliseconds{0}, Duration{0}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Fixture a;
            const ConnectionId first = a.ask_connected(1);
            CHECK(a.hear(first, answer(1), row.told) == QuestionId{1});
            if (row.kept > Duration{0}) {
                CHECK(a.closed.empty());
                CHECK(a.pool.next_timeout() == a.now + row.kept);
                a.pool.handle_timeout(a.now + row.kept);
                a.look();
            }
            CHECK(a.closed == std::vector{first});
            CHECK(a.pool.next_timeout() == std::nullopt);
        }
    }
}

TEST_CASE("the late answer of a question that was given up is passed over", "[transfer]") {
    Fixture a{1};
    const ConnectionId first = a.ask_connected(1);
    CHECK(a.ask(2) == first);
    a.finish(1, Pool::Left::midway);
    CHECK(a.closed.empty());
    CHECK_FALSE(a.hear(first, answer(1)));
    CHECK(a.closed.empty());
    CHECK(a.hear(first, answer(2)) == QuestionId{2});
    CHECK(a.closed == std::vector{first});  // it was slow: the next question gets another
}

TEST_CASE("a transfer given up midway takes its connection with it", "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1, kAxfr);
    static_cast<void>(a.hear(first, answer(1, "a.test.", kAxfr)));
    a.finish(1, Pool::Left::midway);
    CHECK(a.closed == std::vector{first});
    CHECK(a.pool.connections(0) == 0);
}

TEST_CASE("a server that passes over the next question on a connection is asked anew",
          "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    CHECK(a.pool.next_timeout() == std::nullopt);  // the owner's to time
    static_cast<void>(a.hear(first, answer(1)));
    const bool is_transfer = GENERATE(false, true);
    const dns::RrType type = is_transfer ? kAxfr : dns::RrType::soa;
    CHECK(a.ask(2, type) == first);
    const Instant late = a.now + (type == kAxfr ? kTransferSilence : kSilence);
    CHECK(a.pool.next_timeout() == late);
    a.pool.handle_timeout(late);
    a.look();
    CHECK(a.closed == std::vector{first});
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].second == 2);
    CHECK(a.failed.empty());
}

TEST_CASE("a transfer that has begun may pause as its owner likes", "[transfer]") {
    Fixture a;
    const ConnectionId first = a.ask_connected(1);
    static_cast<void>(a.hear(first, answer(1)));
    CHECK(a.ask(2, kAxfr) == first);
    static_cast<void>(a.hear(first, answer(2, "a.test.", kAxfr)));
    CHECK(a.pool.next_timeout() == std::nullopt);
}

TEST_CASE("two questions of one ID never share a connection", "[transfer]") {
    Fixture a{2};
    const ConnectionId first = a.ask_connected(1);
    a.pool.ask(a.now, QuestionId{100}, 0, query(1));
    a.look();
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].first != first);
    a.pool.ask(a.now, QuestionId{101}, 0, query(1));
    a.look();
    CHECK(a.waiting == std::vector{QuestionId{101}});
}

TEST_CASE("a retired target keeps no idle connection and gets no more questions", "[transfer]") {
    Fixture a;
    const ConnectionId idle = a.ask_connected(1);
    const ConnectionId busy = a.ask_connected(2);
    static_cast<void>(a.hear(idle, answer(1)));
    a.pool.retire(0);
    a.look();
    CHECK(a.closed == std::vector{idle});
    CHECK(a.hear(busy, answer(2)) == QuestionId{2});
    CHECK(a.closed == std::vector{busy});
}

// Servers and owners that do anything, by a seed.
class Chaos {
  public:
    explicit Chaos(std::uint64_t seed)
        : random_(seed), f_(1 + static_cast<std::uint32_t>(random_.below(4))) {}

    void step() {
        f_.now = f_.now + milliseconds{random_.below(400)};
        is_transfer_ = random_.below(2) == 0;
        const std::uint64_t what = random_.below(7);
        if (what < 2) {
            asked_.push_back(++last_);
            static_cast<void>(f_.ask(last_, type()));
        } else if (what < 6) {
            act_on_connection(what);
        } else if (!asked_.empty()) {
            f_.pool.abandon(f_.now, QuestionId{asked_[random_.below(asked_.size())]},
                            is_transfer_ ? Pool::Left::whole : Pool::Left::midway);
        }
        const std::vector<ConnectionId> before = std::move(f_.opened);
        connections_.insert(connections_.end(), before.begin(), before.end());
        f_.look();
        connections_.insert(connections_.end(), f_.opened.begin(), f_.opened.end());
        f_.pool.handle_timeout(f_.now);
    }

    void check_end() {
        for (const std::uint16_t id : asked_) {
            f_.pool.abandon(f_.now, QuestionId{id}, Pool::Left::midway);
        }
        f_.look();
        CHECK(f_.pool.questions() == 0);
        f_.pool.handle_timeout(f_.now + kLongestIdleTime);
        f_.look();
        CHECK(f_.pool.connections(0) == 0);
        CHECK(f_.pool.next_timeout() == std::nullopt);
    }

  private:
    [[nodiscard]] dns::RrType type() const { return is_transfer_ ? kAxfr : dns::RrType::soa; }

    void act_on_connection(std::uint64_t what) {
        if (connections_.empty()) {
            return;
        }
        const ConnectionId connection = connections_[random_.below(connections_.size())];
        if (what == 2) {
            f_.pool.handle_connected(f_.now, connection);
        } else if (what == 5) {
            f_.pool.handle_end(f_.now, connection, Error{Errc::peer_unreachable, "cut"});
        } else if (last_ > 0) {
            const auto id = static_cast<std::uint16_t>(1 + random_.below(last_));
            static_cast<void>(
                f_.pool.handle_message(f_.now, connection, answer(id, "a.test.", type())));
        }
    }

    Random random_;
    Fixture f_;
    std::vector<ConnectionId> connections_;
    std::vector<std::uint16_t> asked_;
    std::uint16_t last_ = 0;
    bool is_transfer_ = false;
};

TEST_CASE("whatever servers and owners do, every question ends once", "[transfer]") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Chaos chaos{seed};
        for (int step = 0; step < 200; ++step) {
            chaos.step();
        }
        chaos.check_end();
    }
}

}  // namespace twinzone::transfer
