// Answers with TSIG at the client: messages with their lengths. The first octet says, bit by bit,
// which of the first eight our server signs; while all were signed, each must verify and come back
// as it was.
#include "common/dns/message.h"
#include "common/dns/tsig.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/tsig_key.h"

namespace {

using namespace twinzone;

// The client has signed its query, the server has found it valid.
struct Exchange {
    Exchange() : client(fuzz::tsig_key()), server(open(client)) {}

    static dns::TsigServer open(dns::TsigClient& client) {
        Bytes query = fuzz::soa_query();
        TWINZONE_ASSERT(client.sign_request(query, fuzz::kNow).has_value());
        dns::TsigKeyring keyring;
        keyring.add(fuzz::tsig_key());
        return *dns::TsigServer::check(query, keyring, fuzz::kNow);
    }

    dns::TsigClient client;
    dns::TsigServer server;
};

// True where it was possible.
bool sign(dns::TsigServer& server, Bytes& message) {
    const Result<dns::Message> parsed = dns::Message::parse(message);
    constexpr std::size_t most = 0xffff;
    if (!parsed || message.size() + server.reserve_bytes() > most ||
        parsed->header.arcount == most) {
        return false;
    }
    const ByteView parts[] = {message};
    const Result<Bytes> tsig = server.sign(parts, fuzz::kNow);
    TWINZONE_ASSERT(tsig.has_value());
    message.insert(message.end(), tsig->begin(), tsig->end());
    const std::uint16_t records = load_u16(message.data() + 10);
    store_u16(message.data() + 10, static_cast<std::uint16_t>(records + 1));
    return true;
}

bool has_tsig(ByteView message) {
    const Result<dns::Message> parsed = dns::Message::parse(message);
    const auto is_tsig = [](const dns::Record& r) { return r.type == dns::RrType::tsig; };
    return parsed && (std::any_of(parsed->answer.begin(), parsed->answer.end(), is_tsig) ||
                      std::any_of(parsed->authority.begin(), parsed->authority.end(), is_tsig) ||
                      std::any_of(parsed->additional.begin(), parsed->additional.end(), is_tsig));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    ByteReader input{ByteView{bytes, size}};
    unsigned to_sign = input.u8();
    Exchange exchange;
    bool all_signed = true;
    while (input.remaining() > 0) {
        const Bytes message = fuzz::take_message(input);
        Bytes sent = message;
        const bool is_signed = (to_sign & 1U) != 0 && sign(exchange.server, sent);
        all_signed = all_signed && is_signed && !has_tsig(message);
        to_sign >>= 1;
        const Result<std::size_t> left = exchange.client.verify(sent, fuzz::kNow);
        TWINZONE_ASSERT(left.has_value() || !all_signed);
        if (!left) {
            return 0;
        }
        TWINZONE_ASSERT(*left <= sent.size());
        sent.resize(*left);
        TWINZONE_ASSERT(!all_signed || sent == message);
    }
    return 0;
}
