#include "common/zone/catalog_making.h"

#include <array>

#include <openssl/evp.h>

#include "common/base/assert.h"

namespace twinzone::zone {

namespace {

constexpr std::size_t kLabelOctets = 16;  // of the hash; twice as many digits
constexpr std::string_view kVersion = "2";

dns::Name below(std::string_view label, dns::NameView parent) {
    Bytes wire;
    wire.reserve(1 + label.size() + parent.size());
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
    wire.insert(wire.end(), parent.wire().begin(), parent.wire().end());
    return dns::Name{*dns::NameView::parse(wire)};
}

// One character string (RFC 1035 §3.3.14).
Bytes txt_rdata(std::string_view text) {
    Bytes rdata;
    rdata.reserve(1 + text.size());
    rdata.push_back(static_cast<std::uint8_t>(text.size()));
    rdata.insert(rdata.end(), text.begin(), text.end());
    return rdata;
}

const dns::Name& invalid_name() {
    static const dns::Name name = below("invalid", dns::NameView{});
    return name;
}

}  // namespace

std::string member_label(dns::NameView zone) {
    const dns::Name lowered = dns::Name{zone}.lowered();
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
    const ByteView wire = lowered.view().wire();
    const int done =
        EVP_Digest(wire.data(), wire.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
    TWINZONE_ASSERT(done == 1);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string label;
    label.reserve(2 * kLabelOctets);
    for (std::size_t i = 0; i < kLabelOctets; ++i) {
        label.push_back(digits[hash[i] >> 4U]);
        label.push_back(digits[hash[i] & 0x0FU]);
    }
    return label;
}

RecordList catalog_records(dns::NameView apex, std::span<const ListedZone> zones) {
    TWINZONE_ASSERT(apex.size() <= kMaxCatalogNameBytes);
    RecordList records;
    const auto add = [&records](dns::NameView owner, dns::RrType type, ByteView rdata) {
        records.append({.owner = owner, .type = type, .ttl = dns::Ttl{0}, .rdata = rdata});
    };
    add(apex, dns::RrType::ns, invalid_name().view().wire());
    add(below("version", apex), dns::RrType::txt, txt_rdata(kVersion));
    const dns::Name members = below("zones", apex);
    for (const ListedZone& listed : zones) {
        const dns::Name node = below(member_label(listed.zone), members);
        add(node, dns::RrType::ptr, listed.zone.view().wire());
        if (!listed.group.empty()) {
            add(below("group", node), dns::RrType::txt, txt_rdata(listed.group));
        }
    }
    records.sort_unique();
    return records;
}

dns::SoaRecord catalog_soa(dns::NameView apex, dns::Serial serial) {
    return {.owner = dns::Name{apex},
            .ttl = dns::Ttl{0},
            .mname = invalid_name(),
            .rname = invalid_name(),
            .serial = serial,
            .refresh = hours{1},
            .retry = minutes{10},
            .expire = seconds{2147483646},
            .minimum = 0};
}

}  // namespace twinzone::zone
