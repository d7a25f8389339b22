// Looks at LMDB's file before LMDB does. LMDB trusts what it maps: a wrong page number or length in
// its trees ends the process. This walks the trees with plain reads and follows nothing that it has
// not checked. Knows the format of LMDB 0.9 (file format 1).
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace twinzone::store {

enum class CheckDepth : std::uint8_t {
    quick,  // what open() reads: free list, tables `meta`, `zones` and `owed`, roots of the others
    whole,  // every page that LMDB navigates by; the only way to see a page that is used twice
};

// Nothing for a file that is missing or empty. Errc::store_corrupt with the reason where LMDB must
// not be let near it; file_unreadable. Requires: nobody writes the file.
[[nodiscard]] Result<void> check_file(const std::string& path, CheckDepth depth);

}  // namespace twinzone::store
