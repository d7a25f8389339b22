#include "common/service/publisher.h"

#include <fmt/format.h>

#include "common/service/digest_option.h"
#include "tests/unit/service/publisher_bench.h"

namespace twinzone::service::test {

TEST_CASE("the digest is told to nobody but who may have the zone and has proved it",
          "[service][publisher]") {
    PublisherBench bench;
    dns::Message query = PublisherBench::query("example.test.", dns::RrType::soa);
    query.edns.emplace();
    ask_digest(*query.edns);
    const auto told = [&](bool over_tls, bool is_signed) {
        Bytes request = query.to_wire();
        dns::TsigClient tsig{key("k.")};
        if (is_signed) {
            REQUIRE(tsig.sign_request(request, bench.now().unix));
        }
        Publisher::Answer answer = bench.publisher->answer(
            bench.now(),
            {.peer = endpoint("127.0.0.1@4000"), .transport = Transport::tcp, .over_tls = over_tls},
            request);
        Bytes bytes = std::get<Bytes>(answer);
        if (is_signed) {
            bytes.resize(*tsig.verify(bytes, bench.now().unix));
        }
        return digest_in(*dns::Message::parse(bytes)->edns);
    };
    const zone::Digest digest = version(5, {1, 2, 3})->version.digest;
    CHECK_FALSE(told(false, false));
    CHECK(told(true, false) == digest);
    CHECK(told(false, true) == digest);
    bench.allow({{.addresses = {}, .key = key("other.")}});
    CHECK_FALSE(told(true, false));
    CHECK_FALSE(told(false, true));
    bench.allow({{.addresses = {}, .key = key("k.")}});
    CHECK(told(false, true) == digest);
    query.edns->options.clear();
    CHECK_FALSE(told(false, true));
}

TEST_CASE("each request gets the answer of its kind", "[service][publisher]") {
    struct Row {
        const char* name = "";
        dns::Message query;
        const char* from = "";
        Transport transport{};
        dns::Rcode rcode{};
        std::size_t answers = 0;
    };
    const auto query = [](std::string_view zone, dns::RrType type,
                          std::optional<std::uint32_t> serial = {}) {
        return PublisherBench::query(zone, type, serial);
    };
    dns::Message update = query("example.test.", dns::RrType::soa);
    update.header.opcode = dns::Opcode::update;
    dns::Message chaos = query("example.test.", dns::RrType::soa);
    chaos.question->rr_class = dns::RrClass::ch;
    dns::Message empty = query("example.test.", dns::RrType::soa);
    empty.question.reset();
    const Row rows[] = {
        {"SOA, to anyone", query("example.test.", dns::RrType::soa), "203.0.113.9@1",
         Transport::udp, dns::Rcode::no_error, 1},
        {"SOA of another zone", query("other.test.", dns::RrType::soa), "127.0.0.1@1",
         Transport::udp, dns::Rcode::refused, 0},
        {"SOA below the apex", query("h1.example.test.", dns::RrType::soa), "127.0.0.1@1",
         Transport::udp, dns::Rcode::refused, 0},
        {"another type", query("h1.example.test.", dns::RrType::a), "127.0.0.1@1", Transport::udp,
         dns::Rcode::refused, 0},
        {"another class", chaos, "127.0.0.1@1", Transport::udp, dns::Rcode::refused, 0},
        {"UPDATE", update, "127.0.0.1@1", Transport::udp, dns::Rcode::not_imp, 0},
        {"no question", empty, "127.0.0.1@1", Transport::udp, dns::Rcode::form_err, 0},
        {"AXFR", query("example.test.", dns::RrType::axfr), "127.0.0.1@1", Transport::tcp,
         dns::Rcode::no_error, 5},
        {"AXFR by a stranger", query("example.test.", dns::RrType::axfr), "203.0.113.9@1",
         Transport::tcp, dns::Rcode::refused, 0},
        {"AXFR of another zone", query("other.test.", dns::RrType::axfr), "127.0.0.1@1",
         Transport::tcp, dns::Rcode::not_auth, 0},
        {"AXFR over UDP", query("example.test.", dns::RrType::axfr), "127.0.0.1@1", Transport::udp,
         dns::Rcode::form_err, 0},
        {"IXFR without a SOA", query("example.test.", dns::RrType::ixfr), "127.0.0.1@1",
         Transport::tcp, dns::Rcode::form_err, 0},
        {"IXFR from our serial", query("example.test.", dns::RrType::ixfr, 5), "127.0.0.1@1",
         Transport::tcp, dns::Rcode::no_error, 1},
        {"IXFR from a newer serial", query("example.test.", dns::RrType::ixfr, 6), "127.0.0.1@1",
         Transport::tcp, dns::Rcode::no_error, 1},
        {"IXFR without history", query("example.test.", dns::RrType::ixfr, 4), "127.0.0.1@1",
         Transport::tcp, dns::Rcode::no_error, 5},
        {"IXFR over UDP by a stranger", query("example.test.", dns::RrType::ixfr, 4),
         "203.0.113.9@1", Transport::udp, dns::Rcode::refused, 0},
        {"NOTIFY to a primary", transfer::notify_message(soa(9), 77), "127.0.0.1@1", Transport::udp,
         dns::Rcode::not_auth, 0},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            PublisherBench bench;
            const std::optional<dns::Message> answer =
                bench.one(row.query, row.transport, row.from);
            REQUIRE(answer);
            CHECK(answer->header.id == 77);
            CHECK(answer->header.qr);
            CHECK(answer->header.rcode == row.rcode);
            CHECK(answer->answer.size() == row.answers);
            CHECK(answer->header.aa == (row.answers > 0));
        }
    }
}

TEST_CASE("what is no request is dropped", "[service][publisher]") {
    PublisherBench bench;
    CHECK(std::holds_alternative<std::monostate>(bench.ask(Bytes{1, 2, 3})));
    dns::Message response = PublisherBench::query("example.test.", dns::RrType::soa);
    response.header.qr = true;
    CHECK(std::holds_alternative<std::monostate>(bench.ask(response.to_wire())));
}

TEST_CASE("access is checked before a place is taken, and places are given back",
          "[service][publisher][R6]") {
    PublisherBench bench{1};
    const Bytes axfr = PublisherBench::query("example.test.", dns::RrType::axfr).to_wire();
    Publisher::Answer first = bench.ask(axfr);
    REQUIRE(std::holds_alternative<std::unique_ptr<OutgoingTransfer>>(first));
    CHECK(bench
              .one(PublisherBench::query("example.test.", dns::RrType::axfr), Transport::tcp,
                   "203.0.113.9@1")
              ->header.rcode == dns::Rcode::refused);
    CHECK(bench.one(PublisherBench::query("example.test.", dns::RrType::axfr))->header.rcode ==
          dns::Rcode::serv_fail);
    bench.publisher->transfer_ended();
    CHECK(bench.one(PublisherBench::query("example.test.", dns::RrType::axfr))->header.rcode ==
          dns::Rcode::no_error);
}

TEST_CASE("a zone that expired or has no version is answered by SERVFAIL", "[service][publisher]") {
    PublisherBench bench{10, true};
    bench.view.left = seconds{0};
    CHECK(bench.one(PublisherBench::query("example.test.", dns::RrType::soa))->header.rcode ==
          dns::Rcode::serv_fail);
    CHECK(bench.one(PublisherBench::query("example.test.", dns::RrType::axfr))->header.rcode ==
          dns::Rcode::serv_fail);
    bench.publisher->put_zone(name("empty.test."), {});
    CHECK(bench.one(PublisherBench::query("empty.test.", dns::RrType::soa))->header.rcode ==
          dns::Rcode::serv_fail);
}

TEST_CASE("in a rule with address and key both must hold", "[service][publisher][R13]") {
    PublisherBench bench;
    bench.allow({{.addresses = {*IpPrefix::from_text("127.0.0.0/8")}, .key = key("k.")}});
    struct Row {
        const char* from;
        bool is_signed;
        dns::Rcode rcode;
    };
    const Row rows[] = {{"127.0.0.1@1", false, dns::Rcode::refused},
                        {"203.0.113.9@1", true, dns::Rcode::refused},
                        {"127.0.0.1@1", true, dns::Rcode::no_error}};
    for (const Row& row : rows) {
        Bytes request = PublisherBench::query("example.test.", dns::RrType::ixfr, 5).to_wire();
        dns::TsigClient client{key("k.")};
        if (row.is_signed) {
            REQUIRE(client.sign_request(request, bench.now().unix));
        }
        Publisher::Answer answer = bench.ask(request, Transport::udp, row.from);
        Bytes* message = std::get_if<Bytes>(&answer);
        REQUIRE(message != nullptr);
        CHECK(dns::read_header(message->data()).rcode == row.rcode);
        if (row.is_signed) {
            CHECK(client.verify(*message, bench.now().unix));
        }
    }
}

TEST_CASE("a request that is signed wrongly gets NOTAUTH and nothing else",
          "[service][publisher]") {
    PublisherBench bench;
    const dns::TsigKeyPtr wrong[] = {key("k.", 2), key("other.")};
    for (const dns::TsigKeyPtr& with : wrong) {
        Bytes request = PublisherBench::query("example.test.", dns::RrType::soa).to_wire();
        REQUIRE(dns::TsigClient{with}.sign_request(request, bench.now().unix));
        Publisher::Answer answer = bench.ask(request, Transport::udp);
        const Bytes* message = std::get_if<Bytes>(&answer);
        REQUIRE(message != nullptr);
        CHECK(dns::read_header(message->data()).rcode == dns::Rcode::not_auth);
        CHECK(dns::read_header(message->data()).ancount == 0);
        CHECK(bench.publisher->take_refusals().size() == 1);
    }
}

TEST_CASE("every message of a signed transfer is signed", "[service][publisher]") {
    PublisherBench bench;
    zone::RecordList many;
    for (int i = 0; i < 3000; ++i) {
        many.append(address(fmt::format("host{}.with.a.longer.name.example.test.", i),
                            static_cast<std::uint8_t>(i))
                        .view());
    }
    bench.hold(*sim::make_version(soa(6), std::move(many)));
    bench.publisher = std::make_unique<Publisher>(*bench.store, bench.keyring, nullptr, 10);
    bench.allow({{.addresses = {}, .key = key("k.")}});
    Bytes request = PublisherBench::query("example.test.", dns::RrType::axfr).to_wire();
    dns::TsigClient client{key("k.")};
    REQUIRE(client.sign_request(request, bench.now().unix));
    Publisher::Answer answer = bench.ask(request);
    auto* transfer = std::get_if<std::unique_ptr<OutgoingTransfer>>(&answer);
    REQUIRE(transfer != nullptr);
    std::size_t messages = 0;
    while (true) {
        Result<std::optional<WireMessage>> message = (*transfer)->next(bench.now().unix);
        REQUIRE(message);
        if (!*message) {
            break;
        }
        Bytes bytes = (*message)->message();
        REQUIRE(client.verify(bytes, bench.now().unix));
        CHECK(client.last_was_signed());
        ++messages;
    }
    CHECK(messages > 3);
}

TEST_CASE("a client over a stream is told how long it may be idle, if it asks", "[service]") {
    PublisherBench bench;
    dns::Message query = PublisherBench::query("example.test.", dns::RrType::soa);
    query.edns.emplace();
    const auto told = [&](const dns::Message& asked, Transport transport, Duration idle) {
        Bytes wire = asked.to_wire();
        const Publisher::Answer answer = bench.publisher->answer(
            bench.now(), {.peer = endpoint("127.0.0.1@4000"), .transport = transport, .idle = idle},
            wire);
        return dns::Message::parse(std::get<Bytes>(answer))->edns->keepalive();
    };
    CHECK(told(query, Transport::tcp, seconds{30}) == std::nullopt);
    query.edns->ask_keepalive();
    CHECK(told(query, Transport::tcp, seconds{30}) == seconds{30});
    CHECK(told(query, Transport::udp, Duration{0}) == std::nullopt);  // RFC 7828 §3.2.1
}

TEST_CASE("answers over TLS to padded questions are padded, bulk is not", "[service]") {
    PublisherBench bench;
    const auto ask = [&](dns::RrType type, bool over_tls, bool pads) {
        dns::Message query = PublisherBench::query("example.test.", type);
        query.edns.emplace();
        if (pads) {
            query.edns->options.push_back({dns::EdnsOption::padding, Bytes(20)});
        }
        Bytes wire = query.to_wire();
        Publisher::Answer answer = bench.publisher->answer(
            bench.now(),
            {.peer = endpoint("127.0.0.1@4000"), .transport = Transport::tcp, .over_tls = over_tls},
            wire);
        if (auto* transfer = std::get_if<std::unique_ptr<OutgoingTransfer>>(&answer)) {
            bench.publisher->transfer_ended();
            return (**(*transfer)->next(bench.now().unix)).message().size();
        }
        return std::get<Bytes>(answer).size();
    };
    for (const dns::RrType type : {dns::RrType::soa, dns::RrType::axfr, dns::RrType::txt}) {
        CHECK(ask(type, true, true) % 468 == 0);
        CHECK(ask(type, true, false) % 468 != 0);
        CHECK(ask(type, false, true) % 468 != 0);
    }
}

}  // namespace twinzone::service::test
