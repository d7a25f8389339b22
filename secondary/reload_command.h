// The command that has a server read a zone's file anew.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/net/child_process.h"

namespace twinzone::secondary {

// Program and operands; empty where nothing is run (none, CoreDNS). The zone is named without the
// closing dot, the root as ".", and so that no program takes it for an option. In the words of
// ReloadKind::command "%s" is the zone, "%f" its file and "%%" a percent sign.
[[nodiscard]] std::vector<std::string> reload_words(const config::Output& output,
                                                    const dns::Name& zone);

// The words as one would type them, for log and status.
[[nodiscard]] std::string to_line(const std::vector<std::string>& words);

// With a plain environment and the output's time limit. Requires: `words` is not empty.
[[nodiscard]] net::ChildCommand reload_command(std::vector<std::string> words,
                                               const config::Output& output);

// "`rndc reload example.test`: exit code 1: rndc: 'reload' failed: not found", in one line.
[[nodiscard]] std::string in_words(const std::string& line, const net::ChildEnd& end);

// Whether the program is there and may be run; looked for as reload_command() would.
[[nodiscard]] bool is_runnable(const std::string& program);

}  // namespace twinzone::secondary
