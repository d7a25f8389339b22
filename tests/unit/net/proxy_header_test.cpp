#include "common/net/proxy_header.h"

#include <string>

#include "tests/support/catch.h"

namespace twinzone::net {

namespace {

// The header with this command, family and protocol, and body.
Bytes header(std::uint8_t command, std::uint8_t family, const Bytes& body) {
    Bytes out{kProxySignature.begin(), kProxySignature.end()};
    ByteWriter writer{out};
    writer.u8(command);
    writer.u8(family);
    writer.u16(static_cast<std::uint16_t>(body.size()));
    writer.bytes(body);
    return out;
}

// From 192.0.2.9 port 4000 to 192.0.2.1 port 53.
const Bytes kV4{192, 0, 2, 9, 192, 0, 2, 1, 0x0f, 0xa0, 0, 53};

Bytes v6() {
    Bytes body(36, 0);
    body[0] = 0x20;
    body[1] = 0x01;
    body[15] = 9;
    body[32] = 0x0f;
    body[33] = 0xa0;
    return body;
}

std::string client_of(const Bytes& bytes) {
    const Result<std::optional<ProxyHeader>> read = ProxyHeader::read(bytes);
    if (!read) {
        return read.error().detail();
    }
    if (!*read) {
        return "more";
    }
    return (*read)->client ? (*read)->client->to_text() : "itself";
}

Bytes with_tlv(Bytes body) {
    body.insert(body.end(), {0x04, 0, 2, 'x', 'y'});
    return body;
}

}  // namespace

TEST_CASE("a PROXY header says for whom the proxy speaks", "[net][proxy]") {
    struct Row {
        const char* name;
        Bytes bytes;
        std::string client;
    };
    const std::string no_address = "PROXY header: no address of IPv4 or IPv6";
    const Row rows[] = {
        {"TCP, IPv4", header(0x21, 0x11, kV4), "192.0.2.9@4000"},
        {"UDP, IPv4", header(0x21, 0x12, kV4), "192.0.2.9@4000"},
        {"TCP, IPv6", header(0x21, 0x21, v6()), "2001::9@4000"},
        {"UDP, IPv6", header(0x21, 0x22, v6()), "2001::9@4000"},
        {"with TLVs", header(0x21, 0x11, with_tlv(kV4)), "192.0.2.9@4000"},
        {"LOCAL", header(0x20, 0x00, {}), "itself"},
        {"LOCAL with an address, which does not count", header(0x20, 0x11, kV4), "itself"},
        {"no family", header(0x21, 0x00, {}), no_address},
        {"a path of UNIX", header(0x21, 0x31, Bytes(216, 'x')), no_address},
        {"IPv4 cut short", header(0x21, 0x11, Bytes(11)), no_address},
        {"IPv6 cut short", header(0x21, 0x21, Bytes(35)), no_address},
        {"version 1", header(0x11, 0x11, kV4), "PROXY header: another version or command"},
        {"another command", header(0x22, 0x11, kV4), "PROXY header: another version or command"},
        {"too long", header(0x21, 0x11, Bytes(kMaxProxyBodyBytes + 1)),
         "PROXY header: longer than 4096 octets"},
        {"version 1 in text",
         {'P', 'R', 'O', 'X', 'Y', ' '},
         "PROXY header: not there, or not of version 2"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(client_of(row.bytes) == row.client);
        }
    }
}

TEST_CASE("a PROXY header may come octet by octet, and something behind it", "[net][proxy]") {
    Bytes whole = header(0x21, 0x11, with_tlv(kV4));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK(client_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}) ==
              "more");
    }
    const std::size_t size = whole.size();
    whole.push_back('x');
    CHECK((*ProxyHeader::read(whole))->bytes == size);
    CHECK(begins_with_proxy_header(whole));
    CHECK_FALSE(begins_with_proxy_header(ByteView{whole}.first(11)));
}

}  // namespace twinzone::net
