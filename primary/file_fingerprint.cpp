#include "primary/file_fingerprint.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/stat.h>

#include <fmt/format.h>

#include "common/zone/digest.h"

namespace twinzone::primary {

namespace {

std::int64_t nanoseconds_of(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

template <std::size_t kCount>
std::uint64_t sum_of(const std::array<std::uint64_t, kCount>& numbers) noexcept {
    std::array<std::uint8_t, kCount * sizeof(std::uint64_t)> octets{};
    std::memcpy(octets.data(), numbers.data(), octets.size());
    return zone::Digest::of_octets(octets).low();
}

}  // namespace

Result<FileFingerprint> fingerprint(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        const int error = errno;
        return fail(error == ENOENT ? Errc::not_found : Errc::file_unreadable,
                    fmt::format("{}: {}", path, std::generic_category().message(error)));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(Errc::file_unreadable, fmt::format("{}: not a regular file", path));
    }
    return FileFingerprint{.device = status.st_dev,
                           .inode = status.st_ino,
                           .size = static_cast<std::uint64_t>(status.st_size),
                           .modified_ns = nanoseconds_of(status.st_mtim),
                           .changed_ns = nanoseconds_of(status.st_ctim)};
}

FileMark mark_of(const FileFingerprint& file) noexcept {
    const std::array<std::uint64_t, 5> all{file.device, file.inode, file.size,
                                           static_cast<std::uint64_t>(file.modified_ns),
                                           static_cast<std::uint64_t>(file.changed_ns)};
    const std::array<std::uint64_t, 2> which{file.device, file.inode};
    return {.all = sum_of(all), .which = static_cast<std::uint32_t>(sum_of(which))};
}

std::vector<std::optional<FileFingerprint>> fingerprints(const std::vector<std::string>& files) {
    std::vector<std::optional<FileFingerprint>> all;
    all.reserve(files.size());
    for (const std::string& file : files) {
        const Result<FileFingerprint> one = fingerprint(file);
        all.push_back(one ? std::optional{*one} : std::nullopt);
    }
    return all;
}

Result<SourceFingerprint> fingerprint(const std::string& file,
                                      const std::vector<std::string>& included) {
    const Result<FileFingerprint> own = fingerprint(file);
    if (!own) {
        return fail(own.error());
    }
    return SourceFingerprint{.file = *own, .included = fingerprints(included)};
}

}  // namespace twinzone::primary
