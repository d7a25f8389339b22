// Any octets as a request to a server of example.test., which is a secondary and has one step of
// history. The first octet: bit 0 over UDP, bit 1 signed by us, bit 2 from a stranger. Every answer
// is a message for this request; every transfer comes to its end.
#include "common/service/publisher.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/tsig_key.h"
#include "tests/support/memory_snapshot.h"

namespace {

using namespace twinzone;

constexpr Now kMoment{Instant{}, fuzz::kNow};

// Holds serials 1 and 2 of the zone; takes nothing.
class FixedStore final : public zone::VersionStore {
  public:
    FixedStore()
        : snapshot_(std::make_shared<test::MemorySnapshot>(
              test::soa_record(2), test::list_of({test::ns(), test::a("www", 2)}),
              std::vector{test::diff(1, 2, {test::a("www", 1)}, {test::a("www", 2)})})) {
        state_.zone = test::apex();
        state_.version = snapshot_->version();
    }

    [[nodiscard]] const zone::ZoneState* find(dns::NameView zone) const override {
        return zone == state_.zone.view() ? &state_ : nullptr;
    }
    [[nodiscard]] const zone::ZoneHold* hold(dns::NameView) const override { return nullptr; }
    [[nodiscard]] Result<std::shared_ptr<const zone::Snapshot>> snapshot(
        dns::NameView zone) override {
        if (find(zone) == nullptr) {
            return fail(Errc::not_found, "no such zone");
        }
        return std::shared_ptr<const zone::Snapshot>{snapshot_};
    }
    void submit(zone::Commit, Done) override {}
    [[nodiscard]] std::vector<Owed> owed_notifies() const override { return {}; }
    void forget_owed(dns::NameView, std::string_view) override {}

  private:
    std::shared_ptr<test::MemorySnapshot> snapshot_;
    zone::ZoneState state_;
};

class FixedView final : public service::SecondaryView {
  public:
    [[nodiscard]] std::optional<seconds> expires_in(Now, dns::NameView) const override {
        return seconds{100};
    }
    [[nodiscard]] std::optional<Errc> last_fault(dns::NameView) const override {
        return Errc::peer_unreachable;
    }
    [[nodiscard]] std::optional<dns::Rcode> handle_notify(Now, const dns::Message&,
                                                          const transfer::Peer&,
                                                          const Endpoint&) override {
        return dns::Rcode::no_error;
    }
};

void check_answer(std::uint16_t id, ByteView answer) {
    const Result<dns::Message> message = dns::Message::parse(answer);
    TWINZONE_ASSERT(message.has_value());
    TWINZONE_ASSERT(message->header.qr);
    TWINZONE_ASSERT(message->header.id == id);
}

void drain(std::uint16_t id, service::OutgoingTransfer& transfer) {
    for (unsigned messages = 0;; ++messages) {
        const Result<std::optional<service::WireMessage>> next = transfer.next(fuzz::kNow);
        TWINZONE_ASSERT(next.has_value());
        TWINZONE_ASSERT(messages < 10);
        if (!next->has_value()) {
            return;
        }
        check_answer(id, (*next)->message());
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    ByteReader input{ByteView{bytes, size}};
    const unsigned kind = input.u8();
    const ByteView rest = input.rest();
    Bytes request{rest.begin(), rest.end()};
    if ((kind & 2U) != 0) {
        dns::TsigClient client{fuzz::tsig_key()};
        if (!dns::Message::parse(request) || !client.sign_request(request, fuzz::kNow)) {
            return 0;
        }
    }
    FixedStore store;
    FixedView view;
    dns::TsigKeyring keyring;
    keyring.add(fuzz::tsig_key());
    service::Publisher publisher{store, keyring, &view, 2};
    publisher.set_nsid("ns1");
    publisher.use_cookies({1, 2});
    publisher.put_zone(test::apex(),
                       transfer::AccessRules{
                           {{.addresses = {*IpPrefix::from_text("127.0.0.0/8")}, .key = nullptr}}});
    const service::Source source{
        .peer = *Endpoint::from_text((kind & 4U) != 0 ? "203.0.113.1" : "127.0.0.1", 4000),
        .transport = (kind & 1U) != 0 ? transfer::Transport::udp : transfer::Transport::tcp};
    const std::uint16_t id = request.size() < 2 ? std::uint16_t{0} : load_u16(request.data());
    service::Publisher::Answer answer = publisher.answer(kMoment, source, request);
    if (const Bytes* message = std::get_if<Bytes>(&answer)) {
        check_answer(id, *message);
    } else if (auto* transfer = std::get_if<std::unique_ptr<service::OutgoingTransfer>>(&answer)) {
        drain(id, **transfer);
        publisher.transfer_ended();
    }
    TWINZONE_ASSERT(publisher.transfers() == 0);
    return 0;
}
