// A Publisher of example.test. on a model disk; the test asks.
#pragma once

#include "common/dns/extended_error.h"
#include "common/service/publisher.h"
#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

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

}  // namespace twinzone::service::test
