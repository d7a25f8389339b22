// Record types and classes (RFC 1035 §3.2, IANA "DNS Parameters"). Any 16-bit number is a valid
// RrType; the enumerators name those that code refers to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twinzone::dns {

enum class RrType : std::uint16_t {
    a = 1,
    ns = 2,
    md = 3,
    mf = 4,
    cname = 5,
    soa = 6,
    mb = 7,
    mg = 8,
    mr = 9,
    null = 10,
    wks = 11,
    ptr = 12,
    hinfo = 13,
    minfo = 14,
    mx = 15,
    txt = 16,
    rp = 17,
    afsdb = 18,
    x25 = 19,
    isdn = 20,
    rt = 21,
    nsap = 22,
    nsap_ptr = 23,
    sig = 24,
    key = 25,
    px = 26,
    gpos = 27,
    aaaa = 28,
    loc = 29,
    nxt = 30,
    srv = 33,
    naptr = 35,
    kx = 36,
    cert = 37,
    a6 = 38,
    dname = 39,
    opt = 41,
    apl = 42,
    ds = 43,
    sshfp = 44,
    ipseckey = 45,
    rrsig = 46,
    nsec = 47,
    dnskey = 48,
    dhcid = 49,
    nsec3 = 50,
    nsec3param = 51,
    tlsa = 52,
    smimea = 53,
    hip = 55,
    cds = 59,
    cdnskey = 60,
    openpgpkey = 61,
    csync = 62,
    zonemd = 63,
    svcb = 64,
    https = 65,
    spf = 99,
    eui48 = 108,
    eui64 = 109,
    tkey = 249,
    tsig = 250,
    ixfr = 251,
    axfr = 252,
    mailb = 253,
    maila = 254,
    any = 255,
    uri = 256,
    caa = 257,
    dlv = 32769,
};

enum class RrClass : std::uint16_t { in = 1, ch = 3, hs = 4, none = 254, any = 255 };

[[nodiscard]] constexpr std::uint16_t value(RrType type) noexcept {
    return static_cast<std::uint16_t>(type);
}
[[nodiscard]] constexpr std::uint16_t value(RrClass rr_class) noexcept {
    return static_cast<std::uint16_t>(rr_class);
}

// True for types that never stand in a zone: type 0, OPT, and the range of question and meta types
// 128 to 255 (RFC 6895 §3.1).
[[nodiscard]] constexpr bool is_meta(RrType type) noexcept {
    return value(type) == 0 || type == RrType::opt || (value(type) >= 128 && value(type) <= 255);
}

// Mnemonic in capitals ("AAAA"), or TYPE1234 for numbers without one (RFC 3597 §5).
[[nodiscard]] std::string to_text(RrType type);

// Either form, in any case; nullopt where the text is no type.
[[nodiscard]] std::optional<RrType> rr_type_from_text(std::string_view text) noexcept;

// "IN", "CH", "HS", or CLASS1234.
[[nodiscard]] std::string to_text(RrClass rr_class);
[[nodiscard]] std::optional<RrClass> rr_class_from_text(std::string_view text) noexcept;

}  // namespace twinzone::dns
