// Completion of words for shells. The shells' scripts are a few lines: they ask the program itself
// ("__complete" and the words so far), which knows its table of verbs and can ask its daemon.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/config/command_line.h"

namespace twinzone::setup {

inline constexpr std::string_view kCompleteWord = "__complete";

// The script for "bash", "zsh" or "fish". Errc::usage with what there is.
[[nodiscard]] Result<std::string> completion_script(std::string_view shell, config::Role role);

struct Candidate {
    std::string word;
    std::string help;

    friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct Completion {
    std::vector<Candidate> candidates;  // that begin with the last word
    bool zones = false;                 // names of zones as well
    bool files = false;                 // names of files as well
    // Where the words say that the daemon is: -c, --control, --store.
    config::CommandLine daemon;
};

// What may stand where the last of `words` does (it may be empty). `words` without the program's
// name.
[[nodiscard]] Completion complete(std::span<const std::string> words, config::Role role);

// What a script reads: a line "WORD\tHELP" each, and ":files" where names of files go, too.
[[nodiscard]] std::string completion_text(const Completion& completion);

}  // namespace twinzone::setup
