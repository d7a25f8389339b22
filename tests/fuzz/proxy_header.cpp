// Any octets from a proxy. A header is told from what follows it the same way however few octets
// came first, and never reaches beyond them.
#include "common/net/proxy_header.h"

#include "tests/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace twinzone;
    // A copy that ends where the input ends, so that reading on is seen.
    const Bytes all(bytes, bytes + size);
    const Result<std::optional<net::ProxyHeader>> whole = net::ProxyHeader::read(all);
    for (std::size_t front = 0; front < std::min<std::size_t>(size, 64); ++front) {
        const Bytes part(bytes, bytes + front);
        const Result<std::optional<net::ProxyHeader>> early = net::ProxyHeader::read(part);
        if (!early) {
            TWINZONE_ASSERT(!whole.has_value());
        } else if (*early) {
            TWINZONE_ASSERT(whole.has_value() && *whole && (*whole)->bytes == (*early)->bytes);
            TWINZONE_ASSERT((*early)->bytes <= front);
        }
    }
    TWINZONE_ASSERT(!whole || !*whole || (*whole)->bytes <= size);
    return 0;
}
