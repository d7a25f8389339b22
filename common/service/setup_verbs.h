// The verbs that get an operator started: `key new`, `init`, `completion`. They draw randomness,
// write files and ask the daemon for common/setup, which is pure.
#pragma once

#include <span>
#include <string>

#include "common/config/command_line.h"

namespace twinzone::service {

// Each prints to stdout, or to files where -o says so, and errors to stderr. Blocking.
[[nodiscard]] config::ExitCode make_key(config::Role role, const config::CommandLine& command_line);
[[nodiscard]] config::ExitCode init(config::Role role, const config::CommandLine& command_line);
[[nodiscard]] config::ExitCode show_completion(config::Role role,
                                               const config::CommandLine& command_line);

// What a completion script asks: `words` behind the word "__complete". Silent about everything that
// goes wrong.
void complete_words(config::Role role, std::span<const std::string> words);

}  // namespace twinzone::service
