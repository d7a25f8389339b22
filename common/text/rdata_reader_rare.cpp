// The fields of types that are rare in zones; rdata_reader.cpp has the others.
#include <optional>

#include <fmt/format.h>

#include "common/text/address_text.h"
#include "common/text/char_string.h"
#include "common/text/mnemonic.h"
#include "common/text/number.h"
#include "common/text/rdata_reader.h"

namespace twinzone::text {

namespace {

bool is_letter_or_digit(char c) noexcept {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

// Kinds of gateway (RFC 4025 §2.3) and of relay (RFC 8777 §4.2.3).
constexpr unsigned kNoGateway = 0;
constexpr unsigned kIpv4Gateway = 1;
constexpr unsigned kIpv6Gateway = 2;
constexpr unsigned kNameGateway = 3;
constexpr std::uint8_t kDiscoveryOptional = 0x80;

}  // namespace

void RdataReader::read_long_text(Scanner& scanner) {
    const Token token = scanner.need("a text");
    // Escapes make the octets fewer than the text, which has the size of an entry at most: decoded
    // in pieces that the buffer has room for.
    for (const char* at = token.begin; at != token.end && !scanner.failed();) {
        const char* stop = at;
        while (stop != token.end && stop - at < 240) {
            stop += *stop != '\\' ? 1 : (token.end - stop >= 4 && is_digit(stop[1])) ? 4 : 2;
        }
        stop = stop > token.end ? token.end : stop;
        if (out_.too_long()) {
            scanner.fail(at, fmt::format("rdata longer than {} octets", dns::kMaxRdataBytes));
            return;
        }
        const Token part{at, stop, token.kind, token.escaped};
        out_.commit(read_octets(scanner, part, kMaxStringBytes, out_.room()));
        at = stop;
    }
}

// RFC 8659 §4.1
void RdataReader::read_tag(Scanner& scanner) {
    const Token token = scanner.need("a property tag");
    const char* wrong = token.begin;
    while (wrong != token.end && is_letter_or_digit(*wrong)) {
        ++wrong;
    }
    if (wrong != token.end || token.size() == 0 || token.size() > kMaxStringBytes) {
        scanner.fail(wrong == token.end ? token.begin : wrong,
                     "a property tag has 1 to 255 letters and digits");
        return;
    }
    read_string(scanner, token);
}

void RdataReader::read_mnemonic(Scanner& scanner, Field field) {
    const Token token = scanner.need(field == Field::algorithm ? "an algorithm" : "a number");
    if (token.size() > 0 && !is_digit(*token.begin)) {
        if (field == Field::algorithm) {
            if (const auto number = algorithm_from_mnemonic(token.text())) {
                return out_.put_u8(*number);
            }
        } else if (field == Field::certificate) {
            if (const auto number = certificate_from_mnemonic(token.text())) {
                return out_.put_u16(*number);
            }
        } else if (equal_ignoring_case(token.text(), "NOTIFY")) {
            return out_.put_u8(1);
        }
    }
    const std::uint32_t max = field == Field::certificate ? 65535 : 255;
    const std::uint32_t value = token.is_end() ? 0 : read_number(scanner, token, max);
    if (field == Field::certificate) {
        out_.put_u16(static_cast<std::uint16_t>(value));
    } else {
        out_.put_u8(static_cast<std::uint8_t>(value));
    }
}

// `groups` numbers of `octets` octets each in hex with `mark` between them. Groups of two octets
// may leave out leading zeros (RFC 6742 §2.1.2), those of one have both digits (RFC 7043 §3.2).
void RdataReader::read_hex_groups(Scanner& scanner, std::size_t groups, std::size_t octets,
                                  char mark) {
    const Token token = scanner.need("hex digits");
    const char* at = token.begin;
    for (std::size_t group = 0; group < groups; ++group) {
        unsigned value = 0;
        const char* const first = at;
        while (at != token.end && at - first < static_cast<std::ptrdiff_t>(2 * octets)) {
            std::uint8_t low = 0;
            const char pair[2] = {'0', *at};
            if (HexDecoder{}.decode({pair, 2}, &low).wrong != nullptr) {
                break;
            }
            value = value * 16 + low;
            ++at;
        }
        const bool whole = octets == 1 ? at - first == 2 : at != first;
        const bool closed = group + 1 == groups ? at == token.end : at != token.end && *at == mark;
        if (!whole || !closed) {
            scanner.fail(at, fmt::format("want {} groups of {} hex digits with '{}' between",
                                         groups, 2 * octets, mark));
            return;
        }
        if (octets == 1) {
            out_.put_u8(static_cast<std::uint8_t>(value));
        } else {
            out_.put_u16(static_cast<std::uint16_t>(value));
        }
        at += group + 1 == groups ? 0 : 1;
    }
}

void RdataReader::read_gateway(Input& input, unsigned kind) {
    switch (kind) {
        case kNoGateway: {
            const Token token = input.scanner.need("'.'");
            if (token.text() != ".") {
                input.scanner.fail(token.begin, "'.' should stand here: no gateway");
            }
            break;
        }
        case kIpv4Gateway: read_address(input.scanner, false); break;
        case kIpv6Gateway: read_address(input.scanner, true); break;
        case kNameGateway: read_name(input); break;
        default:
            input.scanner.fail(input.scanner.at(),
                               fmt::format("gateways of kind {} have no text", kind));
    }
}

// RFC 4025 §3.1: "gateway-type algorithm gateway"
void RdataReader::read_ipseckey(Input& input) {
    const std::uint32_t kind = number(input.scanner, 255);
    out_.put_u8(static_cast<std::uint8_t>(kind));
    out_.put_u8(static_cast<std::uint8_t>(number(input.scanner, 255)));
    if (!input.scanner.failed()) {
        read_gateway(input, kind);
    }
}

// RFC 8777 §4.3.1: "discovery-optional relay-type relay"
void RdataReader::read_amt_relay(Input& input) {
    const std::uint32_t optional = number(input.scanner, 1);
    const std::uint32_t kind = number(input.scanner, 127);
    out_.put_u8(static_cast<std::uint8_t>(kind | (optional == 1 ? kDiscoveryOptional : 0)));
    if (!input.scanner.failed()) {
        read_gateway(input, kind);
    }
}

}  // namespace twinzone::text
