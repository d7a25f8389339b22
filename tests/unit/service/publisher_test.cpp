#include "common/service/publisher.h"

#include <fmt/format.h>

#include "common/service/digest_option.h"
#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

class FixedView final : public SecondaryView {
  public:
    [[nodiscard]] std::optional<seconds> expires_in(Now, dns::NameView) const override {
        return left;
    }
    [[nodiscard]] std::optional<Errc> last_fault(dns::NameView) const override { return fault; }
    [[nodiscard]] std::optional<dns::Rcode> handle_notify(Now, const dns::Message&,
                                                          const transfer::Peer&,
                                                          const Endpoint&) override {
        return notify_answer;
    }
    std::optional<seconds> left = seconds{100};
    std::optional<Errc> fault;
    dns::Rcode notify_answer = dns::Rcode::no_error;
};

class PublisherBench : public StoreBench {
  public:
    explicit PublisherBench(std::uint32_t max_transfers = 10, bool secondary = false) {
        hold(*version(5, {1, 2, 3}));
        keyring.add(key("k."));
        publisher = std::make_unique<Publisher>(*store, keyring, secondary ? &view : nullptr,
                                                max_transfers);
        allow({{.addresses = {*IpPrefix::from_text("127.0.0.0/8")}, .key = nullptr}});
    }

    void allow(std::vector<transfer::AccessRule> rules) {
        publisher->put_zone(name("example.test."), transfer::AccessRules{std::move(rules)});
    }

    Publisher::Answer ask(Bytes request, Transport transport = Transport::tcp,
                          std::string_view from = "127.0.0.1@4000") {
        return publisher->answer(now(), {.peer = endpoint(from), .transport = transport}, request);
    }

    static dns::Message query(std::string_view zone, dns::RrType type,
                              std::optional<std::uint32_t> serial = {}) {
        dns::Message out;
        out.header.id = 77;
        out.question = dns::Question{name(zone), type, dns::RrClass::in};
        if (serial) {
            out.authority.push_back(soa(*serial).record());
        }
        return out;
    }

    // The answer where it is one message, or the only message of a transfer.
    std::optional<dns::Message> one(const dns::Message& query, Transport transport = Transport::tcp,
                                    std::string_view from = "127.0.0.1@4000") {
        Publisher::Answer answer = ask(query.to_wire(), transport, from);
        if (const Bytes* bytes = std::get_if<Bytes>(&answer)) {
            return *dns::Message::parse(*bytes);
        }
        if (auto* transfer = std::get_if<std::unique_ptr<OutgoingTransfer>>(&answer)) {
            Result<std::optional<WireMessage>> message = (*transfer)->next(now().unix);
            REQUIRE(message);
            REQUIRE(*message);
            CHECK_FALSE(*(*transfer)->next(now().unix));
            publisher->transfer_ended();
            return *dns::Message::parse((*message)->message());
        }
        return std::nullopt;
    }

    // The codes of the extended errors, in order.
    static std::vector<dns::ExtendedErrorCode> codes_of(const dns::Edns& edns) {
        std::vector<dns::ExtendedErrorCode> codes;
        for (const dns::Edns::Option& option : edns.options) {
            if (option.code == dns::EdnsOption::extended_error) {
                codes.push_back(static_cast<dns::ExtendedErrorCode>(load_u16(option.value.data())));
            }
        }
        return codes;
    }

    FixedView view;
    dns::TsigKeyring keyring;
    std::unique_ptr<Publisher> publisher;
};

}  // namespace

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

TEST_CASE("who asks with EDNS is told why, who does not is not", "[service][publisher]") {
    using Code = dns::ExtendedErrorCode;
    struct Row {
        const char* name = "";
        dns::Message query;
        const char* from = "127.0.0.1@1";
        Code code{};
        bool expired = false;
        dns::Rcode notify = dns::Rcode::no_error;
    };
    const auto query = [](std::string_view zone, dns::RrType type) {
        return PublisherBench::query(zone, type);
    };
    dns::Message update = query("example.test.", dns::RrType::soa);
    update.header.opcode = dns::Opcode::update;
    const dns::Message notify = transfer::notify_message(soa(9), 77);
    const Row rows[] = {
        {.name = "opcode", .query = update, .code = Code::not_supported},
        {.name = "type",
         .query = query("a.example.test.", dns::RrType::a),
         .code = Code::not_supported},
        {.name = "type, elsewhere",
         .query = query("a.test.", dns::RrType::a),
         .code = Code::not_authoritative},
        {.name = "SOA, elsewhere",
         .query = query("a.test.", dns::RrType::soa),
         .code = Code::not_authoritative},
        {.name = "AXFR, elsewhere",
         .query = query("a.test.", dns::RrType::axfr),
         .code = Code::not_authoritative},
        {.name = "AXFR by a stranger",
         .query = query("example.test.", dns::RrType::axfr),
         .from = "203.0.113.9@1",
         .code = Code::prohibited},
        {.name = "AXFR, no version",
         .query = query("empty.test.", dns::RrType::axfr),
         .code = Code::not_ready},
        {.name = "SOA, no version",
         .query = query("empty.test.", dns::RrType::soa),
         .code = Code::not_ready},
        {.name = "AXFR, expired",
         .query = query("example.test.", dns::RrType::axfr),
         .code = Code::expired_content,
         .expired = true},
        {.name = "SOA, expired",
         .query = query("example.test.", dns::RrType::soa),
         .code = Code::expired_content,
         .expired = true},
        {.name = "NOTIFY, elsewhere",
         .query = notify,
         .code = Code::not_authoritative,
         .notify = dns::Rcode::not_auth},
        {.name = "NOTIFY by a stranger",
         .query = notify,
         .code = Code::prohibited,
         .notify = dns::Rcode::refused},
        {.name = "NOTIFY of another type",
         .query = notify,
         .code = Code::not_supported,
         .notify = dns::Rcode::not_imp},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            PublisherBench bench{10, true};
            bench.publisher->put_zone(name("empty.test."),
                                      transfer::AccessRules{{transfer::AccessRule{}}});
            bench.view.left = row.expired ? seconds{0} : seconds{100};
            bench.view.notify_answer = row.notify;
            const std::optional<dns::Message> plain =
                bench.one(row.query, Transport::tcp, row.from);
            REQUIRE(plain);
            CHECK_FALSE(plain->edns);
            dns::Message query_with_edns = row.query;
            query_with_edns.edns.emplace();
            const std::optional<dns::Message> told =
                bench.one(query_with_edns, Transport::tcp, row.from);
            REQUIRE(told);
            CHECK(told->rcode() == plain->rcode());
            REQUIRE(told->edns);
            CHECK(PublisherBench::codes_of(*told->edns) == std::vector{row.code});
        }
    }
}

TEST_CASE("a zone that may not be served tells whether its primaries could be asked",
          "[service][publisher]") {
    using Code = dns::ExtendedErrorCode;
    PublisherBench bench{10, true};
    bench.view.left = seconds{0};
    dns::Message query = PublisherBench::query("example.test.", dns::RrType::soa);
    query.edns.emplace();
    bench.view.fault = Errc::peer_unreachable;
    CHECK(PublisherBench::codes_of(*bench.one(query)->edns) ==
          std::vector{Code::expired_content, Code::no_reachable_authority});
    bench.view.fault = Errc::network;
    CHECK(PublisherBench::codes_of(*bench.one(query)->edns) ==
          std::vector{Code::expired_content, Code::network_error});
    bench.view.fault = Errc::rcode;
    CHECK(PublisherBench::codes_of(*bench.one(query)->edns) == std::vector{Code::expired_content});
    bench.view.left = seconds{100};
    CHECK(PublisherBench::codes_of(*bench.one(query)->edns).empty());
}

TEST_CASE("EDNS is answered where it was used, EXPIRE where it was asked", "[service][publisher]") {
    PublisherBench primary;
    PublisherBench secondary{10, true};
    dns::Message query = PublisherBench::query("example.test.", dns::RrType::soa);
    CHECK_FALSE(primary.one(query)->edns);
    query.edns.emplace();
    CHECK_FALSE(primary.one(query)->edns->has_expire());
    query.edns->ask_expire();
    CHECK(primary.one(query)->edns->expire() == seconds{86400});
    CHECK(secondary.one(query)->edns->expire() == seconds{100});
    query.edns->version = 1;
    CHECK(primary.one(query)->rcode() == dns::Rcode::bad_vers);
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
