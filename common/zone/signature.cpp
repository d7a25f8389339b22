#include "common/zone/signature.h"

#include <memory>

#include <ldns/ldns.h>

// ldns makes macros of these.
#undef true
#undef false
#undef bool

namespace twinzone::zone {

namespace {

constexpr std::size_t kFixedBytes = 18;  // of an RRSIG, before the signer's name
constexpr std::size_t kKeyFixedBytes = 4;
constexpr std::uint16_t kZoneKeyFlag = 0x0100;
constexpr std::uint16_t kRevokedFlag = 0x0080;
constexpr std::uint8_t kDnssecProtocol = 3;

struct FreeBuffer {
    void operator()(ldns_buffer* buffer) const noexcept { ldns_buffer_free(buffer); }
};

// RFC 4034 appendix B.
std::uint16_t tag_of(ByteView rdata) noexcept {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < rdata.size(); ++i) {
        sum += i % 2 == 0 ? std::uint32_t{rdata[i]} << 8U : rdata[i];
    }
    return static_cast<std::uint16_t>(sum + (sum >> 16U));
}

struct FreeRdf {
    void operator()(ldns_rdf* rdf) const noexcept { ldns_rdf_deep_free(rdf); }
};
using Buffer = std::unique_ptr<ldns_buffer, FreeBuffer>;

// Octets of r and s of an ECDSA signature (RFC 6605 §4); 0 for other algorithms.
std::size_t ecdsa_bytes(std::uint8_t algorithm) noexcept {
    switch (algorithm) {
        case LDNS_ECDSAP256SHA256: return 64;
        case LDNS_ECDSAP384SHA384: return 96;
        default: return 0;
    }
}

// ldns reads only, but asks for what it might change.
unsigned char* as_read(ByteView octets) noexcept {
    return const_cast<unsigned char*>(octets.data());  // NOLINT(*-const-cast)
}

}  // namespace

std::optional<Signature> Signature::parse(ByteView rdata) {
    if (rdata.size() <= kFixedBytes) {
        return std::nullopt;
    }
    const Result<dns::NameView> signer = dns::NameView::parse(rdata.subspan(kFixedBytes));
    if (!signer || rdata.size() <= kFixedBytes + signer->size()) {
        return std::nullopt;
    }
    const std::size_t head_bytes = kFixedBytes + signer->size();
    return Signature{.covered = static_cast<dns::RrType>(load_u16(rdata.data())),
                     .algorithm = rdata[2],
                     .labels = rdata[3],
                     .original_ttl = dns::Ttl{load_u32(rdata.data() + 4)},
                     .expiration = load_u32(rdata.data() + 8),
                     .inception = load_u32(rdata.data() + 12),
                     .key_tag = load_u16(rdata.data() + 16),
                     .signer = *signer,
                     .head = rdata.first(head_bytes),
                     .octets = rdata.subspan(head_bytes)};
}

std::optional<ZoneKey> ZoneKey::parse(ByteView rdata) {
    if (rdata.size() <= kKeyFixedBytes) {
        return std::nullopt;
    }
    const std::uint16_t flags = load_u16(rdata.data());
    const bool is_zone_key = (flags & kZoneKeyFlag) != 0 && (flags & kRevokedFlag) == 0;
    if (!is_zone_key || rdata[2] != kDnssecProtocol) {
        return std::nullopt;
    }
    return ZoneKey{.algorithm = rdata[3],
                   .tag = tag_of(rdata),
                   .octets = Bytes(rdata.begin() + kKeyFixedBytes, rdata.end())};
}

bool is_known_algorithm(std::uint8_t algorithm) noexcept {
    switch (algorithm) {
        case LDNS_RSASHA1:
        case LDNS_RSASHA1_NSEC3:
        case LDNS_RSASHA256:
        case LDNS_RSASHA512:
        case LDNS_ECDSAP256SHA256:
        case LDNS_ECDSAP384SHA384:
        case LDNS_ED25519:
        case LDNS_ED448: return true;
        default: return false;
    }
}

UnixTime moment_of(std::uint32_t seconds_modulo, UnixTime now) noexcept {
    const auto ahead =
        static_cast<std::int32_t>(seconds_modulo - static_cast<std::uint32_t>(now.value()));
    return now + seconds{ahead};
}

bool is_signature_of(const ZoneKey& key, ByteView signature, ByteView signed_octets) {
    const Buffer buffer{ldns_buffer_new(signed_octets.size())};
    Buffer converted;
    if (const std::size_t size = ecdsa_bytes(key.algorithm); size != 0) {
        if (signature.size() != size) {
            return false;
        }
        // OpenSSL wants r and s in ASN.1.
        const std::unique_ptr<ldns_rdf, FreeRdf> rdf{
            ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, signature.size(), signature.data())};
        converted.reset(ldns_buffer_new(2 * size));
        if (!rdf || !converted ||
            ldns_convert_ecdsa_rrsig_rdf2asn1(converted.get(), rdf.get()) != LDNS_STATUS_OK) {
            return false;
        }
        signature = {ldns_buffer_begin(converted.get()), ldns_buffer_position(converted.get())};
    }
    if (!buffer) {
        return false;
    }
    ldns_buffer_write(buffer.get(), signed_octets.data(), signed_octets.size());
    return ldns_verify_rrsig_buffers_raw(as_read(signature), signature.size(), buffer.get(),
                                         as_read(key.octets), key.octets.size(),
                                         key.algorithm) == LDNS_STATUS_OK;
}

}  // namespace twinzone::zone
