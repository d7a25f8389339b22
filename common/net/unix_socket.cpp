#include "common/net/unix_socket.h"

#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/net/acceptor.h"
#include "common/net/stream_core.h"
#include "common/net/unix_address.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

constexpr int kBacklog = 64;  // operators' commands, a few at once

// An open descriptor that is closed unless given away.
class Descriptor {
  public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

  private:
    int number_;
};

Failure failed(int error, const std::string& path) {
    const Error reason =
        uv_error(uv_translate_sys_error(error), fmt::format("control socket {}", path));
    return fail(Errc::network, reason.detail());
}

const sockaddr* generic(const sockaddr_un& address) noexcept {
    return reinterpret_cast<const sockaddr*>(&address);
}

// Removes what a dead process left at the path.
Result<void> make_room(const sockaddr_un& address, const std::string& path) {
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) {
        return errno == ENOENT ? Result<void>{} : failed(errno, path);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return fail(Errc::network, fmt::format("control socket {}: a file is in its place", path));
    }
    const Descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (probe.get() < 0) {
        return failed(errno, path);
    }
    // Only a refusal proves that no one listens; a full backlog (EAGAIN) or a lack of rights does
    // not.
    if (connect(probe.get(), generic(address), sizeof address) == 0 || errno != ECONNREFUSED) {
        return fail(Errc::network,
                    fmt::format("control socket {}: another process answers there", path));
    }
    return unlink(path.c_str()) == 0 ? Result<void>{} : failed(errno, path);
}

}  // namespace

// The file of a listening socket: removed at the end if it is still this one.
struct UnixListener::SocketFile {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;

    ~SocketFile() {
        struct stat found {};
        if (lstat(path.c_str(), &found) == 0 && found.st_dev == device && found.st_ino == inode) {
            unlink(path.c_str());
        }
    }
};

Result<std::unique_ptr<UnixListener>> UnixListener::listen(Loop& loop, const std::string& path,
                                                           mode_t mode, OnAccept on_accept) {
    const Result<sockaddr_un> address = unix_address(path);
    if (!address) {
        return fail(address.error());
    }
    if (Result<void> room = make_room(*address, path); !room) {
        return fail(std::move(room).error());
    }
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.get() < 0 || bind(socket.get(), generic(*address), sizeof *address) != 0) {
        return failed(errno, path);
    }
    auto file = std::make_unique<SocketFile>();
    file->path = path;
    struct stat made {};
    // The mode holds before listen(): until then connecting is refused to everyone.
    if (chmod(path.c_str(), mode) != 0 || lstat(path.c_str(), &made) != 0 ||
        ::listen(socket.get(), kBacklog) != 0) {
        const int error = errno;
        unlink(path.c_str());
        return failed(error, path);
    }
    file->device = made.st_dev;
    file->inode = made.st_ino;
    auto adopt = [&loop, give = std::move(on_accept)](int accepted, const sockaddr*) {
        Result<std::unique_ptr<UnixStream>> stream = UnixStream::adopt(loop, accepted);
        if (stream && give) {
            give(std::move(*stream));
        }
    };
    Result<std::unique_ptr<Acceptor>> acceptor =
        Acceptor::start(loop, socket.release(), {.on_accept = std::move(adopt), .on_error = {}});
    if (!acceptor) {
        return fail(std::move(acceptor).error());
    }
    return std::unique_ptr<UnixListener>{new UnixListener{std::move(file), std::move(*acceptor)}};
}

UnixListener::UnixListener(std::unique_ptr<SocketFile> file,
                           std::unique_ptr<Acceptor> acceptor) noexcept
    : file_(std::move(file)), acceptor_(std::move(acceptor)) {}

UnixListener::~UnixListener() = default;

Result<std::unique_ptr<UnixStream>> UnixStream::adopt(Loop& loop, int socket) {
    auto core = std::make_shared<Core>(loop);
    constexpr int passes_descriptors = 0;
    TWINZONE_ASSERT(uv_pipe_init(loop.native(), &core->handle.pipe, passes_descriptors) == 0);
    core->adopt_handle();
    std::unique_ptr<UnixStream> stream{new UnixStream{core}};
    if (const int status = uv_pipe_open(&core->handle.pipe, socket); status != 0) {
        ::close(socket);
        return fail(uv_error(status, "adopt"));
    }
    return stream;
}

UnixStream::UnixStream(std::shared_ptr<Core> core) noexcept : Stream(std::move(core)) {}

UnixStream::~UnixStream() = default;

}  // namespace twinzone::net
