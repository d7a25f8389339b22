#include "common/service/control_binding.h"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <grp.h>

namespace twinzone::service {

namespace {

// Owner and group of the service: the group is how operators are let in.
constexpr mode_t kSocketMode = 0660;
// Until the file has its group.
constexpr mode_t kOwnerMode = 0600;

// Clients at one time; more wait for nothing good.
constexpr std::size_t kMaxSessions = 256;

std::string in_words(int error) {
    return std::generic_category().message(error);
}

std::optional<gid_t> group_id(const std::string& name) {
    std::vector<char> room(std::size_t{1} << 16);
    group entry{};
    group* found = nullptr;
    const int status = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
    return status == 0 && found != nullptr ? std::optional{entry.gr_gid} : std::nullopt;
}

Result<void> let_in(const std::string& path, const std::string& group) {
    const std::optional<gid_t> id = group_id(group);
    if (!id) {
        return fail(Errc::config_invalid, fmt::format("control: there is no group '{}'", group));
    }
    constexpr auto same_owner = static_cast<uid_t>(-1);
    if (::chown(path.c_str(), same_owner, *id) != 0 || ::chmod(path.c_str(), kSocketMode) != 0) {
        return fail(Errc::config_invalid,
                    fmt::format("control socket {}: cannot give it to group '{}': {}", path, group,
                                in_words(errno)));
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<ControlBinding>> ControlBinding::listen(net::Loop& loop,
                                                               const control::ControlServer& server,
                                                               const std::string& path,
                                                               const std::string& group) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), error);
    if (error) {
        return fail(Errc::file_unreadable,
                    fmt::format("folder of the control socket {}: {}", path, error.message()));
    }
    std::unique_ptr<ControlBinding> binding{new ControlBinding{loop, server}};
    Result<std::unique_ptr<net::UnixListener>> listener =
        net::UnixListener::listen(loop, path, group.empty() ? kSocketMode : kOwnerMode,
                                  [raw = binding.get()](std::unique_ptr<net::UnixStream> stream) {
                                      raw->accept(std::move(stream));
                                  });
    if (!listener) {
        return fail(std::move(listener).error());
    }
    binding->listener_ = std::move(*listener);
    if (!group.empty()) {
        if (Result<void> done = let_in(path, group); !done) {
            return fail(std::move(done).error());
        }
    }
    return binding;
}

void ControlBinding::accept(std::unique_ptr<net::UnixStream> stream) {
    if (sessions_.size() >= kMaxSessions) {
        return;
    }
    const std::uint64_t id = ++last_session_;
    net::UnixStream& started = *stream;
    Session& session = sessions_[id];
    session.stream = std::move(stream);
    session.conversation = std::make_unique<control::ControlSession>(
        server_, control::Channel{
                     .send =
                         [&started](const std::string& line, std::function<void()> on_written) {
                             started.write(Bytes(line.begin(), line.end()), std::move(on_written));
                         },
                     .end = [&started] { started.shutdown(); }});
    started.start(
        [conversation = session.conversation.get()](std::span<const std::uint8_t> bytes) {
            conversation->handle_bytes(as_text(bytes));
        },
        [this, id](const Result<void>&) { sessions_.erase(id); });
}

}  // namespace twinzone::service
