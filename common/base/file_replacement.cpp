#include "common/base/file_replacement.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace twinzone {

namespace {

Failure failed(const std::string& path, std::string_view what) {
    const int error = errno;
    return fail(error == ENOSPC || error == EDQUOT ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{}: {}: {}", path, what, std::generic_category().message(error)));
}

// What others may do with a new file, as for any that this process makes.
mode_t usual_mode() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

void sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    const int fd =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        ::fsync(fd);
        ::close(fd);
    }
}

}  // namespace

Result<FileReplacement> FileReplacement::create(const std::string& path) {
    Result<FileReplacement> made = create_private(path);
    if (made) {
        ::fchmod(made->descriptor_, usual_mode());
    }
    return made;
}

Result<FileReplacement> FileReplacement::create_private(const std::string& path) {
    std::string temporary = fmt::format("{}.XXXXXX", path);
    const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor < 0) {
        return failed(path, "cannot be written");
    }
    return FileReplacement{path, std::move(temporary), descriptor};
}

FileReplacement::FileReplacement(FileReplacement&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

FileReplacement::~FileReplacement() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

Result<void> FileReplacement::append(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            return failed(path_, "cannot be written");
        }
    }
    return {};
}

Result<void> FileReplacement::finish() {
    if (::fsync(descriptor_) != 0 || ::close(std::exchange(descriptor_, -1)) != 0) {
        return failed(path_, "cannot be written");
    }
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return failed(path_, "cannot be put in place");
    }
    temporary_.clear();
    sync_folder_of(path_);
    return {};
}

}  // namespace twinzone
