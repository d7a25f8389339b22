// Two contents compared, record by record, as streams: what `diff` and `verify` say. Memory does
// not grow with the zone.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/zone/record_stream.h"

namespace twinzone::service {

// A record of this class says that there is none: what a history step left behind (as RFC 2136
// §2.5.4 deletes).
inline constexpr dns::RrClass kAbsent = dns::RrClass::none;

// When two records that compare equal in canonical order are the same.
enum class Sameness : std::uint8_t {
    octets,  // TTL and every octet of the rdata: what makes a new version
    meaning  // TTL; names in rdata may differ in case, which servers keep or not
};

// One record that differs: only removed, only added, or both (TTL or case).
struct Change {
    std::optional<dns::RecordView> removed;
    std::optional<dns::RecordView> added;
};

// What leads from one content to the other. Borrows both streams, which are in canonical order.
// Not thread-safe; dead after an error.
class RecordChanges {
  public:
    RecordChanges(zone::RecordStream& from, zone::RecordStream& to, Sameness sameness)
        : from_(from), to_(to), sameness_(sameness) {}

    // The next change, valid until the next call; nullopt after the last. The streams' errors.
    [[nodiscard]] Result<std::optional<Change>> next();

  private:
    enum class Take : std::uint8_t { both, from, to };

    [[nodiscard]] Result<void> advance();
    [[nodiscard]] std::optional<Change> change() const;

    zone::RecordStream& from_;
    zone::RecordStream& to_;
    Sameness sameness_;
    Take taken_ = Take::both;  // of what stands below, what is used up
    std::optional<dns::RecordView> old_;
    std::optional<dns::RecordView> new_;
};

}  // namespace twinzone::service
