// Judges a version by its content before it may be published: in one pass over its records, with
// memory that does not grow with the zone. RFC 8976 §4, RFC 4035.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/soa.h"
#include "common/zone/digest.h"
#include "common/zone/signed_zone.h"
#include "common/zone/zonemd.h"

namespace twinzone::zone {

struct CheckWanted {
    bool zonemd = false;               // one that is there must be right
    bool zonemd_is_must = false;       // and there must be one
    std::optional<UnixTime> dnssec{};  // signatures must hold at this moment
};

enum class CheckKind : std::uint8_t { zonemd, dnssec };

struct CheckFindings {
    Digest digest;              // of the version that was judged
    std::uint64_t records = 0;  // the SOA included
    ZonemdVerdict zonemd = ZonemdVerdict::absent;
    std::string zonemd_hash{};               // of a valid one
    std::optional<DnssecFindings> dnssec{};  // where it was wanted
};

// One use; not thread-safe.
class ContentCheck {
  public:
    // Borrows the SOA for its life.
    ContentCheck(const dns::SoaRecord& soa, const CheckWanted& wanted);

    // Requires: canonical order (record_list.h), no record twice, without the apex SOA.
    // Errc::zone_unverified.
    [[nodiscard]] Result<void> add(const dns::RecordView& record);

    // After the last record. Errc::zone_unverified with what does not hold.
    [[nodiscard]] Result<CheckFindings> finish();

    // What the last error was of.
    [[nodiscard]] CheckKind at_fault() const noexcept { return at_fault_; }

  private:
    [[nodiscard]] Result<void> finish_zonemd();

    const dns::SoaRecord& soa_;
    CheckWanted wanted_;
    CheckFindings findings_;
    std::optional<ZonemdDigester> digester_;
    std::optional<SignedZone> signatures_;
    bool behind_apex_ = false;
    CheckKind at_fault_ = CheckKind::dnssec;
};

}  // namespace twinzone::zone
