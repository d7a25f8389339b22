// tidy_tree ROOT: checks the project's own rules over its files. Prints every finding; 1 if any.
#include <cstdio>

#include <fmt/core.h>

#include "tests/tidy/rules.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: tidy_tree ROOT\n");
        return 2;
    }
    const std::vector<twinzone::tidy::Source> sources = twinzone::tidy::read_tree(argv[1]);
    const twinzone::tidy::Findings findings = twinzone::tidy::check_all(sources);
    for (const twinzone::tidy::Finding& finding : findings) {
        fmt::print("{}:{}: {} [{}]\n", finding.path, finding.line, finding.what, finding.rule);
    }
    fmt::print("{} files checked, {} findings\n", sources.size(), findings.size());
    return findings.empty() && !sources.empty() ? 0 : 1;
}
