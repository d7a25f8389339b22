#include "common/setup/halves.h"

#include <iterator>

#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::setup {

namespace {

std::vector<SetupFile> server_half(const Plan& plan) {
    switch (plan.server) {
        case Server::bind: return bind_half(plan);
        case Server::nsd: return nsd_half(plan);
        case Server::knot: return knot_half(plan);
        case Server::pdns: return pdns_half(plan);
        case Server::coredns: return coredns_half(plan);
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace

std::vector<SetupFile> files_of(const Plan& plan) {
    std::vector<SetupFile> files = {twinzone_half(plan)};
    for (SetupFile& file : server_half(plan)) {
        files.push_back(std::move(file));
    }
    return files;
}

std::string as_one_text(const std::vector<SetupFile>& files) {
    std::string out;
    for (const SetupFile& file : files) {
        fmt::format_to(std::back_inserter(out), "{}{}{}\n{}", out.empty() ? "" : "\n", kFileMark,
                       file.path, file.text);
    }
    return out;
}

}  // namespace twinzone::setup
