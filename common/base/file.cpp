#include "common/base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace twinzone {

namespace {

Errc code_of(int reason) noexcept {
    const bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
    return full ? Errc::disk_full : Errc::file_unreadable;
}

}  // namespace

File::File(int descriptor, std::string name) noexcept
    : descriptor_(descriptor), name_(std::move(name)) {}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

File::~File() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Failure File::failure(std::string_view doing, int reason) const {
    return fail(code_of(reason), fmt::format("{} {}: {}", doing, name_, std::strerror(reason)));
}

Result<File> File::open(const std::string& path) {
    // Not blocking: opening a pipe that nobody writes to must not stop the program.
    File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), path};
    if (file.descriptor_ < 0) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        return fail(missing ? Errc::not_found : Errc::file_unreadable,
                    fmt::format("{}: {}", path, std::strerror(errno)));
    }
    struct stat status {};
    if (::fstat(file.descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
        return fail(Errc::file_unreadable, fmt::format("{}: is not a regular file", path));
    }
    return file;
}

Result<File> File::make_unnamed(const std::string& directory) {
    const std::string name = "a temporary file";
    int descriptor = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        std::string path = directory + "/twinzone.XXXXXX";
        descriptor = mkostemp(path.data(), O_CLOEXEC);
        if (descriptor >= 0) {
            ::unlink(path.c_str());
        }
    }
    File file{descriptor, name};
    if (descriptor < 0) {
        return file.failure("making", errno);
    }
    return file;
}

Result<std::uint64_t> File::size() const {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) {
        return failure("looking at", errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t> File::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t count = ::pread(descriptor_, into.data() + done, into.size() - done,
                                      static_cast<off_t>(offset + done));
        if (count < 0 && errno != EINTR) {
            return failure("reading", errno);
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
    return done;
}

Result<void> File::write(std::uint64_t offset, ByteView octets) const {
    while (!octets.empty()) {
        const ssize_t count =
            ::pwrite(descriptor_, octets.data(), octets.size(), static_cast<off_t>(offset));
        if (count < 0 && errno != EINTR) {
            return failure("writing", errno);
        }
        const auto written = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        octets = octets.subspan(written);
        offset += written;
    }
    return {};
}

}  // namespace twinzone
