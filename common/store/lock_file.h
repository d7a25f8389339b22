// One process a store: DIR/twinzone.lock, held with flock(2). The file stays; what counts is the
// lock, which the kernel drops when the holder ends, however it ends. Its text says who holds it,
// and how often in a row a holder ended without closing the store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace twinzone::store {

class LockFile {
  public:
    // Errc::store_locked with the holder's program and process id; file_unreadable; disk_full.
    [[nodiscard]] static Result<std::shared_ptr<LockFile>> acquire(const std::string& directory,
                                                                   std::string_view program);

    // For one who only reads: keeps every holder out without writing a thing. Null where nobody has
    // ever held the store. Errc::store_locked, file_unreadable.
    [[nodiscard]] static Result<std::shared_ptr<const LockFile>> share(
        const std::string& directory);

    // Unlocks.
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

    // Holders before us, in a row, that did not mark_clean().
    [[nodiscard]] std::uint32_t unclean_ends() const noexcept { return unclean_ends_; }

    // The store is closed in good order (or was just checked throughout).
    void mark_clean() noexcept;

  private:
    LockFile(int descriptor, std::string_view program, std::uint32_t unclean_ends);

    Result<void> write(std::uint32_t unclean_ends) noexcept;

    int descriptor_;
    std::string program_;
    std::uint32_t unclean_ends_;
};

}  // namespace twinzone::store
