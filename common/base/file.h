// A regular file, read and written at offsets.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace twinzone {

// Owns one descriptor. Several threads may read and write at places that do not overlap. Blocking.
class File {
  public:
    // To be read. Errc::not_found; file_unreadable, also for what is no regular file.
    [[nodiscard]] static Result<File> open(const std::string& path);

    // On the file system of `directory`, without a name: it is gone with this object.
    // Errc::disk_full, file_unreadable.
    [[nodiscard]] static Result<File> make_unnamed(const std::string& directory);

    File(File&& other) noexcept;
    File& operator=(File&&) = delete;
    ~File();

    // Octets that it has now. Errc::file_unreadable.
    [[nodiscard]] Result<std::uint64_t> size() const;

    // Reads from `offset` on until `into` is full or the file ends; returns the octets read.
    // Errc::file_unreadable.
    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset,
                                           std::span<std::uint8_t> into) const;

    // Errc::disk_full, file_unreadable.
    [[nodiscard]] Result<void> write(std::uint64_t offset, ByteView octets) const;

  private:
    File(int descriptor, std::string name) noexcept;

    [[nodiscard]] Failure failure(std::string_view doing, int reason) const;

    int descriptor_;
    std::string name_;  // for errors
};

}  // namespace twinzone
