// Looks at a store before it is opened. LMDB trusts what it reads: a damaged file may end the
// process that walks it. So the walk is done by a child process first, and its end is the verdict.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace twinzone::store {

enum class ProbeDepth : std::uint8_t {
    quick,  // all that open() reads: the zones, the free list, the ends of every table
    whole,  // every page and every value of the file
};

// Requires: the directory is locked, and its store open nowhere. Nothing for a directory without
// one. Errc::store_corrupt with the reason where the store must not be opened. A file that is short
// of pages that nothing refers to is mended (LMDB may leave free pages at the end unwritten).
[[nodiscard]] Result<void> probe(const std::string& directory, ProbeDepth depth);

}  // namespace twinzone::store
