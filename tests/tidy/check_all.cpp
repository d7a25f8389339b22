// All rules over all files, and the few places that may break one.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "tests/tidy/rules.h"

namespace twinzone::tidy {

namespace {

struct Exception {
    std::string_view rule;
    std::string_view path;
    std::string_view why;
};

// Kept near empty: a line here is a debt with its reason.
constexpr Exception kExceptions[] = {
    {"core-purity", "common/zone/version_store.h",
     "the seam to the writer thread: a commit that waits for the disk must come back somehow"},
    {"banned-word", "common/observe/level.h",
     "the name of a log level, fixed by the configuration"},
};

bool is_excepted(const Finding& finding) {
    return std::any_of(std::begin(kExceptions), std::end(kExceptions), [&](const Exception& e) {
        return e.rule == finding.rule && e.path == finding.path;
    });
}

}  // namespace

Findings check_all(const std::vector<Source>& sources) {
    Findings all = check_tree(sources);
    for (const Source& source : sources) {
        for (const auto rule : {check_includes, check_core, check_sizes, check_words, check_text}) {
            Findings some = rule(source);
            all.insert(all.end(), std::make_move_iterator(some.begin()),
                       std::make_move_iterator(some.end()));
        }
    }
    std::erase_if(all, is_excepted);
    return all;
}

}  // namespace twinzone::tidy
