// Any octets as the rdata of an OPT record, and its cookie as one from a client. What is read is
// written back to the same octets; a cookie of ours is 24 octets and answered by itself.
#include "common/dns/cookie.h"
#include "tests/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace twinzone;
    if (size > dns::kMaxRdataBytes) {
        return 0;
    }
    dns::Record opt;
    opt.owner = *dns::Name::from_text(".");
    opt.type = dns::RrType::opt;
    opt.rdata.assign(bytes, bytes + size);
    const Result<dns::Edns> edns = dns::Edns::parse(opt.view());
    if (!edns) {
        return 0;
    }
    TWINZONE_ASSERT(edns->record().rdata == opt.rdata);
    static_cast<void>(edns->expire());
    static_cast<void>(edns->keepalive());
    const IpAddress client = IpAddress::v4({192, 0, 2, 1});
    const UnixTime now{1'767'225'600};
    const dns::CookieServer server{{1, 2}};
    if (const dns::Edns::Option* cookie = edns->find(dns::EdnsOption::cookie)) {
        const std::optional<Bytes> answer = server.answer(cookie->value, client, now);
        if (answer) {
            TWINZONE_ASSERT(answer->size() == dns::kClientCookieBytes + dns::kServerCookieBytes);
            TWINZONE_ASSERT(std::equal(answer->begin(), answer->begin() + dns::kClientCookieBytes,
                                       cookie->value.begin()));
            TWINZONE_ASSERT(server.answer(*answer, client, now) == answer);
        }
    }
    dns::ClientCookie ours{7};
    static_cast<void>(ours.accepts(*edns));
    return 0;
}
