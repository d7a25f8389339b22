// The chain of NSEC or NSEC3 records of a zone: each names the next, the last the first, and what
// an NSEC says of its owner's types is so. RFC 4034 §4, RFC 4035 §2.3, RFC 5155 §7.1.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/dns/record.h"

namespace twinzone::zone {

// Fed owner by owner in canonical order. One use; not thread-safe.
class DenialChain {
  public:
    // What stands at the apex says which chain the zone has. Borrowed for the call.
    void begin(dns::NameView apex, const std::vector<dns::RecordView>& at_apex);

    // All records of one owner, of which the zone has the word (nothing below a delegation).
    // `is_cut`: a delegation. Errc::zone_unverified.
    [[nodiscard]] Result<void> add(dns::NameView owner, const std::vector<dns::RecordView>& records,
                                   bool is_cut);

    // After the last owner.
    [[nodiscard]] Result<void> finish() const;

  private:
    [[nodiscard]] Result<void> add_nsec(dns::NameView owner,
                                        const std::vector<dns::RecordView>& records, bool is_cut);
    [[nodiscard]] Result<void> add_nsec3(dns::NameView owner, const dns::RecordView& record);

    dns::Name apex_;
    bool has_nsec_ = false;
    std::optional<dns::Name> next_;  // that the last NSEC names
    Bytes nsec3_param_;              // hash, iterations and salt of the chain; empty: no NSEC3
    std::optional<Bytes> first_hash_;
    Bytes next_hash_;
};

}  // namespace twinzone::zone
