// Requests with TSIG at the server. The first octet says what the rest is: a request as it came;
// one that we sign, which must be found valid and come back as it was; or one that we sign and then
// change in one octet, which must never be found valid.
#include "common/dns/message.h"
#include "common/dns/tsig.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/tsig_key.h"

namespace {

using namespace twinzone;

Result<dns::TsigServer> check(Bytes& request) {
    dns::TsigKeyring keyring;
    keyring.add(fuzz::tsig_key());
    return dns::TsigServer::check(request, keyring, fuzz::kNow);
}

void check_raw(Bytes request) {
    const std::size_t size = request.size();
    Result<dns::TsigServer> server = check(request);
    if (!server) {
        return;
    }
    TWINZONE_ASSERT(server->request_bytes() <= size);
    const Bytes answer = fuzz::soa_query();
    const ByteView parts[] = {answer};
    const Result<Bytes> tsig = server->sign(parts, fuzz::kNow);
    TWINZONE_ASSERT(!tsig || tsig->size() <= server->reserve_bytes());
}

// False for what nobody signs: no message, or one with a TSIG already.
bool may_be_signed(ByteView request) {
    const Result<dns::Message> message = dns::Message::parse(request);
    if (!message) {
        return false;
    }
    for (const auto* section : {&message->answer, &message->authority, &message->additional}) {
        for (const dns::Record& record : *section) {
            if (record.type == dns::RrType::tsig) {
                return false;
            }
        }
    }
    return true;
}

void check_signed(const Bytes& request) {
    dns::TsigClient client{fuzz::tsig_key()};
    Bytes sent = request;
    if (!may_be_signed(request) || !client.sign_request(sent, fuzz::kNow)) {
        return;
    }
    const Result<dns::TsigServer> server = check(sent);
    TWINZONE_ASSERT(server.has_value());
    TWINZONE_ASSERT(server->verdict() == dns::TsigServer::Verdict::valid);
    sent.resize(server->request_bytes());
    TWINZONE_ASSERT(sent == request);
}

// `at`: which octet; the ID is left alone (it may change on the way: RFC 8945 §4.3.2).
void check_changed(const Bytes& request, std::size_t at, std::uint8_t flip) {
    dns::TsigClient client{fuzz::tsig_key()};
    Bytes sent = request;
    if (flip == 0 || !may_be_signed(request) || !client.sign_request(sent, fuzz::kNow)) {
        return;
    }
    const std::size_t id_bytes = 2;
    sent[id_bytes + at % (request.size() - id_bytes)] ^= flip;
    const Result<dns::TsigServer> server = check(sent);
    TWINZONE_ASSERT(!server || server->verdict() != dns::TsigServer::Verdict::valid);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    ByteReader input{ByteView{bytes, size}};
    const unsigned kind = input.u8() % 3U;
    const std::size_t at = kind == 2 ? input.u16() : 0;
    const std::uint8_t flip = kind == 2 ? input.u8() : std::uint8_t{0};
    const ByteView rest = input.rest();
    Bytes request{rest.begin(), rest.end()};
    switch (kind) {
        case 0: check_raw(std::move(request)); break;
        case 1: check_signed(request); break;
        default: check_changed(request, at, flip); break;
    }
    return 0;
}
