#include "common/net/child_process.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/net/timer.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

// The program has ended and something that it left in the background keeps its output open: time
// for what is in the pipe already.
constexpr Duration kDrainTime = milliseconds{200};

// The kernel's and libuv's vectors of words are of char* that nobody writes to.
std::vector<char*> words_of(const std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (const std::string& word : words) {
        pointers.push_back(const_cast<char*>(word.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

Error spawn_error(int status, const std::string& program) {
    const Error reason = uv_error(status, fmt::format("run {}", program));
    const bool is_missing = status == UV_ENOENT || status == UV_EACCES || status == UV_ENOTDIR;
    return Error{is_missing ? Errc::not_found : Errc::network, reason.detail()};
}

}  // namespace

std::string to_text(const ChildEnd& end) {
    switch (end.how) {
        case ChildEnd::How::exited: return fmt::format("exit code {}", end.exit_code);
        case ChildEnd::How::killed: return fmt::format("killed by signal {}", end.signal);
        case ChildEnd::How::timed_out: return "no end in time";
    }
    TWINZONE_UNREACHABLE();
}

struct ChildProcess::Core {
    explicit Core(Loop& loop) : timer(std::in_place, loop) {}

    [[nodiscard]] int spawn(Loop& loop, const ChildCommand& command);
    [[nodiscard]] int open_output(Loop& loop, int read_end);
    void kill_group() noexcept;
    void on_time_over();
    void on_exit(std::int64_t exit_code, int signal);
    void on_output(ssize_t size, const char* bytes);
    void tell_if_over();

    void close(uv_handle_t* handle) noexcept;

    uv_process_t process{};
    uv_pipe_t output{};
    std::optional<Timer> timer;  // goes before the core does
    std::size_t output_limit = 0;
    OnEnd on_end;
    ChildEnd end;
    bool has_process = false;  // handle initialised
    bool has_output = false;   // handle initialised
    bool is_running = false;
    bool is_reading = false;
    int closing = 0;  // handles that libuv has not closed yet
};

int ChildProcess::Core::open_output(Loop& loop, int read_end) {
    TWINZONE_ASSERT(uv_pipe_init(loop.native(), &output, 0) == 0);
    output.data = this;
    has_output = true;
    const int opened = uv_pipe_open(&output, read_end);
    if (opened != 0) {
        ::close(read_end);
        return opened;
    }
    is_reading = true;
    return uv_read_start(
        reinterpret_cast<uv_stream_t*>(&output),
        [](uv_handle_t* reader, std::size_t, uv_buf_t* buffer) noexcept {
            *buffer = uv_buf_init(read_buffer(reader), Stream::kMaxReadBytes);
        },
        [](uv_stream_t* reader, ssize_t size, const uv_buf_t* buffer) noexcept {
            static_cast<Core*>(reader->data)->on_output(size, buffer->base);
        });
}

int ChildProcess::Core::spawn(Loop& loop, const ChildCommand& command) {
    // One pipe for both of the program's outputs keeps their order.
    uv_file ends[2] = {-1, -1};
    const int made = uv_pipe(ends, UV_NONBLOCK_PIPE, 0);
    if (made != 0) {
        return made;
    }
    const int opened = open_output(loop, ends[0]);
    if (opened != 0) {
        ::close(ends[1]);
        return opened;
    }
    std::vector<char*> argv = words_of(command.argv);
    std::vector<char*> environment = words_of(command.environment);
    uv_stdio_container_t stdio[3] = {};
    stdio[0].flags = UV_IGNORE;  // /dev/null
    for (int fd = 1; fd <= 2; ++fd) {
        stdio[fd].flags = UV_INHERIT_FD;
        stdio[fd].data.fd = ends[1];
    }
    uv_process_options_t options{};
    options.file = argv.front();
    options.args = argv.data();
    options.env = environment.data();
    options.flags = UV_PROCESS_DETACHED;  // setsid(): also a process group of its own
    options.stdio_count = 3;
    options.stdio = stdio;
    options.exit_cb = [](uv_process_t* child, std::int64_t exit_code, int signal) noexcept {
        static_cast<Core*>(child->data)->on_exit(exit_code, signal);
    };
    process.data = this;
    has_process = true;
    const int spawned = uv_spawn(loop.native(), &process, &options);
    ::close(ends[1]);
    is_running = spawned == 0;
    return spawned;
}

void ChildProcess::Core::kill_group() noexcept {
    ::kill(-process.pid, SIGKILL);
}

void ChildProcess::Core::on_time_over() {
    if (is_running) {
        end.how = ChildEnd::How::timed_out;
        kill_group();
        return;  // on_exit() follows
    }
    // Only the pipe was waited for.
    is_reading = false;
    tell_if_over();
}

void ChildProcess::Core::on_exit(std::int64_t exit_code, int signal) {
    is_running = false;
    if (end.how != ChildEnd::How::timed_out) {
        end.how = signal == 0 ? ChildEnd::How::exited : ChildEnd::How::killed;
        end.exit_code = static_cast<int>(exit_code);
        end.signal = signal;
    }
    timer->arm_after(kDrainTime, [this] { on_time_over(); });
    tell_if_over();
}

void ChildProcess::Core::on_output(ssize_t size, const char* bytes) {
    if (size < 0) {
        is_reading = false;
        uv_read_stop(reinterpret_cast<uv_stream_t*>(&output));
        tell_if_over();
        return;
    }
    const auto count = static_cast<std::size_t>(size);
    const std::size_t kept = std::min(count, output_limit - end.output.size());
    end.output.append(bytes, kept);
    end.output_is_cut = end.output_is_cut || kept < count;
}

void ChildProcess::Core::tell_if_over() {
    if (is_running || is_reading) {
        return;
    }
    timer->cancel();
    uv_read_stop(reinterpret_cast<uv_stream_t*>(&output));
    // Moved out first: the call may destroy this process.
    const OnEnd told = std::exchange(on_end, nullptr);
    const ChildEnd how = std::move(end);
    if (told) {
        told(how);
    }
}

void ChildProcess::Core::close(uv_handle_t* handle) noexcept {
    ++closing;
    uv_close(handle, [](uv_handle_t* closed) noexcept {
        auto* core = static_cast<Core*>(closed->data);
        if (--core->closing == 0) {
            delete core;
        }
    });
}

void ChildProcess::StartClose::operator()(Core* core) const noexcept {
    core->on_end = nullptr;
    if (core->is_running) {
        core->kill_group();
        // libuv waits for a child only while its handle is open.
        ::waitpid(core->process.pid, nullptr, 0);
    }
    if (!core->has_output) {
        delete core;
        return;
    }
    core->timer.reset();
    core->close(reinterpret_cast<uv_handle_t*>(&core->output));
    if (core->has_process) {
        core->close(reinterpret_cast<uv_handle_t*>(&core->process));
    }
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Loop& loop, const ChildCommand& command,
                                                          OnEnd on_end) {
    TWINZONE_ASSERT(!command.argv.empty());
    Owned core{new Core{loop}};
    core->output_limit = command.output_limit;
    core->on_end = std::move(on_end);
    const int status = core->spawn(loop, command);
    if (status != 0) {
        return fail(spawn_error(status, command.argv.front()));
    }
    core->timer->arm_after(command.time_limit, [raw = core.get()] { raw->on_time_over(); });
    return std::unique_ptr<ChildProcess>{new ChildProcess{std::move(core)}};
}

ChildProcess::ChildProcess(Owned core) noexcept : core_(std::move(core)) {}

ChildProcess::~ChildProcess() = default;

}  // namespace twinzone::net
