// A file that is written beside another and takes its place when it is whole: whoever reads sees
// the old one or the new one, also after a crash.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace twinzone {

// Blocking. Not thread-safe.
class FileReplacement {
  public:
    // With the mode that any file of this process gets. Errc::file_unreadable with path and reason.
    [[nodiscard]] static Result<FileReplacement> create(const std::string& path);

    // The same, for the owner's eyes only.
    [[nodiscard]] static Result<FileReplacement> create_private(const std::string& path);

    // Without finish() nothing is left behind.
    ~FileReplacement();
    FileReplacement(FileReplacement&& other) noexcept;
    FileReplacement& operator=(FileReplacement&&) = delete;

    // Errc::disk_full, file_unreadable.
    [[nodiscard]] Result<void> append(std::string_view text);

    // Syncs it and puts it in its place. Call once.
    [[nodiscard]] Result<void> finish();

    // For who writes to it by other means.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    // Where it is until then.
    [[nodiscard]] const std::string& temporary_path() const noexcept { return temporary_; }

  private:
    FileReplacement(std::string path, std::string temporary, int descriptor)
        : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

    std::string path_;
    std::string temporary_;
    int descriptor_;
};

}  // namespace twinzone
