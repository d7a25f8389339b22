// The message digest of a whole zone, ZONEMD: read from a zone's apex, computed in one pass over
// its records, compared. Scheme SIMPLE with SHA-384 and SHA-512 (RFC 8976).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/dns/serial.h"
#include "common/dns/soa.h"
#include "common/zone/record_stream.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace twinzone::zone {

inline constexpr std::uint8_t kZonemdSchemeSimple = 1;            // RFC 8976 §2.2.2
enum class ZonemdHash : std::uint8_t { sha384 = 1, sha512 = 2 };  // §2.2.3

// Plain value.
struct Zonemd {
    dns::Serial serial{0};
    std::uint8_t scheme = 0;
    std::uint8_t hash = 0;
    Bytes digest;

    // Errc::message_malformed where the rdata is not a ZONEMD's: a digest has at least 12 octets
    // (§2.2.4).
    [[nodiscard]] static Result<Zonemd> parse(ByteView rdata);
    [[nodiscard]] Bytes rdata() const;

    friend bool operator==(const Zonemd&, const Zonemd&) = default;
};

// Takes a zone's records one after the other and gives its digests. §3.3.1, §3.4. One use;
// not thread-safe.
class ZonemdDigester {
  public:
    // Borrows the SOA for its life: it is part of the digest at its canonical place. Both hashes
    // are computed unless `only` names one.
    explicit ZonemdDigester(const dns::SoaRecord& soa,
                            std::optional<ZonemdHash> only = std::nullopt);
    ~ZonemdDigester();
    ZonemdDigester(const ZonemdDigester&) = delete;
    ZonemdDigester& operator=(const ZonemdDigester&) = delete;

    // Requires: canonical order (record_list.h), no record twice, without the apex SOA. What is not
    // part of the digest is passed over: ZONEMD at the apex and its RRSIG.
    void add(const dns::RecordView& record);

    // The ZONEMD records as they stood in the stream.
    [[nodiscard]] const std::vector<Zonemd>& published() const noexcept { return published_; }
    // False after a ZONEMD record that is none.
    [[nodiscard]] bool published_is_well_formed() const noexcept { return well_formed_; }

    // Spares the work for digests that no record of the apex asks for. Requires: behind the last
    // record of the apex; finish() is then only asked for these.
    void keep_published_only();

    // The digest by this hash; once for each, after the last record. Requires: it is computed.
    [[nodiscard]] Bytes finish(ZonemdHash hash);

  private:
    struct FreeContext {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };
    using Context = std::unique_ptr<evp_md_ctx_st, FreeContext>;

    [[nodiscard]] bool is_left_out(const dns::RecordView& record);
    void digest(const dns::RecordView& record);
    void add_soa();
    void flush();

    const dns::SoaRecord& soa_;
    std::array<Context, 2> contexts_;  // by hash; null: not wanted
    std::vector<Zonemd> published_;
    bool well_formed_ = true;
    bool soa_added_ = false;
    bool is_wanted_ = true;  // some digest is computed
    Bytes wire_;             // records not hashed yet
};

// Makes the ZONEMD of a zone: SIMPLE, SHA-384, with the SOA's TTL. One use; not thread-safe.
class ZonemdMaker {
  public:
    // Borrows the SOA for its life.
    explicit ZonemdMaker(const dns::SoaRecord& soa) : soa_(soa), digester_(soa, kHash) {}

    // As ZonemdDigester::add().
    void add(const dns::RecordView& record) { digester_.add(record); }

    // After the last record.
    [[nodiscard]] dns::Record finish();

  private:
    static constexpr ZonemdHash kHash = ZonemdHash::sha384;  // that all implement (§2.2.3)

    const dns::SoaRecord& soa_;
    ZonemdDigester digester_;
};

// What a zone's own ZONEMD says of it. §4.
enum class ZonemdVerdict : std::uint8_t {
    valid,        // one that we can compute is right
    absent,       // the apex has none
    unsupported,  // none with a scheme and hash we know (or only ambiguous ones)
    mismatch      // wrong serial, or no digest is right
};
[[nodiscard]] std::string_view to_string(ZonemdVerdict verdict) noexcept;

// Reads the stream to its end. Errors are the stream's.
[[nodiscard]] Result<ZonemdVerdict> verify_zonemd(RecordStream& records, const dns::SoaRecord& soa);

struct ZonemdJudgement {
    ZonemdVerdict verdict{};
    std::string text;  // of a mismatch what is wrong, of a valid one which it is
};

// The same for a digester that has taken every record. Once.
[[nodiscard]] ZonemdJudgement judge_zonemd(ZonemdDigester& digester, const dns::SoaRecord& soa);

// "SHA-384".
[[nodiscard]] std::string_view to_string(ZonemdHash hash) noexcept;

}  // namespace twinzone::zone
