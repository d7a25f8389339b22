// Versions that are no more, from the journal: what a zone held at an older serial, and what
// changed between two of them. Any number of steps of any size, in bounded memory: what they
// touched goes through the store's sorter. Blocking, for the pool.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/dns/soa.h"
#include "common/zone/record_stream.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// A version by how many steps lead from it to the snapshot's; 0 is the snapshot's own.
struct VersionPlace {
    std::size_t back = 0;
    dns::SoaRecord soa;
};

// Errc::not_found, with a sentence for the operator, where the journal does not reach back so far.
[[nodiscard]] Result<VersionPlace> find_version(const zone::Snapshot& snapshot, dns::Serial serial);

// The latest version before the snapshot's. Errc::not_found where there is no history.
[[nodiscard]] Result<VersionPlace> version_before(const zone::Snapshot& snapshot,
                                                  const VersionPlace& place);

// All records of the version but the SOA, in canonical order. The snapshot must outlive the stream.
// `directory`: where the sorter spills.
[[nodiscard]] Result<std::unique_ptr<zone::RecordStream>> records_at(const zone::Snapshot& snapshot,
                                                                     const VersionPlace& place,
                                                                     const std::string& directory);

// The records that the steps between two versions touched, as they were at either end: with class
// kAbsent where they were not there. Input for RecordChanges.
struct Touched {
    std::unique_ptr<zone::RecordStream> before;
    std::unique_ptr<zone::RecordStream> after;
};

// Requires: from.back >= to.back.
[[nodiscard]] Result<Touched> touched_between(const zone::Snapshot& snapshot,
                                              const VersionPlace& from, const VersionPlace& to,
                                              const std::string& directory);

}  // namespace twinzone::service
