// The rules of the design and the house style that compilers and clang-tidy cannot check. Each
// takes sources and returns what breaks it; none reads files.
#pragma once

#include <vector>

#include "tests/tidy/source.h"

namespace twinzone::tidy {

using Findings = std::vector<Finding>;

// include-direction: a folder includes only what the architecture's arrows allow.
// library-place: uv.h, lmdb.h, ldns and the like only in the folder that wraps them.
// own-header-first: a .cpp includes its own header before all others.
[[nodiscard]] Findings check_includes(const Source& source);

// core-purity: no clock, randomness, thread, environment, log, std::function or socket in the
// cores.
[[nodiscard]] Findings check_core(const Source& source);

// file-length (500 lines), function-length (70 lines), parameter-count is clang-tidy's.
[[nodiscard]] Findings check_sizes(const Source& source);

// banned-word: words the house does not use, as a part of an identifier.
[[nodiscard]] Findings check_words(const Source& source);

// unfinished: marks of work left undone, in any text file.
// pragma-once: every header has it.
[[nodiscard]] Findings check_text(const Source& source);

// in-cmake: every .cpp stands in a CMakeLists.txt at or above its folder.
// folder-readme: every folder with sources has a README.md.
[[nodiscard]] Findings check_tree(const std::vector<Source>& sources);

// Everything above over the whole tree, without what the exceptions table lets through.
[[nodiscard]] Findings check_all(const std::vector<Source>& sources);

}  // namespace twinzone::tidy
