#include "common/zone/zonemd.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "common/base/assert.h"
#include "common/dns/rdata_layout.h"

namespace twinzone::zone {

namespace {

constexpr std::size_t kFixedBytes = 6;       // serial, scheme, hash
constexpr std::size_t kMinDigestBytes = 12;  // RFC 8976 §2.2.4
constexpr std::size_t kFlushBytes = std::size_t{64} * 1024;

const EVP_MD* algorithm(ZonemdHash hash) {
    return hash == ZonemdHash::sha384 ? EVP_sha384() : EVP_sha512();
}

std::size_t slot(ZonemdHash hash) {
    return static_cast<std::size_t>(hash) - 1;
}

// The type that an RRSIG's rdata covers (RFC 4034 §3.1.1).
bool covers_zonemd(ByteView rdata) {
    return rdata.size() >= 2 && load_u16(rdata.data()) == value(dns::RrType::zonemd);
}

bool is_known(const Zonemd& zonemd) {
    return zonemd.scheme == kZonemdSchemeSimple &&
           (zonemd.hash == static_cast<std::uint8_t>(ZonemdHash::sha384) ||
            zonemd.hash == static_cast<std::uint8_t>(ZonemdHash::sha512));
}

// Two with one scheme and hash say nothing: which one would be meant? §2.
bool is_alone(const Zonemd& zonemd, const std::vector<Zonemd>& all) {
    return std::count_if(all.begin(), all.end(), [&](const Zonemd& other) {
               return other.scheme == zonemd.scheme && other.hash == zonemd.hash;
           }) == 1;
}

// Enough of a digest to tell it from another by eye.
std::string beginning_of(ByteView digest) {
    constexpr std::size_t shown = 8;
    std::string text;
    for (const std::uint8_t octet : digest.first(std::min(shown, digest.size()))) {
        text += fmt::format("{:02x}", octet);
    }
    return text + "...";
}

}  // namespace

Result<Zonemd> Zonemd::parse(ByteView rdata) {
    if (rdata.size() < kFixedBytes + kMinDigestBytes) {
        return fail(Errc::message_malformed, "ZONEMD rdata is too short");
    }
    return Zonemd{.serial = dns::Serial{load_u32(rdata.data())},
                  .scheme = rdata[4],
                  .hash = rdata[5],
                  .digest = Bytes(rdata.begin() + kFixedBytes, rdata.end())};
}

Bytes Zonemd::rdata() const {
    Bytes out(kFixedBytes + digest.size());
    store_u32(out.data(), serial.value());
    out[4] = scheme;
    out[5] = hash;
    std::copy(digest.begin(), digest.end(), out.begin() + kFixedBytes);
    return out;
}

void ZonemdDigester::FreeContext::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

ZonemdDigester::ZonemdDigester(const dns::SoaRecord& soa, std::optional<ZonemdHash> only)
    : soa_(soa) {
    wire_.reserve(kFlushBytes * 2);
    for (const ZonemdHash hash : {ZonemdHash::sha384, ZonemdHash::sha512}) {
        if (!only || *only == hash) {
            Context& context = contexts_[slot(hash)];
            context.reset(EVP_MD_CTX_new());
            TWINZONE_ASSERT(context && EVP_DigestInit_ex(context.get(), algorithm(hash), nullptr));
        }
    }
}

ZonemdDigester::~ZonemdDigester() = default;

void ZonemdDigester::add(const dns::RecordView& record) {
    // The SOA stands behind what has a lower type number at the apex, before all else.
    const bool at_apex = record.owner == soa_.owner;
    if (!soa_added_ && (!at_apex || value(record.type) > value(dns::RrType::soa))) {
        add_soa();
    }
    if (!at_apex || !is_left_out(record)) {
        digest(record);
    }
}

bool ZonemdDigester::is_left_out(const dns::RecordView& record) {
    if (record.type == dns::RrType::rrsig) {
        return covers_zonemd(record.rdata);
    }
    if (record.type != dns::RrType::zonemd) {
        return false;
    }
    Result<Zonemd> zonemd = Zonemd::parse(record.rdata);
    well_formed_ = well_formed_ && zonemd.has_value();
    if (zonemd) {
        published_.push_back(std::move(*zonemd));
    }
    return true;
}

void ZonemdDigester::digest(const dns::RecordView& record) {
    if (!is_wanted_) {
        return;
    }
    const ByteView owner = record.owner.wire();
    std::transform(owner.begin(), owner.end(), std::back_inserter(wire_), dns::lower);
    std::array<std::uint8_t, 10> fixed{};
    store_u16(fixed.data(), value(record.type));
    store_u16(fixed.data() + 2, value(record.rr_class));
    store_u32(fixed.data() + 4, record.ttl.value());
    store_u16(fixed.data() + 8, static_cast<std::uint16_t>(record.rdata.size()));
    wire_.insert(wire_.end(), fixed.begin(), fixed.end());
    dns::append_canonical_rdata(record.type, record.rdata, wire_);
    if (wire_.size() >= kFlushBytes) {
        flush();
    }
}

void ZonemdDigester::add_soa() {
    soa_added_ = true;
    digest(soa_.record().view());
}

void ZonemdDigester::flush() {
    for (const Context& context : contexts_) {
        if (context) {
            TWINZONE_ASSERT(EVP_DigestUpdate(context.get(), wire_.data(), wire_.size()));
        }
    }
    wire_.clear();
}

void ZonemdDigester::keep_published_only() {
    for (const ZonemdHash hash : {ZonemdHash::sha384, ZonemdHash::sha512}) {
        const bool is_asked =
            std::any_of(published_.begin(), published_.end(), [hash](const Zonemd& zonemd) {
                return is_known(zonemd) && zonemd.hash == static_cast<std::uint8_t>(hash);
            });
        if (!is_asked) {
            contexts_[slot(hash)].reset();
        }
    }
    is_wanted_ = contexts_[0] || contexts_[1];
    if (!is_wanted_) {
        wire_.clear();
    }
}

Bytes ZonemdDigester::finish(ZonemdHash hash) {
    if (!soa_added_) {
        add_soa();
    }
    flush();
    const Context& context = contexts_[slot(hash)];
    TWINZONE_ASSERT(context != nullptr);
    Bytes digest(static_cast<std::size_t>(EVP_MD_get_size(algorithm(hash))));
    TWINZONE_ASSERT(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr));
    return digest;
}

dns::Record ZonemdMaker::finish() {
    dns::Record record;
    record.owner = soa_.owner;
    record.type = dns::RrType::zonemd;
    record.ttl = soa_.ttl;
    record.rdata = Zonemd{.serial = soa_.serial,
                          .scheme = kZonemdSchemeSimple,
                          .hash = static_cast<std::uint8_t>(kHash),
                          .digest = digester_.finish(kHash)}
                       .rdata();
    return record;
}

std::string_view to_string(ZonemdVerdict verdict) noexcept {
    switch (verdict) {
        case ZonemdVerdict::valid: return "valid";
        case ZonemdVerdict::absent: return "absent";
        case ZonemdVerdict::unsupported: return "unsupported";
        case ZonemdVerdict::mismatch: return "mismatch";
    }
    return "";
}

std::string_view to_string(ZonemdHash hash) noexcept {
    return hash == ZonemdHash::sha384 ? "SHA-384" : "SHA-512";
}

ZonemdJudgement judge_zonemd(ZonemdDigester& digester, const dns::SoaRecord& soa) {
    const std::vector<Zonemd>& published = digester.published();
    if (!digester.published_is_well_formed()) {
        return {ZonemdVerdict::mismatch, "a ZONEMD record is malformed"};
    }
    if (published.empty()) {
        return {ZonemdVerdict::absent, {}};
    }
    ZonemdJudgement judgement{ZonemdVerdict::unsupported, {}};
    for (const Zonemd& zonemd : published) {
        if (!is_known(zonemd) || !is_alone(zonemd, published)) {
            continue;
        }
        judgement.verdict = ZonemdVerdict::mismatch;
        // §4 step 4: a digest of another version of the zone proves nothing.
        if (zonemd.serial != soa.serial) {
            judgement.text = fmt::format("ZONEMD is of serial {}, the SOA has {}",
                                         zonemd.serial.value(), soa.serial.value());
            continue;
        }
        const auto hash = static_cast<ZonemdHash>(zonemd.hash);
        const Bytes computed = digester.finish(hash);
        if (computed == zonemd.digest) {
            return {ZonemdVerdict::valid, std::string{to_string(hash)}};
        }
        judgement.text = fmt::format("ZONEMD ({}) says {}, the content is {}", to_string(hash),
                                     beginning_of(zonemd.digest), beginning_of(computed));
    }
    return judgement;
}

Result<ZonemdVerdict> verify_zonemd(RecordStream& records, const dns::SoaRecord& soa) {
    ZonemdDigester digester{soa};
    for (;;) {
        Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            return judge_zonemd(digester, soa).verdict;
        }
        digester.add(**record);
    }
}

}  // namespace twinzone::zone
