// `check --explain`: what a configuration means for a zone, in words an operator can check against
// what was meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"

namespace twinzone::service {

// One thing that will happen with a zone.
struct Sentence {
    std::string_view about;  // "source", "check", "guard", "serial", "told", "transfer", …
    std::string text;
};

// `config` has the zone, or a folder where it lies.
[[nodiscard]] std::vector<Sentence> explain(const config::Zone& zone, const config::Config& config);

// The zone's name and a line for each sentence below it.
[[nodiscard]] std::string explanation_text(const config::Zone& zone, const config::Config& config);

// {"zone":"…","source":"…",…}
[[nodiscard]] std::string explanation_json(const config::Zone& zone, const config::Config& config);

}  // namespace twinzone::service
