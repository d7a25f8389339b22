#include "common/dns/tsig_digest.h"

#include <cstring>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/dns/rr_type.h"

namespace twinzone::dns {

TsigDigest::TsigDigest(const TsigKey& key) noexcept : context_(EVP_MAC_CTX_dup(key.keyed())) {}

void TsigDigest::add(ByteView octets) noexcept {
    if (context_ != nullptr && EVP_MAC_update(context_.get(), octets.data(), octets.size()) != 1) {
        context_.reset();
    }
}

void TsigDigest::add_u16(std::uint16_t number) noexcept {
    std::array<std::uint8_t, 2> octets{};
    store_u16(octets.data(), number);
    add(octets);
}

void TsigDigest::add_lowered(NameView name) noexcept {
    add(Name{name}.lowered().view().wire());
}

void TsigDigest::add_prior_mac(ByteView mac) noexcept {
    add_u16(static_cast<std::uint16_t>(mac.size()));
    add(mac);
}

void TsigDigest::add_message(ByteView message, const FoundTsig& tsig) noexcept {
    std::array<std::uint8_t, kHeaderBytes> header{};
    std::memcpy(header.data(), message.data(), kHeaderBytes);
    store_u16(header.data(), tsig.record.original_id);
    const std::uint16_t arcount = load_u16(header.data() + 10);
    store_u16(header.data() + 10, static_cast<std::uint16_t>(arcount - 1));
    add(header);
    add(message.subspan(kHeaderBytes, tsig.message_bytes - kHeaderBytes));
}

void TsigDigest::add_variables(const TsigRecord& record) noexcept {
    add_lowered(record.key_name);
    add_u16(value(RrClass::any));
    add_u16(0);  // TTL, 32 bits
    add_u16(0);
    add_lowered(record.algorithm);
    add_timers(record);
    add_u16(static_cast<std::uint16_t>(record.error));
    add_u16(static_cast<std::uint16_t>(record.other.size()));
    add(record.other);
}

void TsigDigest::add_timers(const TsigRecord& record) noexcept {
    add_u16(static_cast<std::uint16_t>(record.signed_at >> 32));
    add_u16(static_cast<std::uint16_t>(record.signed_at >> 16));
    add_u16(static_cast<std::uint16_t>(record.signed_at));
    add_u16(record.fudge);
}

Result<TsigMac> TsigDigest::finish() noexcept {
    TsigMac mac;
    if (context_ == nullptr ||
        EVP_MAC_final(context_.get(), mac.octets.data(), &mac.size, mac.octets.size()) != 1) {
        return fail(Errc::internal, "OpenSSL failed to compute a MAC");
    }
    return mac;
}

bool same_key(const TsigKey& a, const TsigKey& b) noexcept {
    if (!(a.name() == b.name()) || a.algorithm() != b.algorithm()) {
        return false;
    }
    TsigDigest of_a{a};
    TsigDigest of_b{b};
    const Result<TsigMac> mac_a = of_a.finish();
    const Result<TsigMac> mac_b = of_b.finish();
    return mac_a && mac_b && matches(*mac_a, mac_b->view());
}

bool matches(const TsigMac& mac, ByteView from_wire) noexcept {
    return from_wire.size() <= mac.size && !from_wire.empty() &&
           CRYPTO_memcmp(mac.octets.data(), from_wire.data(), from_wire.size()) == 0;
}

}  // namespace twinzone::dns
