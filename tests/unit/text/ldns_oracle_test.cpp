// ldns reads what the writer prints, and the reader what ldns prints, to the same octets.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include <ldns/ldns.h>

// ldns makes macros of these, which breaks the templates of <optional>.
#undef true
#undef false
#undef bool

#include "common/base/random.h"
#include "common/text/rdata_field.h"
#include "common/text/type_text.h"
#include "common/text/zone_file_writer.h"
#include "tests/support/catch.h"
#include "tests/unit/text/random_rdata.h"
#include "tests/unit/text/zone_text.h"

using namespace twinzone;

namespace {

struct RrDeleter {
    void operator()(ldns_rr* rr) const noexcept { ldns_rr_free(rr); }
};
using Rr = std::unique_ptr<ldns_rr, RrDeleter>;

Rr rr_from_text(const std::string& line) {
    ldns_rr* rr = nullptr;
    return ldns_rr_new_frm_str(&rr, line.c_str(), 0, nullptr, nullptr) == LDNS_STATUS_OK ? Rr{rr}
                                                                                         : nullptr;
}

Rr rr_from_rdata(dns::RrType type, const Bytes& rdata) {
    Bytes wire{1, 'o', 0};
    ByteWriter writer{wire};
    writer.u16(dns::value(type));
    writer.u16(1);
    writer.u32(60);
    writer.u16(static_cast<std::uint16_t>(rdata.size()));
    writer.bytes(rdata);
    ldns_rr* rr = nullptr;
    std::size_t at = 0;
    const auto status = ldns_wire2rr(&rr, wire.data(), wire.size(), &at, LDNS_SECTION_ANSWER);
    return status == LDNS_STATUS_OK ? Rr{rr} : nullptr;
}

Bytes rdata_of(const ldns_rr& rr) {
    Bytes rdata;
    for (std::size_t i = 0; i < ldns_rr_rd_count(&rr); ++i) {
        const ldns_rdf* rdf = ldns_rr_rdf(&rr, i);
        rdata.insert(rdata.end(), ldns_rdf_data(rdf), ldns_rdf_data(rdf) + ldns_rdf_size(rdf));
    }
    return rdata;
}

std::string printed_by_ldns(const ldns_rr& rr) {
    const std::unique_ptr<char, decltype(&std::free)> text{ldns_rr2str(&rr), &std::free};
    return text == nullptr ? "" : text.get();
}

// Types whose text ldns 1.8.3 reads or prints otherwise than their RFC says, checked by hand.
bool ldns_differs(dns::RrType type) {
    switch (type) {
        case dns::RrType::svcb:
        case dns::RrType::https:     // key667="…" with escapes
        case dns::RrType::ipseckey:  // no key, and any octet for the gateway type
        case dns::RrType::uri:       // octets above 127
        case dns::RrType::nsap_ptr:  // a string, where RFC 1348 has a name
        case dns::RrType::csync:     // no empty set of types
        case dns::RrType::caa: return true;
        default: return false;
    }
}

// ldns prints a quote in a name without the backslash that reading it needs.
bool has_quote_in_name(dns::RrType type, const Bytes& rdata) {
    const auto fields = text::rdata_fields(type);
    return std::find(fields.begin(), fields.end(), text::Field::name) != fields.end() &&
           std::find(rdata.begin(), rdata.end(), '"') != rdata.end();
}

}  // namespace

TEST_CASE("ldns reads what the writer prints to the same octets", "[text]") {
    Random random{7};
    for (std::uint16_t number = 1; number < 260; ++number) {
        const dns::RrType type{number};
        if (text::rdata_fields(type).empty() || !text::is_widely_known(type) ||
            ldns_differs(type)) {
            continue;
        }
        for (int i = 0; i < 30; ++i) {
            const Bytes rdata = test::random_rdata(type, random);
            std::string line = "o. 60 IN " + dns::to_text(type) + " ";
            text::append_rdata_text(type, rdata, line);
            if (line.size() > 2000 || line.find("\\#") != std::string::npos) {
                continue;
            }
            const Rr rr = rr_from_text(line);
            INFO(line);
            REQUIRE(static_cast<bool>(rr));
            REQUIRE(test::to_hex(rdata_of(*rr)) == test::to_hex(rdata));
        }
    }
}

TEST_CASE("the reader reads what ldns prints to the same octets", "[text]") {
    Random random{8};
    for (std::uint16_t number = 1; number < 260; ++number) {
        const dns::RrType type{number};
        if (text::rdata_fields(type).empty() || ldns_differs(type)) {
            continue;
        }
        for (int i = 0; i < 30; ++i) {
            const Bytes rdata = test::random_rdata(type, random);
            const Rr rr = rr_from_rdata(type, rdata);
            if (rr == nullptr || has_quote_in_name(type, rdata)) {
                continue;
            }
            const std::string line = printed_by_ldns(*rr);
            const test::ZoneText zone = test::read_text(line);
            INFO(line << zone.error);
            REQUIRE(zone.records.size() == 1);
            REQUIRE(test::to_hex(zone.records[0].rdata) == test::to_hex(rdata));
        }
    }
}
