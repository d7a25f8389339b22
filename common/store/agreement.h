// Who must agree before a version goes into service: several primaries that share one history have
// each version written there first. The write transaction is ready and waits meanwhile, so what is
// agreed to is exactly what is committed; without agreement nothing of it is.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

// One version that a commit with Commit::shared is about to put into service.
struct Proposal {
    dns::Name zone;
    std::optional<zone::Version> before;  // in service now
    zone::Version version;
    std::string source;
    std::vector<Bytes> steps;  // pages of the differences that lead to it (zone/diff_pages.h);
                               // empty: nothing but the content tells what it has
    std::unique_ptr<zone::PageCursor> content;  // all its pages; good during the call alone
};

// Called on the writer thread. It may block, and other commits wait so long; it must return once
// the store is to be closed. An error is the error of every commit among the proposals, unless a
// try one by one goes better. Errc::store_io is not among them.
using Agree = std::function<Result<void>(std::span<Proposal>)>;

}  // namespace twinzone::store
