#include "common/dns/tsig_key.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace twinzone::dns {

namespace {

struct AlgorithmRow {
    TsigAlgorithm algorithm;
    std::string_view text;
    const char* digest;  // OpenSSL's name
    std::size_t mac_bytes;
};

// RFC 8945 §6; in the order of the enumeration. hmac-md5 is left out: it must not be used (§6).
constexpr std::array<AlgorithmRow, 5> kAlgorithms = {{
    {TsigAlgorithm::hmac_sha1, "hmac-sha1", "SHA1", 20},
    {TsigAlgorithm::hmac_sha224, "hmac-sha224", "SHA224", 28},
    {TsigAlgorithm::hmac_sha256, "hmac-sha256", "SHA256", 32},
    {TsigAlgorithm::hmac_sha384, "hmac-sha384", "SHA384", 48},
    {TsigAlgorithm::hmac_sha512, "hmac-sha512", "SHA512", 64},
}};

const AlgorithmRow& row_of(TsigAlgorithm algorithm) noexcept {
    return kAlgorithms.at(static_cast<std::size_t>(algorithm));
}

bool same_text(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return lower(static_cast<std::uint8_t>(x)) == lower(static_cast<std::uint8_t>(y));
    });
}

// An HMAC with key and hash set; null where OpenSSL refuses.
EvpMacContext make_keyed(const char* digest, ByteView secret) {
    struct MacFree {
        void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
    };
    const std::unique_ptr<EVP_MAC, MacFree> mac{
        EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr)};
    EvpMacContext context{mac == nullptr ? nullptr : EVP_MAC_CTX_new(mac.get())};
    std::string hash{digest};  // the parameter wants octets it could write to
    const std::array<OSSL_PARAM, 2> params = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash.data(), 0),
        OSSL_PARAM_construct_end()};
    if (context != nullptr &&
        EVP_MAC_init(context.get(), secret.data(), secret.size(), params.data()) != 1) {
        context.reset();
    }
    return context;
}

}  // namespace

std::string_view to_text(TsigAlgorithm algorithm) noexcept {
    return row_of(algorithm).text;
}

std::optional<TsigAlgorithm> tsig_algorithm_from_text(std::string_view text) noexcept {
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    for (const AlgorithmRow& row : kAlgorithms) {
        if (same_text(text, row.text)) {
            return row.algorithm;
        }
    }
    return std::nullopt;
}

std::size_t mac_bytes(TsigAlgorithm algorithm) noexcept {
    return row_of(algorithm).mac_bytes;
}

void EvpMacContextFree::operator()(evp_mac_ctx_st* context) const noexcept {
    EVP_MAC_CTX_free(context);  // HMAC's free wipes the key
}

TsigKey::TsigKey(const Name& name, TsigAlgorithm algorithm, EvpMacContext keyed)
    : name_(name),
      algorithm_(algorithm),
      algorithm_name_(*Name::from_text(to_text(algorithm))),
      keyed_(std::move(keyed)) {}

Result<std::shared_ptr<const TsigKey>> TsigKey::create(const Name& name, TsigAlgorithm algorithm,
                                                       Bytes secret) {
    if (secret.empty()) {
        return fail(Errc::config_invalid, fmt::format("key {} has no secret", name.to_text()));
    }
    EvpMacContext keyed = make_keyed(row_of(algorithm).digest, secret);
    OPENSSL_cleanse(secret.data(), secret.size());
    if (keyed == nullptr) {
        return fail(Errc::internal, fmt::format("OpenSSL refuses {}", to_text(algorithm)));
    }
    return std::shared_ptr<const TsigKey>{new TsigKey{name, algorithm, std::move(keyed)}};
}

void TsigKeyring::add(TsigKeyPtr key) {
    TWINZONE_ASSERT(key != nullptr);
    const Name name = key->name();
    keys_.insert_or_assign(name, std::move(key));
}

TsigKeyPtr TsigKeyring::find(NameView name) const noexcept {
    const auto at = keys_.find(Name{name});
    return at == keys_.end() ? nullptr : at->second;
}

}  // namespace twinzone::dns
