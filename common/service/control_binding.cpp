#include "common/service/control_binding.h"

#include <filesystem>

#include <fmt/format.h>

namespace twinzone::service {

namespace {

// Owner and group of the service: the group is how operators are let in.
constexpr mode_t kSocketMode = 0660;

// Clients at one time; more wait for nothing good.
constexpr std::size_t kMaxSessions = 64;

}  // namespace

Result<std::unique_ptr<ControlBinding>> ControlBinding::listen(net::Loop& loop,
                                                               const control::ControlServer& server,
                                                               const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), error);
    if (error) {
        return fail(Errc::file_unreadable,
                    fmt::format("folder of the control socket {}: {}", path, error.message()));
    }
    std::unique_ptr<ControlBinding> binding{new ControlBinding{loop, server}};
    Result<std::unique_ptr<net::UnixListener>> listener = net::UnixListener::listen(
        loop, path, kSocketMode, [raw = binding.get()](std::unique_ptr<net::UnixStream> stream) {
            raw->accept(std::move(stream));
        });
    if (!listener) {
        return fail(std::move(listener).error());
    }
    binding->listener_ = std::move(*listener);
    return binding;
}

void ControlBinding::accept(std::unique_ptr<net::UnixStream> stream) {
    if (sessions_.size() >= kMaxSessions) {
        return;
    }
    const std::uint64_t id = ++last_session_;
    net::UnixStream& started = *stream;
    sessions_[id].stream = std::move(stream);
    started.start([this, id](std::span<std::uint8_t> bytes) { handle_read(id, bytes); },
                  [this, id](const Result<void>&) { sessions_.erase(id); });
}

void ControlBinding::handle_read(std::uint64_t id, std::span<const std::uint8_t> bytes) {
    Session& session = sessions_.at(id);
    if (session.state.broken()) {
        return;
    }
    const std::string answer = server_.handle_bytes(session.state, as_text(bytes));
    if (!answer.empty()) {
        session.stream->write(Bytes(answer.begin(), answer.end()));
    }
    if (session.state.broken()) {
        session.stream->shutdown();
    }
}

}  // namespace twinzone::service
