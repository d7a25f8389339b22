#include "common/text/type_text.h"

#include <cstdint>

#include <fmt/format.h>

namespace twinzone::text {

namespace {

using dns::RrType;

constexpr std::size_t kMaxPacked = 8;

// Up to eight characters as one number, letters as capitals.
constexpr std::uint64_t pack(std::string_view text) noexcept {
    std::uint64_t packed = 0;
    for (const char c : text) {
        const char capital = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        packed = (packed << 8) | static_cast<std::uint8_t>(capital);
    }
    return packed;
}

}  // namespace

std::optional<RrType> read_type(std::string_view text) noexcept {
    if (text.size() <= kMaxPacked) [[likely]] {
        switch (pack(text)) {
            case pack("A"): return RrType::a;
            case pack("NS"): return RrType::ns;
            case pack("DS"): return RrType::ds;
            case pack("MX"): return RrType::mx;
            case pack("AAAA"): return RrType::aaaa;
            case pack("CNAME"): return RrType::cname;
            case pack("SOA"): return RrType::soa;
            case pack("TXT"): return RrType::txt;
            case pack("PTR"): return RrType::ptr;
            case pack("SRV"): return RrType::srv;
            case pack("CAA"): return RrType::caa;
            case pack("TLSA"): return RrType::tlsa;
            case pack("RRSIG"): return RrType::rrsig;
            case pack("NSEC"): return RrType::nsec;
            case pack("NSEC3"): return RrType::nsec3;
            case pack("DNSKEY"): return RrType::dnskey;
            case pack("HTTPS"): return RrType::https;
            case pack("SVCB"): return RrType::svcb;
            default: break;
        }
    }
    return dns::rr_type_from_text(text);
}

bool is_widely_known(RrType type) noexcept {
    switch (type) {
        case RrType::a:
        case RrType::ns:
        case RrType::cname:
        case RrType::soa:
        case RrType::ptr:
        case RrType::hinfo:
        case RrType::minfo:
        case RrType::mx:
        case RrType::txt:
        case RrType::rp:
        case RrType::afsdb:
        case RrType::rt:
        case RrType::key:
        case RrType::aaaa:
        case RrType::loc:
        case RrType::srv:
        case RrType::naptr:
        case RrType::kx:
        case RrType::cert:
        case RrType::dname:
        case RrType::apl:
        case RrType::ds:
        case RrType::sshfp:
        case RrType::ipseckey:
        case RrType::rrsig:
        case RrType::nsec:
        case RrType::dnskey:
        case RrType::dhcid:
        case RrType::nsec3:
        case RrType::nsec3param:
        case RrType::tlsa:
        case RrType::smimea:
        case RrType::cds:
        case RrType::cdnskey:
        case RrType::openpgpkey:
        case RrType::csync:
        case RrType::zonemd:
        case RrType::svcb:
        case RrType::https:
        case RrType::spf:
        case RrType::eui48:
        case RrType::eui64:
        case RrType::uri:
        case RrType::caa: return true;
        default: break;
    }
    // NID, L32, L64, LP (RFC 6742)
    return dns::value(type) >= 104 && dns::value(type) <= 107;
}

void append_type_text(RrType type, std::string& out) {
    switch (type) {  // most of what is printed, without a string of its own
        case RrType::a: out += "A"; return;
        case RrType::ns: out += "NS"; return;
        case RrType::ds: out += "DS"; return;
        case RrType::aaaa: out += "AAAA"; return;
        case RrType::nsec3: out += "NSEC3"; return;
        case RrType::rrsig: out += "RRSIG"; return;
        default: break;
    }
    if (is_widely_known(type)) {
        out += dns::to_text(type);
    } else {
        fmt::format_to(std::back_inserter(out), "TYPE{}", dns::value(type));
    }
}

}  // namespace twinzone::text
