#include "common/text/ldns_rdata.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <ldns/ldns.h>

// ldns makes macros of these.
#undef true
#undef false
#undef bool

namespace twinzone::text {

namespace {

using dns::RrType;

struct RrDeleter {
    void operator()(ldns_rr* rr) const noexcept { ldns_rr_free(rr); }
};
struct RdfDeleter {
    void operator()(ldns_rdf* rdf) const noexcept { ldns_rdf_deep_free(rdf); }
};
struct TextDeleter {
    void operator()(char* text) const noexcept { std::free(text); }  // NOLINT: malloc'd by ldns
};
using Rr = std::unique_ptr<ldns_rr, RrDeleter>;
using Rdf = std::unique_ptr<ldns_rdf, RdfDeleter>;
using LdnsText = std::unique_ptr<char, TextDeleter>;

bool is_read_by_ldns(RrType type) noexcept {
    switch (type) {
        case RrType::wks:
        case RrType::nsap:
        case RrType::loc:
        case RrType::apl:
        case RrType::hip: return true;
        default: return false;
    }
}

// "CLASS TYPE" and the tokens with one space where at least one stood, each as it was written.
std::string collect_line(Scanner& scanner, RrType type) {
    std::string line = fmt::format(". 0 IN {}", dns::to_text(type));
    const std::size_t head = line.size();
    const char* previous_end = nullptr;
    for (Token token = scanner.next(); !token.is_end(); token = scanner.next()) {
        const bool quoted = token.kind == TokenKind::quoted;
        const char* begin = token.begin - (quoted ? 1 : 0);
        const char* end = token.end + (quoted ? 1 : 0);
        if (line.size() - head + static_cast<std::size_t>(end - begin) > kMaxLdnsTextBytes) {
            scanner.fail(
                begin,
                fmt::format("rdata text longer than {} octets for this type", kMaxLdnsTextBytes),
                Errc::limit);
        } else if (std::any_of(begin, end, [](char c) { return c < ' ' || c > '~'; })) {
            scanner.fail(begin, "octet that is no printable ASCII");
        }
        if (begin != previous_end) {
            line.push_back(' ');
        }
        line.append(begin, end);
        previous_end = end;
    }
    return line;
}

// The record ldns makes of a line, or the reason why not.
struct Parsed {
    Rr rr;
    const char* reason = nullptr;
};

Parsed parse_line(const std::string& line, dns::NameView origin) {
    const Rdf origin_rdf{
        ldns_dname_new_frm_data(static_cast<std::uint16_t>(origin.size()), origin.wire().data())};
    ldns_rr* rr = nullptr;
    const ldns_status status = ldns_rr_new_frm_str(&rr, line.c_str(), 0, origin_rdf.get(), nullptr);
    if (status != LDNS_STATUS_OK) {
        return {nullptr, ldns_get_errorstr_by_id(status)};
    }
    return {Rr{rr}, rr == nullptr ? "no record" : nullptr};
}

void append_wire(const ldns_rr& rr, RdataBuffer& out) {
    for (std::size_t i = 0; i < ldns_rr_rd_count(&rr); ++i) {
        const ldns_rdf* rdf = ldns_rr_rdf(&rr, i);
        const std::size_t size = rdf == nullptr ? 0 : ldns_rdf_size(rdf);
        if (size > 0 && size <= out.left()) {
            std::memcpy(out.room(), ldns_rdf_data(rdf), size);
            out.commit(size);
        }
    }
}

// RFC 1876 §2: version 0, each size a digit times a power of ten, angles in thousandths of a second
// around 2^31.
bool is_sound_loc(ByteView rdata) noexcept {
    constexpr std::int64_t right_angle = std::int64_t{90} * 3600 * 1000;
    const auto is_angle = [](std::uint32_t value, std::int64_t max) {
        const std::int64_t angle = std::int64_t{value} - (std::int64_t{1} << 31);
        return angle >= -max && angle <= max;
    };
    const auto is_size = [](std::uint8_t octet) { return (octet >> 4) < 10 && (octet & 15) < 10; };
    return rdata.size() == 16 && rdata[0] == 0 && is_size(rdata[1]) && is_size(rdata[2]) &&
           is_size(rdata[3]) && is_angle(load_u32(rdata.data() + 4), right_angle) &&
           is_angle(load_u32(rdata.data() + 8), 2 * right_angle);
}

// RFC 3123 §4: items of family, prefix, N bit and length, address without zeros at its end.
bool is_sound_apl(ByteView rdata) noexcept {
    while (!rdata.empty()) {
        if (rdata.size() < 4) {
            return false;
        }
        const std::uint16_t family = load_u16(rdata.data());
        const std::size_t length = rdata[3] & 0x7fU;
        const std::size_t octets = family == 1 ? 4 : 16;
        if ((family != 1 && family != 2) || rdata[2] > octets * 8 || length > octets ||
            rdata.size() - 4 < length || (length > 0 && rdata[3 + length] == 0)) {
            return false;
        }
        rdata = rdata.subspan(4 + length);
    }
    return true;
}

bool is_printed_by_ldns(RrType type, ByteView rdata) noexcept {
    if (rdata.empty() || rdata.size() > kMaxLdnsTextBytes / 8) {
        return false;
    }
    return type == RrType::loc ? is_sound_loc(rdata) : type == RrType::apl && is_sound_apl(rdata);
}

Rr rr_from_wire(RrType type, ByteView rdata) {
    Bytes wire{0};
    ByteWriter writer{wire};
    writer.u16(dns::value(type));
    writer.u16(dns::value(dns::RrClass::in));
    writer.u32(0);
    writer.u16(static_cast<std::uint16_t>(rdata.size()));
    writer.bytes(rdata);
    ldns_rr* rr = nullptr;
    std::size_t at = 0;
    const ldns_status status =
        ldns_wire2rr(&rr, wire.data(), wire.size(), &at, LDNS_SECTION_ANSWER);
    return status == LDNS_STATUS_OK ? Rr{rr} : nullptr;
}

bool reads_back(RrType type, std::string_view text, ByteView rdata) {
    const Parsed parsed = parse_line(fmt::format(". 0 IN {} {}", dns::to_text(type), text), {});
    if (parsed.rr == nullptr) {
        return false;
    }
    RdataBuffer again;
    append_wire(*parsed.rr, again);
    const ByteView read = again.view();
    return std::equal(read.begin(), read.end(), rdata.begin(), rdata.end());
}

}  // namespace

void read_rdata_by_ldns(Scanner& scanner, RrType type, dns::NameView origin, RdataBuffer& out) {
    const char* const first = scanner.at();
    if (!is_read_by_ldns(type)) {
        (void)scanner.need("rdata");
        scanner.fail(first, "rdata of this type is written as '\\# LENGTH HEX' (RFC 3597)");
        return;
    }
    const std::string line = collect_line(scanner, type);
    if (scanner.failed()) {
        return;
    }
    const Parsed parsed = parse_line(line, origin);
    if (parsed.rr == nullptr) {
        scanner.fail(first, fmt::format("wrong rdata: {}", parsed.reason));
        return;
    }
    append_wire(*parsed.rr, out);
    if (type == RrType::loc && !is_sound_loc(out.view())) {
        scanner.fail(first, "no place on earth");
    }
}

bool append_rdata_by_ldns(RrType type, ByteView rdata, std::string& out) {
    if (!is_printed_by_ldns(type, rdata)) {
        return false;
    }
    const Rr rr = rr_from_wire(type, rdata);
    const LdnsText printed{rr == nullptr ? nullptr : ldns_rr2str(rr.get())};
    if (printed == nullptr) {
        return false;
    }
    std::string_view text{printed.get()};
    for (int field = 0; field < 4; ++field) {  // owner, TTL, class, type
        const std::size_t tab = text.find('\t');
        if (tab == std::string_view::npos) {
            return false;
        }
        text.remove_prefix(tab + 1);
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.remove_suffix(1);
    }
    if (!reads_back(type, text, rdata)) {
        return false;
    }
    out += text;
    return true;
}

}  // namespace twinzone::text
