// Verifies a signed zone by its own keys, in one pass over its records in canonical order: every
// set of records that a signature belongs to has one that holds now, and the chain of NSEC or NSEC3
// is closed. Keys are believed because the zone has them: a trust anchor is none of this. RFC 4035
// §2, §5.3; RFC 4034 §6; RFC 5155 §7.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/record.h"
#include "common/dns/soa.h"
#include "common/zone/denial_chain.h"
#include "common/zone/record_list.h"
#include "common/zone/signature.h"

namespace twinzone::zone {

enum class DnssecVerdict : std::uint8_t {
    not_signed,  // neither keys nor signatures at the apex
    verified,
    unknown  // signed, but by no algorithm that is known here
};
[[nodiscard]] std::string_view to_string(DnssecVerdict verdict) noexcept;

struct DnssecFindings {
    DnssecVerdict verdict = DnssecVerdict::not_signed;
    std::uint64_t signatures = 0;       // that were verified
    std::optional<UnixTime> first_end;  // when the first set of records is left without a signature
    std::string first_set{};            // "www.example.test. A": which that is
};

// What may stand at one owner: its records are looked at together.
inline constexpr std::size_t kMaxOwnerBytes = std::size_t{64} << 20;

// Signatures of one set times keys with their tag: an honest zone has a few, one that is made to
// keep verifiers busy has very many (CVE-2023-50387).
inline constexpr unsigned kMaxTries = 16;

// One use; not thread-safe.
class SignedZone {
  public:
    // Borrows the SOA for its life.
    SignedZone(const dns::SoaRecord& soa, UnixTime now) : soa_(soa), now_(now) {}

    // Requires: canonical order, no record twice, without the apex SOA; check_rdata() holds.
    // Errc::zone_unverified with owner, type and what is wrong; transfer_limit.
    [[nodiscard]] Result<void> add(const dns::RecordView& record);

    // After the last record.
    [[nodiscard]] Result<DnssecFindings> finish();

  private:
    using Set = std::vector<dns::RecordView>;

    [[nodiscard]] Result<void> judge_owner();
    [[nodiscard]] Result<void> judge_apex();
    [[nodiscard]] Result<void> judge_sets(dns::NameView owner);
    [[nodiscard]] Result<void> judge_set(const Set& set);
    [[nodiscard]] Result<UnixTime> judge_signature(const Signature& signature, const Set& set);
    void write_signed(const Signature& signature, const Set& set);
    void read_signatures();
    [[nodiscard]] bool is_occluded(dns::NameView owner) const;

    const dns::SoaRecord& soa_;
    UnixTime now_;
    DnssecFindings findings_;
    DenialChain chain_;
    std::vector<ZoneKey> keys_;
    RecordList owner_;                   // the records of the owner that is being read
    std::vector<Signature> signatures_;  // of it; borrow owner_
    std::optional<dns::Name> cut_;       // nothing below it is ours to sign
    bool apex_judged_ = false;
    unsigned tries_ = 0;  // of the set being judged
    Bytes signed_;        // what a signature is over
};

}  // namespace twinzone::zone
