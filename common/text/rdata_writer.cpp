#include "common/text/rdata_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/dns/name.h"
#include "common/text/address_text.h"
#include "common/text/char_class.h"
#include "common/text/char_string.h"
#include "common/text/encoding.h"
#include "common/text/name_text.h"
#include "common/text/number.h"
#include "common/text/rdata_field.h"
#include "common/text/service_params.h"
#include "common/text/type_bitmap.h"
#include "common/text/type_text.h"

namespace twinzone::text {

namespace {

// Prints one rdata, field by field; each function is false where the octets do not fit.
class FieldPrinter {
  public:
    FieldPrinter(ByteView rdata, std::string& out) : reader_(rdata), out_(out) {}

    [[nodiscard]] bool print(Field field);
    [[nodiscard]] bool whole() const noexcept {
        return !reader_.failed() && reader_.remaining() == 0;
    }

  private:
    [[nodiscard]] bool print_rare(Field field);
    [[nodiscard]] bool number(std::uint64_t value);
    [[nodiscard]] bool name();
    [[nodiscard]] bool address(std::size_t octets);
    [[nodiscard]] bool string();
    [[nodiscard]] bool strings();
    [[nodiscard]] bool tag();
    [[nodiscard]] bool salt();
    [[nodiscard]] bool next_hash();
    [[nodiscard]] bool bitmap();
    [[nodiscard]] bool hex();
    [[nodiscard]] bool base64();
    [[nodiscard]] bool hex_groups(std::size_t groups, std::size_t octets, char mark);
    [[nodiscard]] bool gateway(unsigned kind);
    [[nodiscard]] bool ipseckey();
    [[nodiscard]] bool amt_relay();
    void space();

    ByteReader reader_;
    std::string& out_;
    bool first_ = true;
};

bool FieldPrinter::print(Field field) {
    switch (field) {
        case Field::u8:
        case Field::algorithm:
        case Field::notify_scheme: return number(reader_.u8());
        case Field::u16:
        case Field::certificate: return number(reader_.u16());
        case Field::u32:
        case Field::period: return number(reader_.u32());
        case Field::timestamp:
            space();
            append_timestamp(reader_.u32(), out_);
            return !reader_.failed();
        case Field::type:
            space();
            append_type_text(dns::RrType{reader_.u16()}, out_);
            return !reader_.failed();
        case Field::name: return name();
        case Field::ipv4: return address(4);
        case Field::ipv6: return address(16);
        case Field::string: return string();
        case Field::strings: return strings();
        case Field::salt: return salt();
        case Field::next_hash: return next_hash();
        case Field::bitmap: return bitmap();
        case Field::hex: return hex();
        case Field::base64:
        case Field::optional_base64: return base64();
        default: return print_rare(field);
    }
}

bool FieldPrinter::print_rare(Field field) {
    switch (field) {
        case Field::locator: return hex_groups(4, 2, ':');
        case Field::eui48: return hex_groups(6, 1, '-');
        case Field::eui64: return hex_groups(8, 1, '-');
        case Field::optional_string: return reader_.remaining() == 0 || string();
        case Field::tag: return tag();
        case Field::long_text:
            space();
            append_quoted(reader_.rest(), out_);
            return !reader_.failed();
        case Field::ipseckey: return ipseckey();
        case Field::amt_relay: return amt_relay();
        case Field::service_params: return append_service_params(reader_.rest(), out_);
        default: TWINZONE_UNREACHABLE();
    }
}

void FieldPrinter::space() {
    if (!first_) {
        out_.push_back(' ');
    }
    first_ = false;
}

bool FieldPrinter::number(std::uint64_t value) {
    space();
    const fmt::format_int text{value};
    out_.append(text.data(), text.size());
    return !reader_.failed();
}

bool FieldPrinter::name() {
    ByteReader ahead = reader_;
    const Result<dns::NameView> name = dns::NameView::parse(ahead.rest());
    if (!name) {
        return false;
    }
    (void)reader_.bytes(name->size());
    space();
    append_name(*name, out_);
    return true;
}

bool FieldPrinter::address(std::size_t octets) {
    const ByteView bytes = reader_.bytes(octets);
    if (bytes.size() != octets) {
        return false;
    }
    space();
    if (octets == 4) {
        append_ipv4(bytes, out_);
    } else {
        append_ipv6(bytes, out_);
    }
    return true;
}

bool FieldPrinter::string() {
    const ByteView octets = reader_.bytes(reader_.u8());
    space();
    append_quoted(octets, out_);
    return !reader_.failed();
}

bool FieldPrinter::strings() {
    do {
        if (!string()) {
            return false;
        }
    } while (reader_.remaining() > 0);
    return true;
}

bool FieldPrinter::tag() {
    const std::string_view tag = as_text(reader_.bytes(reader_.u8()));
    const auto fits = [](char c) {
        return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
    };
    space();
    out_ += tag;
    return !tag.empty() && std::all_of(tag.begin(), tag.end(), fits);
}

bool FieldPrinter::salt() {
    const ByteView salt = reader_.bytes(reader_.u8());
    space();
    if (salt.empty()) {
        out_.push_back('-');
    }
    append_hex(salt, out_);
    return !reader_.failed();
}

bool FieldPrinter::next_hash() {
    const ByteView hash = reader_.bytes(reader_.u8());
    space();
    append_base32hex(hash, out_);
    return !hash.empty();
}

bool FieldPrinter::bitmap() {
    return append_type_bitmap(reader_.rest(), out_);
}

bool FieldPrinter::hex() {
    const ByteView rest = reader_.rest();
    space();
    append_hex(rest, out_);
    return !rest.empty();
}

bool FieldPrinter::base64() {
    const ByteView rest = reader_.rest();
    if (rest.empty()) {
        return false;  // also where it may be missing: other servers read that as the \# form only
    }
    space();
    append_base64(rest, out_);
    return true;
}

bool FieldPrinter::hex_groups(std::size_t groups, std::size_t octets, char mark) {
    space();
    for (std::size_t i = 0; i < groups; ++i) {
        if (i > 0) {
            out_.push_back(mark);
        }
        append_hex(reader_.bytes(octets), out_);
    }
    return !reader_.failed();
}

bool FieldPrinter::gateway(unsigned kind) {
    switch (kind) {
        case 0:
            space();
            out_.push_back('.');
            return true;
        case 1: return address(4);
        case 2: return address(16);
        case 3: return name();
        default: return false;
    }
}

bool FieldPrinter::ipseckey() {
    const std::uint8_t kind = reader_.u8();
    return number(kind) && number(reader_.u8()) && gateway(kind);
}

bool FieldPrinter::amt_relay() {
    const std::uint8_t octet = reader_.u8();
    return number(octet >> 7) && number(octet & 0x7fU) && gateway(octet & 0x7fU);
}

}  // namespace

bool append_rdata_fields(dns::RrType type, ByteView rdata, std::string& out) {
    const std::span<const Field> fields = rdata_fields(type);
    const std::size_t before = out.size();
    FieldPrinter printer{rdata, out};
    const bool printed = !fields.empty() &&
                         std::all_of(fields.begin(), fields.end(),
                                     [&](Field field) { return printer.print(field); }) &&
                         printer.whole();
    if (!printed) {
        out.resize(before);
    }
    return printed;
}

}  // namespace twinzone::text
