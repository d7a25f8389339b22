// TSIG keys: what both ends of an exchange share (RFC 8945 §1.3, §6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/name.h"

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX

namespace twinzone::dns {

enum class TsigAlgorithm : std::uint8_t {
    hmac_sha1,
    hmac_sha224,
    hmac_sha256,
    hmac_sha384,
    hmac_sha512
};

// "hmac-sha256" …, without closing dot.
[[nodiscard]] std::string_view to_text(TsigAlgorithm algorithm) noexcept;

// In any case, with or without closing dot; nullopt where we have no such algorithm.
[[nodiscard]] std::optional<TsigAlgorithm> tsig_algorithm_from_text(std::string_view text) noexcept;

// Octets of the whole MAC.
[[nodiscard]] std::size_t mac_bytes(TsigAlgorithm algorithm) noexcept;

struct EvpMacContextFree {
    void operator()(evp_mac_ctx_st* context) const noexcept;
};
using EvpMacContext = std::unique_ptr<evp_mac_ctx_st, EvpMacContextFree>;

// A shared secret with its name and algorithm. Immutable, shared by reference count: a key that is
// taken out of the configuration stays whole for the exchanges that began with it. The secret is
// wiped at the end and never printed. Thread-safe.
class TsigKey {
  public:
    // `secret` is wiped. Errc::config_invalid where it is empty; Errc::internal where OpenSSL
    // refuses.
    [[nodiscard]] static Result<std::shared_ptr<const TsigKey>> create(const Name& name,
                                                                       TsigAlgorithm algorithm,
                                                                       Bytes secret);

    [[nodiscard]] const Name& name() const noexcept { return name_; }
    [[nodiscard]] TsigAlgorithm algorithm() const noexcept { return algorithm_; }

    // The algorithm as a domain name, as TSIG records carry it (RFC 8945 §6).
    [[nodiscard]] const Name& algorithm_name() const noexcept { return algorithm_name_; }

    // The keyed HMAC, ready to be duplicated (TsigDigest does). Never null.
    [[nodiscard]] const evp_mac_ctx_st* keyed() const noexcept { return keyed_.get(); }

  private:
    TsigKey(const Name& name, TsigAlgorithm algorithm, EvpMacContext keyed);

    Name name_;
    TsigAlgorithm algorithm_;
    Name algorithm_name_;
    EvpMacContext keyed_;
};
using TsigKeyPtr = std::shared_ptr<const TsigKey>;

// Keys by name (DNS equality). Plain value.
class TsigKeyring {
  public:
    // Takes the place of a key with the same name. Requires: not null.
    void add(TsigKeyPtr key);
    [[nodiscard]] TsigKeyPtr find(NameView name) const noexcept;  // null where there is none

  private:
    std::unordered_map<Name, TsigKeyPtr, NameHash> keys_;
};

}  // namespace twinzone::dns
