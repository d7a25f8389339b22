// What tells, without reading it, whether a file has changed: device, inode, size and times.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace twinzone::primary {

// Plain value.
struct FileFingerprint {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;  // since 1970
    std::int64_t changed_ns =
        0;  // of the inode: also moves where a tool sets the modification time back

    friend bool operator==(const FileFingerprint&, const FileFingerprint&) = default;
};

// The same in a few octets, for what is kept of very many files. What differs is told apart as well
// as 64 bits can.
struct FileMark {
    std::uint64_t all = 0;    // a sum over all of it
    std::uint32_t which = 0;  // over device and inode

    friend bool operator==(const FileMark&, const FileMark&) = default;
};
[[nodiscard]] FileMark mark_of(const FileFingerprint& file) noexcept;

// Errc::not_found or file_unreadable with path and reason; also for what is no regular file.
[[nodiscard]] Result<FileFingerprint> fingerprint(const std::string& path);

// A zone file with those that it includes.
struct SourceFingerprint {
    FileFingerprint file;
    std::vector<std::optional<FileFingerprint>> included;  // nullopt: not there

    friend bool operator==(const SourceFingerprint&, const SourceFingerprint&) = default;
};

// Errors as above, of `file` alone.
[[nodiscard]] Result<SourceFingerprint> fingerprint(const std::string& file,
                                                    const std::vector<std::string>& included);

[[nodiscard]] std::vector<std::optional<FileFingerprint>> fingerprints(
    const std::vector<std::string>& files);

}  // namespace twinzone::primary
