#include "common/net/file_watcher.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

struct FileWatcher::Core {
    uv_fs_event_t handle{};
    OnChange on_change;
};

Result<std::unique_ptr<FileWatcher>> FileWatcher::watch(Loop& loop, const std::string& directory,
                                                        OnChange on_change) {
    std::unique_ptr<Core, StartClose> core{new Core};
    TWINZONE_ASSERT(uv_fs_event_init(loop.native(), &core->handle) == 0);
    core->handle.data = core.get();
    core->on_change = std::move(on_change);
    const int status = uv_fs_event_start(
        &core->handle,
        [](uv_fs_event_t* handle, const char* name, int, int) noexcept {
            auto& self = *static_cast<Core*>(handle->data);
            self.on_change(name == nullptr ? std::string_view{} : std::string_view{name});
        },
        directory.c_str(), 0);
    if (status != 0) {
        const Error reason = uv_error(status, fmt::format("watch {}", directory));
        return fail(Errc::file_unreadable, reason.detail());
    }
    return std::unique_ptr<FileWatcher>{new FileWatcher{std::move(core)}};
}

FileWatcher::FileWatcher(std::unique_ptr<Core, StartClose> core) noexcept
    : core_(std::move(core)) {}

FileWatcher::~FileWatcher() = default;

void FileWatcher::StartClose::operator()(Core* core) const noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(&core->handle),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
}

}  // namespace twinzone::net
