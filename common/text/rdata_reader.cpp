#include "common/text/rdata_reader.h"

#include <limits>

#include <fmt/format.h>

#include "common/dns/rdata_layout.h"
#include "common/text/address_text.h"
#include "common/text/char_string.h"
#include "common/text/ldns_rdata.h"
#include "common/text/name_text.h"
#include "common/text/number.h"
#include "common/text/service_params.h"
#include "common/text/type_text.h"

namespace twinzone::text {

namespace {

constexpr std::uint32_t kMax8 = std::numeric_limits<std::uint8_t>::max();
constexpr std::uint32_t kMax16 = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint32_t kMax32 = std::numeric_limits<std::uint32_t>::max();

}  // namespace

ByteView RdataReader::read(Scanner& scanner, dns::RrType type, dns::NameView origin) {
    out_.clear();
    Input input{scanner, origin};
    const std::span<const Field> fields = rdata_fields(type);
    if (scanner.take_unknown_mark()) [[unlikely]] {
        read_unknown(scanner, type);
    } else if (!fields.empty()) [[likely]] {
        read_fields(input, fields);
    } else {
        read_rdata_by_ldns(scanner, type, origin, out_);
    }
    if (scanner.failed()) [[unlikely]] {
        scanner.prefix_fault(dns::to_text(type) + ": ");
    }
    return out_.view();
}

void RdataReader::read_fields(Input& input, std::span<const Field> fields) {
    const char* const first = input.scanner.at();
    for (const Field field : fields) {
        read_field(input, field);
        if (input.scanner.failed()) [[unlikely]] {
            return;
        }
    }
    if (out_.too_long()) [[unlikely]] {
        input.scanner.fail(first, fmt::format("rdata longer than {} octets", dns::kMaxRdataBytes));
    }
}

void RdataReader::read_field(Input& input, Field field) {
    Scanner& scanner = input.scanner;
    switch (field) {
        case Field::name: read_name(input); break;
        case Field::u8: out_.put_u8(static_cast<std::uint8_t>(number(scanner, kMax8))); break;
        case Field::u16: out_.put_u16(static_cast<std::uint16_t>(number(scanner, kMax16))); break;
        case Field::u32: out_.put_u32(number(scanner, kMax32)); break;
        case Field::period:
            out_.put_u32(read_period(scanner, scanner.need("a time"), kMax32, "time"));
            break;
        case Field::timestamp:
            out_.put_u32(read_timestamp(scanner, scanner.need("a point in time")));
            break;
        case Field::type: read_type(scanner); break;
        case Field::algorithm: read_mnemonic(scanner, field); break;
        case Field::ipv4: read_address(scanner, false); break;
        case Field::ipv6: read_address(scanner, true); break;
        case Field::string: read_string(scanner, scanner.need("a string")); break;
        case Field::strings: read_strings(scanner); break;
        case Field::salt: read_salt(scanner); break;
        case Field::next_hash: read_next_hash(scanner); break;
        case Field::bitmap: read_bitmap(scanner); break;
        case Field::hex: read_hex(scanner); break;
        case Field::base64: read_base64(scanner, false); break;
        default: read_rare_field(input, field); break;
    }
}

void RdataReader::read_rare_field(Input& input, Field field) {
    Scanner& scanner = input.scanner;
    switch (field) {
        case Field::certificate:
        case Field::notify_scheme: read_mnemonic(scanner, field); break;
        case Field::locator: read_hex_groups(scanner, 4, 2, ':'); break;
        case Field::eui48: read_hex_groups(scanner, 6, 1, '-'); break;
        case Field::eui64: read_hex_groups(scanner, 8, 1, '-'); break;
        case Field::optional_string: {
            const Token token = scanner.next();
            if (!token.is_end()) {
                read_string(scanner, token);
            }
            break;
        }
        case Field::tag: read_tag(scanner); break;
        case Field::long_text: read_long_text(scanner); break;
        case Field::optional_base64: read_base64(scanner, true); break;
        case Field::ipseckey: read_ipseckey(input); break;
        case Field::amt_relay: read_amt_relay(input); break;
        case Field::service_params: read_service_params(scanner, out_); break;
        default: TWINZONE_UNREACHABLE();
    }
}

// "\# length hex…": for a type whose layout is known, the octets must fit it.
void RdataReader::read_unknown(Scanner& scanner, dns::RrType type) {
    const Token length = scanner.need("the length of the rdata");
    const std::uint32_t expected = read_number(scanner, length, kMax16);
    HexDecoder decoder;
    decode(scanner, decoder, "hex");
    if (!scanner.failed() && out_.size() != expected) {
        scanner.fail(length.begin,
                     fmt::format("{} octets follow where {} are announced", out_.size(), expected));
    }
    if (scanner.failed()) {
        return;
    }
    if (Result<void> checked = dns::check_rdata(type, out_.view()); !checked) {
        scanner.fail(length.begin, checked.error().detail());
    }
}

std::uint32_t RdataReader::number(Scanner& scanner, std::uint32_t max) {
    const Token token = scanner.need("a number");
    return token.is_end() ? 0 : read_number(scanner, token, max);
}

void RdataReader::read_address(Scanner& scanner, bool v6) {
    const Token token = scanner.need(v6 ? "an IPv6 address" : "an IPv4 address");
    const bool whole =
        v6 ? read_ipv6(token.text(), out_.room()) : read_ipv4(token.text(), out_.room());
    if (!whole) [[unlikely]] {
        scanner.fail(token.begin,
                     fmt::format("'{:.60}' is no IPv{} address", token.text(), v6 ? 6 : 4));
        return;
    }
    out_.commit(v6 ? 16 : 4);
}

void RdataReader::read_type(Scanner& scanner) {
    const Token token = scanner.need("a type");
    const std::optional<dns::RrType> type = text::read_type(token.text());
    if (!type) [[unlikely]] {
        scanner.fail(token.begin, fmt::format("'{:.40}' is no type", token.text()));
        return;
    }
    out_.put_u16(dns::value(*type));
}

void RdataReader::read_name(Input& input) {
    const Token token = input.scanner.need("a name");
    out_.commit(text::read_name(input.scanner, token, input.origin, out_.room()));
}

void RdataReader::read_string(Scanner& scanner, const Token& token) {
    std::uint8_t* const length = out_.room();
    const std::size_t count = read_octets(scanner, token, kMaxStringBytes, length + 1);
    *length = static_cast<std::uint8_t>(count);
    out_.commit(1 + count);
}

void RdataReader::read_strings(Scanner& scanner) {
    Token token = scanner.need("a string");
    while (!token.is_end()) {
        if (out_.too_long()) [[unlikely]] {
            scanner.fail(token.begin,
                         fmt::format("rdata longer than {} octets", dns::kMaxRdataBytes));
            return;
        }
        read_string(scanner, token);
        token = scanner.next();
    }
}

void RdataReader::read_salt(Scanner& scanner) {
    const Token token = scanner.need("a salt");
    if (token.size() == 1 && *token.begin == '-') {
        out_.put_u8(0);
        return;
    }
    HexDecoder decoder;
    if (token.size() == 0 || token.size() > 2 * kMaxStringBytes) {
        scanner.fail(token.begin, "salt of 0 or more than 255 octets");
        return;
    }
    std::uint8_t* const length = out_.room();
    const Decoded decoded = decoder.decode(token.text(), length + 1);
    if (decoded.wrong != nullptr || !decoder.finished()) {
        scanner.fail(decoded.wrong == nullptr ? token.begin : decoded.wrong,
                     fmt::format("salt '{:.40}' is no hex", token.text()));
        return;
    }
    *length = static_cast<std::uint8_t>(decoded.count);
    out_.commit(1 + decoded.count);
}

void RdataReader::read_next_hash(Scanner& scanner) {
    constexpr std::size_t max_characters = 255 * 8 / 5;
    const Token token = scanner.need("a hashed owner name");
    if (token.size() == 0 || token.size() > max_characters) {
        scanner.fail(token.begin, "hashed owner name of 0 or more than 255 octets");
        return;
    }
    std::uint8_t* const length = out_.room();
    const Decoded decoded = decode_base32hex(token.text(), length + 1);
    if (decoded.wrong != nullptr) {
        scanner.fail(decoded.wrong, fmt::format("'{:.40}' is no base32hex", token.text()));
        return;
    }
    *length = static_cast<std::uint8_t>(decoded.count);
    out_.commit(1 + decoded.count);
}

void RdataReader::read_bitmap(Scanner& scanner) {
    bitmap_.clear();
    for (Token token = scanner.next(); !token.is_end(); token = scanner.next()) {
        const std::optional<dns::RrType> type = text::read_type(token.text());
        if (!type) [[unlikely]] {
            scanner.fail(token.begin, fmt::format("'{:.40}' is no type", token.text()));
            return;
        }
        bitmap_.add(*type);
    }
    // One window at most of the names and numbers before it: far from the end of the buffer.
    static_assert(TypeBitmap::kMaxBytes < dns::kMaxRdataBytes / 2);
    out_.commit(bitmap_.write(out_.room()));
}

// Decodes all tokens up to the end of the entry; gives the number of tokens.
template <class Decoder>
std::size_t RdataReader::decode(Scanner& scanner, Decoder& decoder, const char* what) {
    std::size_t tokens = 0;
    const char* last = scanner.at();
    for (Token token = scanner.next(); !token.is_end(); token = scanner.next()) {
        ++tokens;
        last = token.begin;
        // max_bytes() may exceed what is written by one piece, for which the buffer has room.
        if (Decoder::max_bytes(token.size()) > out_.left() + RdataBuffer::kMaxPieceBytes) {
            scanner.fail(token.begin,
                         fmt::format("rdata longer than {} octets", dns::kMaxRdataBytes));
            return tokens;
        }
        const Decoded decoded = decoder.decode(token.text(), out_.room());
        if (decoded.wrong != nullptr) [[unlikely]] {
            scanner.fail(decoded.wrong, fmt::format("this is no {}", what));
            return tokens;
        }
        out_.commit(decoded.count);
    }
    if (!decoder.finished()) [[unlikely]] {
        scanner.fail(last, fmt::format("the {} is cut off", what));
    }
    return tokens;
}

void RdataReader::read_hex(Scanner& scanner) {
    HexDecoder decoder;
    if (decode(scanner, decoder, "hex") == 0) {
        scanner.fail(scanner.at(), "the record ends where hex should stand");
    }
}

void RdataReader::read_base64(Scanner& scanner, bool optional) {
    Base64Decoder decoder;
    if (decode(scanner, decoder, "base64") == 0 && !optional) {
        scanner.fail(scanner.at(), "the record ends where base64 should stand");
    }
}

}  // namespace twinzone::text
