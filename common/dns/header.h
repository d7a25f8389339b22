// The 12-octet header of a DNS message (RFC 1035 §4.1.1, RFC 6895 §2).
#pragma once

#include <cstdint>
#include <string>

#include "common/base/bytes.h"

namespace twinzone::dns {

inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kMaxMessageBytes = 65535;    // RFC 1035 §4.2.2: two octets of length
inline constexpr std::size_t kMaxPointerTarget = 0x3fff;  // RFC 1035 §4.1.4: 14 bits of offset
inline constexpr std::size_t kPlainUdpBytes = 512;        // RFC 1035 §4.2.1: without EDNS

enum class Opcode : std::uint8_t {
    query = 0,
    iquery = 1,
    status = 2,
    notify = 4,
    update = 5,
    dso = 6
};

// Also the extended ones of EDNS and TSIG (16 bits in a TSIG record).
enum class Rcode : std::uint16_t {
    no_error = 0,
    form_err = 1,
    serv_fail = 2,
    nx_domain = 3,
    not_imp = 4,
    refused = 5,
    yx_domain = 6,
    yx_rrset = 7,
    nx_rrset = 8,
    not_auth = 9,
    not_zone = 10,
    bad_vers = 16,
    bad_sig = 16,
    bad_key = 17,
    bad_time = 18,
    bad_trunc = 22,
    bad_cookie = 23,
};

// "NOERROR", "REFUSED", "NOTAUTH" …, or RCODE1234.
[[nodiscard]] std::string to_text(Rcode rcode);

struct Header {
    std::uint16_t id = 0;
    bool qr = false;  // an answer
    Opcode opcode = Opcode::query;
    bool aa = false;
    bool tc = false;
    bool rd = false;
    bool ra = false;
    bool ad = false;
    bool cd = false;
    Rcode rcode = Rcode::no_error;  // the low four bits only
    std::uint16_t qdcount = 0;
    std::uint16_t ancount = 0;
    std::uint16_t nscount = 0;
    std::uint16_t arcount = 0;
};

// Requires: at least kHeaderBytes at `from` / `to`.
[[nodiscard]] Header read_header(const std::uint8_t* from) noexcept;
void write_header(const Header& header, std::uint8_t* to) noexcept;

}  // namespace twinzone::dns
