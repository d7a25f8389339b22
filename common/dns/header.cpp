#include "common/dns/header.h"

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

// RFC 1035 §4.1.1, with AD and CD of RFC 4035 §3.1.6.
constexpr unsigned kQr = 0x8000;
constexpr unsigned kAa = 0x0400;
constexpr unsigned kTc = 0x0200;
constexpr unsigned kRd = 0x0100;
constexpr unsigned kRa = 0x0080;
constexpr unsigned kAd = 0x0020;
constexpr unsigned kCd = 0x0010;
constexpr unsigned kOpcodeShift = 11;
constexpr unsigned kFourBits = 0xf;

}  // namespace

std::string to_text(Rcode rcode) {
    switch (rcode) {
        case Rcode::no_error: return "NOERROR";
        case Rcode::form_err: return "FORMERR";
        case Rcode::serv_fail: return "SERVFAIL";
        case Rcode::nx_domain: return "NXDOMAIN";
        case Rcode::not_imp: return "NOTIMP";
        case Rcode::refused: return "REFUSED";
        case Rcode::yx_domain: return "YXDOMAIN";
        case Rcode::yx_rrset: return "YXRRSET";
        case Rcode::nx_rrset: return "NXRRSET";
        case Rcode::not_auth: return "NOTAUTH";
        case Rcode::not_zone: return "NOTZONE";
        case Rcode::bad_vers: return "BADVERS";
        case Rcode::bad_key: return "BADKEY";
        case Rcode::bad_time: return "BADTIME";
        case Rcode::bad_trunc: return "BADTRUNC";
        case Rcode::bad_cookie: return "BADCOOKIE";
    }
    return fmt::format("RCODE{}", static_cast<unsigned>(rcode));
}

Header read_header(const std::uint8_t* from) noexcept {
    const unsigned flags = load_u16(from + 2);
    Header header;
    header.id = load_u16(from);
    header.qr = (flags & kQr) != 0;
    header.opcode = static_cast<Opcode>((flags >> kOpcodeShift) & kFourBits);
    header.aa = (flags & kAa) != 0;
    header.tc = (flags & kTc) != 0;
    header.rd = (flags & kRd) != 0;
    header.ra = (flags & kRa) != 0;
    header.ad = (flags & kAd) != 0;
    header.cd = (flags & kCd) != 0;
    header.rcode = static_cast<Rcode>(flags & kFourBits);
    header.qdcount = load_u16(from + 4);
    header.ancount = load_u16(from + 6);
    header.nscount = load_u16(from + 8);
    header.arcount = load_u16(from + 10);
    return header;
}

void write_header(const Header& header, std::uint8_t* to) noexcept {
    const auto flag = [](bool set, unsigned bit) { return set ? bit : 0U; };
    const unsigned flags = flag(header.qr, kQr) |
                           (static_cast<unsigned>(header.opcode) & kFourBits) << kOpcodeShift |
                           flag(header.aa, kAa) | flag(header.tc, kTc) | flag(header.rd, kRd) |
                           flag(header.ra, kRa) | flag(header.ad, kAd) | flag(header.cd, kCd) |
                           (static_cast<unsigned>(header.rcode) & kFourBits);
    store_u16(to, header.id);
    store_u16(to + 2, static_cast<std::uint16_t>(flags));
    store_u16(to + 4, header.qdcount);
    store_u16(to + 6, header.ancount);
    store_u16(to + 8, header.nscount);
    store_u16(to + 10, header.arcount);
}

}  // namespace twinzone::dns
