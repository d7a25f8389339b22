// What the publisher says by EDNS: why it refuses, and what it is asked for.

#include "tests/unit/service/publisher_bench.h"

namespace twinzone::service::test {

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

TEST_CASE("who asks for our name, the zone's version and a cookie gets them",
          "[service][publisher]") {
    PublisherBench bench;
    dns::Message query = PublisherBench::query("example.test.", dns::RrType::soa);
    query.edns.emplace();
    const auto ask_for = [&query](dns::EdnsOption code, Bytes value) {
        query.edns->options.push_back({code, std::move(value)});
    };
    ask_for(dns::EdnsOption::nsid, {});
    ask_for(dns::EdnsOption::zoneversion, {});
    ask_for(dns::EdnsOption::cookie, Bytes(8, 0x11));
    const dns::Edns without = *bench.one(query)->edns;
    CHECK(without.find(dns::EdnsOption::nsid) == nullptr);
    CHECK(without.find(dns::EdnsOption::cookie) == nullptr);
    bench.publisher->set_nsid("ns1");
    bench.publisher->use_cookies({1, 2});
    const dns::Edns with = *bench.one(query, Transport::udp)->edns;
    REQUIRE(with.find(dns::EdnsOption::nsid) != nullptr);
    CHECK(as_text(with.find(dns::EdnsOption::nsid)->value) == "ns1");
    REQUIRE(with.find(dns::EdnsOption::zoneversion) != nullptr);
    // Labels of example.test., type SOA-SERIAL, serial
    CHECK(with.find(dns::EdnsOption::zoneversion)->value == Bytes{2, 0, 0, 0, 0, 5});
    REQUIRE(with.find(dns::EdnsOption::cookie) != nullptr);
    CHECK(with.find(dns::EdnsOption::cookie)->value.size() == 24);
    query.question->name = name("other.test.");
    const dns::Edns refused = *bench.one(query, Transport::udp)->edns;
    CHECK(refused.find(dns::EdnsOption::nsid) != nullptr);
    CHECK(refused.find(dns::EdnsOption::cookie) != nullptr);
    CHECK(refused.find(dns::EdnsOption::zoneversion) == nullptr);
    query.edns->options.back().value.resize(9);
    CHECK(bench.one(query)->rcode() == dns::Rcode::form_err);
}

TEST_CASE("the SOA has its signatures with DO, and is cut where they do not fit",
          "[service][publisher]") {
    const auto signature = [](std::uint8_t covered, std::size_t size) {
        dns::Record record = address("example.test.", covered);
        record.type = dns::RrType::rrsig;
        record.rdata.assign(size, covered);
        record.rdata[0] = 0;
        record.rdata[1] = covered;
        record.rdata[18] = 0;  // the signer: the root
        return record;
    };
    PublisherBench bench;
    zone::RecordList records;
    records.append(address("a.example.test.", 1).view());
    records.append(signature(6, 200).view());   // of the SOA
    records.append(signature(6, 1000).view());  // by another key
    records.append(signature(2, 100).view());   // of the NS
    records.sort_unique();
    bench.hold(*sim::make_version(soa(6), std::move(records)));
    bench.publisher = std::make_unique<Publisher>(*bench.store, bench.keyring, nullptr, 10);
    bench.allow({});
    dns::Message query = PublisherBench::query("example.test.", dns::RrType::soa);
    CHECK(bench.one(query)->answer.size() == 1);
    query.edns.emplace();
    CHECK(bench.one(query)->answer.size() == 1);
    query.edns->dnssec_ok = true;
    const dns::Message whole = *bench.one(query);
    CHECK(whole.edns->dnssec_ok);
    CHECK(whole.answer.size() == 3);
    const dns::Message cut = *bench.one(query, Transport::udp);
    CHECK(cut.header.tc);
    CHECK(cut.answer.empty());
}

}  // namespace twinzone::service::test
