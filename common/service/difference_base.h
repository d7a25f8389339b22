// From which version a primary's differences may be believed. Primaries of one zone need not have
// one history: equal serials, even equal SOAs, do not prove equal content, and differences made for
// another content would mix the two. So differences are believed only from a version that came from
// the very primary that gives them, or that it was seen to hold by its digest (digest_option.h):
// the one in service, or an older one of the journal, to which the zone is taken back in the same
// commit. Where there is none, the whole zone is asked for.
//
// Serials come round (steps of 2^31-1): an older version is a base only while serials fall from the
// one in service back to it. One that is not older may have come again at the primary since, and
// the primary's differences would begin there, in another content.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/dns/soa.h"
#include "common/zone/diff.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// A version of ours that a primary answered it holds, digest and all.
struct ProvenVersion {
    std::uint32_t remote = 0;  // the Follower's number of it
    dns::Serial serial{0};
    zone::Digest digest;
};

struct DifferenceBase {
    dns::SoaRecord soa;
    std::size_t undo = 0;  // steps of the journal between it and the version in service
};

// Octets of the steps that are undone: they are held in memory. Beyond it an AXFR is as cheap.
inline constexpr std::uint64_t kMaxUndoneBytes = std::uint64_t{8} << 20;

// nullopt where no version that is known came from `remote` (an endpoint's text, as commits name
// it) or is the one that it was seen to hold (null: none was). A version of unknown source is
// believed to be everybody's. Errors are the store's.
[[nodiscard]] Result<std::optional<DifferenceBase>> find_base(
    const zone::Snapshot& snapshot, std::string_view remote, const ProvenVersion* proven = nullptr);

// `chain` leads on from the version `undo` steps before the snapshot's: one difference from the
// snapshot's version to where the chain ends. Errc::transfer_diverged where that is not so; errors
// of the store.
[[nodiscard]] Result<zone::Diff> rebase(const zone::Snapshot& snapshot, std::size_t undo,
                                        std::vector<zone::Diff> chain);

}  // namespace twinzone::service
