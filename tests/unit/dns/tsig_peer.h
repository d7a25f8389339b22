// The other end of a TSIG exchange for tests, written against RFC 8945 a second time and the slow
// way: it keeps all octets and calls OpenSSL's one-shot HMAC.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/dns/tsig.h"
#include "tests/unit/dns/wire.h"

namespace twinzone::dns::test {

inline constexpr UnixTime kNow{1700000000};

[[nodiscard]] inline Bytes secret() {
    Bytes octets(32);
    for (std::size_t i = 0; i < octets.size(); ++i) {
        octets[i] = static_cast<std::uint8_t>(i);
    }
    return octets;
}

[[nodiscard]] inline TsigKeyPtr key(TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256,
                                    std::string_view key_name = "K1.Example.") {
    return *TsigKey::create(name(key_name), algorithm, secret());
}

[[nodiscard]] inline TsigKeyring keyring(TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256) {
    TsigKeyring ring;
    ring.add(key(algorithm));
    return ring;
}

// SOA query for example.test. with ID 0x1234.
[[nodiscard]] inline Bytes query() {
    return concat({hex("1234 0000 0001 0000 0000 0000"), wire("example.test."), hex("0006 0001")});
}

// An answer to it without any record.
[[nodiscard]] inline Bytes answer(std::uint8_t rcode = 0) {
    Bytes message = query();
    message[2] = 0x84;
    message[3] = rcode;
    return message;
}

[[nodiscard]] inline Bytes with_tsig(Bytes message, const Bytes& record) {
    message.insert(message.end(), record.begin(), record.end());
    store_u16(message.data() + 10, static_cast<std::uint16_t>(load_u16(message.data() + 10) + 1));
    return message;
}

// The fields of a TSIG record, all free to be wrong. RFC 8945 §4.2.
struct TsigFields {
    Bytes owner = wire("k1.example.");
    std::uint16_t type = 250;
    std::uint16_t rr_class = 255;
    std::uint32_t ttl = 0;
    Bytes algorithm = wire("hmac-sha256.");
    std::uint64_t signed_at = 1700000000;
    std::uint16_t fudge = 300;
    Bytes mac;
    std::uint16_t original_id = 0x1234;
    std::uint16_t error = 0;
    Bytes other;

    [[nodiscard]] Bytes timers() const {
        Bytes out;
        ByteWriter writer{out};
        writer.u48(signed_at);
        writer.u16(fudge);
        return out;
    }
    [[nodiscard]] Bytes variables() const {
        Bytes ending;
        ByteWriter writer{ending};
        writer.u16(error);
        writer.u16(static_cast<std::uint16_t>(other.size()));
        return concat(
            {wire("k1.example."), hex("00ff 00000000"), algorithm, timers(), ending, other});
    }
    [[nodiscard]] Bytes rdata() const {
        Bytes mac_size;
        Bytes ending;
        ByteWriter{mac_size}.u16(static_cast<std::uint16_t>(mac.size()));
        ByteWriter writer{ending};
        writer.u16(original_id);
        writer.u16(error);
        writer.u16(static_cast<std::uint16_t>(other.size()));
        return concat({algorithm, timers(), mac_size, mac, ending, other});
    }
    [[nodiscard]] Bytes record() const { return record(rdata()); }
    [[nodiscard]] Bytes record(const Bytes& octets) const {
        Bytes fixed;
        ByteWriter writer{fixed};
        writer.u16(type);
        writer.u16(rr_class);
        writer.u32(ttl);
        writer.u16(static_cast<std::uint16_t>(octets.size()));
        return concat({owner, fixed, octets});
    }
};

class TsigPeer {
  public:
    explicit TsigPeer(const EVP_MD* hash = EVP_sha256()) : hash_(hash) {}

    // A MAC over the prior one, everything passed since, `message` and the variables or timers.
    [[nodiscard]] Bytes sign(const Bytes& message, TsigFields fields = {}) {
        fields.original_id = load_u16(message.data());
        fields.mac = mac(concat(
            {prior_, pending_, message, timers_only_ ? fields.timers() : fields.variables()}));
        chain(fields.mac);
        return with_tsig(message, fields.record());
    }
    void pass_unsigned(const Bytes& message) { pending_ = concat({pending_, message}); }

    // What comes next is chained to this MAC; after the first answer without the variables.
    void chain(const Bytes& prior_mac) {
        timers_only_ = !prior_.empty();
        prior_.clear();
        ByteWriter{prior_}.u16(static_cast<std::uint16_t>(prior_mac.size()));
        prior_ = concat({prior_, prior_mac});
        pending_.clear();
    }

    [[nodiscard]] Bytes mac(const Bytes& octets) const {
        const Bytes with = secret();
        Bytes out(EVP_MAX_MD_SIZE);
        unsigned size = 0;
        HMAC(hash_, with.data(), static_cast<int>(with.size()), octets.data(), octets.size(),
             out.data(), &size);
        out.resize(size);
        return out;
    }

  private:
    const EVP_MD* hash_;
    Bytes prior_;
    Bytes pending_;
    bool timers_only_ = false;
};

// The MAC in a signed message.
[[nodiscard]] inline Bytes mac_in(const Bytes& message) {
    const Result<std::optional<FoundTsig>> found = find_tsig(message);
    const ByteView mac = found.has_value() && *found ? (*found)->record.mac : ByteView{};
    return {mac.begin(), mac.end()};
}

}  // namespace twinzone::dns::test
