// The files that `init` writes: our half of the configuration and the half of the server beside us.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/setup/plan.h"

namespace twinzone::setup {

struct SetupFile {
    std::string path;  // where it belongs
    std::string name;  // in a folder of all of them
    std::string text;  // begins with comments on what it is and what to do with it
    bool is_program = false;
};

// Ours first, then the server's in the order in which they are put in place.
[[nodiscard]] std::vector<SetupFile> files_of(const Plan& plan);

// All files one after the other; each begins with a line "# ---- PATH", by which they can be
// parted.
[[nodiscard]] std::string as_one_text(const std::vector<SetupFile>& files);
inline constexpr std::string_view kFileMark = "# ---- ";

// The parts of files_of().
[[nodiscard]] SetupFile twinzone_half(const Plan& plan);
[[nodiscard]] std::vector<SetupFile> bind_half(const Plan& plan);
[[nodiscard]] std::vector<SetupFile> nsd_half(const Plan& plan);
[[nodiscard]] std::vector<SetupFile> knot_half(const Plan& plan);
[[nodiscard]] std::vector<SetupFile> pdns_half(const Plan& plan);
[[nodiscard]] std::vector<SetupFile> coredns_half(const Plan& plan);

}  // namespace twinzone::setup
