#include "common/text/include_path.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace twinzone::text {

namespace {

namespace fs = std::filesystem;

Failure fail_path(const std::string& path, const std::error_code& code) {
    const bool missing = code == std::errc::no_such_file_or_directory;
    return fail(missing ? Errc::not_found : Errc::file_unreadable,
                fmt::format("{}: {}", path, code.message()));
}

bool lies_in(const fs::path& path, const fs::path& root) {
    auto at = path.begin();
    for (const fs::path& part : root) {
        if (part.empty()) {
            continue;  // behind a closing slash
        }
        if (at == path.end() || *at != part) {
            return false;
        }
        ++at;
    }
    return true;
}

}  // namespace

std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
}

Result<std::string> include_path(const std::string& name, const std::string& base_dir,
                                 const std::string& root_dir) {
    const fs::path path = fs::path{base_dir} / name;
    if (root_dir.empty()) {
        return path.string();
    }
    std::error_code code;
    const fs::path root = fs::canonical(root_dir, code);
    if (code) {
        return fail_path(root_dir, code);
    }
    fs::path real = fs::canonical(path, code);
    if (code) {
        return fail_path(path.string(), code);
    }
    if (!lies_in(real, root)) {
        return fail(Errc::zone_file_content,
                    fmt::format("{} lies outside {}", path.string(), root_dir));
    }
    return real.string();
}

}  // namespace twinzone::text
