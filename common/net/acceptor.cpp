#include "common/net/acceptor.h"

#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "common/net/timer.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

// Connections accepted in one turn of the loop, so that a flood of them leaves time for the rest.
constexpr int kMaxAcceptsPerTurn = 64;

// How long a listener waits after accept() failed for want of descriptors or memory.
constexpr milliseconds kPauseAfterFailure{100};

// Errors of one connection that died while it waited, which accept(2) reports in its place.
bool is_about_one_connection(int error) noexcept {
    switch (error) {
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH: return true;
        default: return false;
    }
}

int open_spare() noexcept {
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

struct Acceptor::Core {
    uv_poll_t poll{};
    int socket = -1;
    int spare = -1;  // given up for a moment to shed a connection when descriptors are used up
    std::optional<Timer> pause;
    Events events;

    ~Core() {
        if (spare >= 0) {
            ::close(spare);
        }
    }

    [[nodiscard]] bool is_closing() const noexcept {
        return uv_is_closing(reinterpret_cast<const uv_handle_t*>(&poll)) != 0;
    }
    void listen_on();
    void accept_some();
    void back_off(int error);
    void shed_one() noexcept;
};

Result<std::unique_ptr<Acceptor>> Acceptor::start(Loop& loop, int socket, Events events) {
    auto core = std::make_unique<Core>();
    const int status = uv_poll_init(loop.native(), &core->poll, socket);
    if (status != 0) {
        ::close(socket);
        return fail(uv_error(status, "poll"));
    }
    core->poll.data = core.get();
    core->socket = socket;
    core->spare = open_spare();
    core->pause.emplace(loop);
    core->events = std::move(events);
    core->listen_on();
    return std::unique_ptr<Acceptor>{
        new Acceptor{std::unique_ptr<Core, StartClose>{core.release()}}};
}

Acceptor::Acceptor(std::unique_ptr<Core, StartClose> core) noexcept : core_(std::move(core)) {}

Acceptor::~Acceptor() = default;

void Acceptor::StartClose::operator()(Core* core) const noexcept {
    core->pause.reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&core->poll),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
    ::close(core->socket);  // at once, so that the address is free for a successor
}

void Acceptor::Core::listen_on() {
    const int status = uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
        static_cast<Core*>(handle->data)->accept_some();
    });
    TWINZONE_ASSERT(status == 0);
}

void Acceptor::Core::accept_some() {
    for (int i = 0; i < kMaxAcceptsPerTurn && !is_closing(); ++i) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        const int accepted = accept4(socket, reinterpret_cast<sockaddr*>(&peer), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            events.on_accept(accepted, reinterpret_cast<const sockaddr*>(&peer));
            continue;
        }
        const int error = errno;
        if (error == EAGAIN) {
            return;
        }
        if (!is_about_one_connection(error)) {
            back_off(error);
            return;
        }
    }
}

void Acceptor::Core::back_off(int error) {
    if (error == EMFILE || error == ENFILE) {
        shed_one();
    }
    uv_poll_stop(&poll);
    pause->arm_after(kPauseAfterFailure, [this] { listen_on(); });
    if (events.on_error) {
        events.on_error(uv_error(uv_translate_sys_error(error), "accept"));
    }
}

// Lets the longest-waiting peer see a closed connection instead of silence, so that it can turn to
// another server.
void Acceptor::Core::shed_one() noexcept {
    if (spare >= 0) {
        ::close(spare);
    }
    const int accepted = accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0) {
        ::close(accepted);
    }
    spare = open_spare();
}

}  // namespace twinzone::net
