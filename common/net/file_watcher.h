// Tells that files of one directory changed (inotify). A hint to look, not a promise: changes may
// be told more than once, and network file systems tell nothing, so that the owner also looks by
// itself from time to time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/loop.h"

namespace twinzone::net {

// It watches the directory and not its files: an editor that replaces a file by rename is seen. The
// loop outlives it. May be destroyed within its callback.
class FileWatcher {
  public:
    // `name`: the file within the directory, or the directory's own last part when it changed
    // itself; borrowed for the call, empty when not known.
    using OnChange = std::function<void(std::string_view name)>;

    // Errc::file_unreadable with the path when the directory cannot be watched.
    [[nodiscard]] static Result<std::unique_ptr<FileWatcher>> watch(Loop& loop,
                                                                    const std::string& directory,
                                                                    OnChange on_change);

    FileWatcher(const FileWatcher&) = delete;
    FileWatcher& operator=(const FileWatcher&) = delete;
    ~FileWatcher();

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    explicit FileWatcher(std::unique_ptr<Core, StartClose> core) noexcept;

    std::unique_ptr<Core, StartClose> core_;
};

}  // namespace twinzone::net
