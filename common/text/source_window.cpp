#include "common/text/source_window.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/text/octets16.h"

namespace twinzone::text {

namespace {

constexpr int kMemory = -1;

Failure fail_open(const std::string& path, std::string_view reason, int code) {
    const bool missing = code == ENOENT || code == ENOTDIR;
    return fail(missing ? Errc::not_found : Errc::file_unreadable,
                fmt::format("{}: {}", path, reason));
}

}  // namespace

Result<SourceWindow> SourceWindow::open(const std::string& path) {
    // Not blocking: opening a pipe that nobody writes to must not stop the program.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        const int code = errno;
        return fail_open(path, std::strerror(code), code);
    }
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(fd);
        return fail_open(path, "is not a regular file", 0);
    }
    return SourceWindow{fd, {}, static_cast<std::size_t>(status.st_size)};
}

SourceWindow SourceWindow::over(std::string_view text) {
    return SourceWindow{kMemory, text, text.size()};
}

// One octet more than expected, so that the end is seen without growing.
SourceWindow::SourceWindow(int fd, std::string_view text, std::size_t expected)
    : fd_(fd),
      memory_(text),
      capacity_(std::min(expected + 1, kWindowBytes)),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_ + kTextPadding)),
      at_(buffer_.get()),
      end_(buffer_.get()) {
    put_padding();
}

SourceWindow::SourceWindow(SourceWindow&& other) noexcept
    : fd_(std::exchange(other.fd_, kMemory)),
      memory_(other.memory_),
      capacity_(other.capacity_),
      buffer_(std::move(other.buffer_)),
      at_(other.at_),
      end_(other.end_),
      exhausted_(other.exhausted_) {}

SourceWindow::~SourceWindow() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void SourceWindow::put_padding() noexcept {
    std::memset(end_, 0, kTextPadding);
}

int SourceWindow::fill(std::size_t least) {
    if (exhausted_ || text().size() >= least) [[likely]] {
        return 0;
    }
    while (!exhausted_ && text().size() < least) {
        make_room();
        while (!exhausted_ && end_ != buffer_.get() + capacity_) {
            if (const int code = read_more(); code != 0) {
                return code;
            }
        }
    }
    return 0;
}

// Moves what is left to the front. A window sized for a small file that has grown since becomes
// whole.
void SourceWindow::make_room() {
    const std::size_t left = text().size();
    if (left == capacity_) {
        auto larger = std::make_unique_for_overwrite<char[]>(kWindowBytes + kTextPadding);
        std::memcpy(larger.get(), at_, left);
        buffer_ = std::move(larger);
        capacity_ = kWindowBytes;
    } else {
        std::memmove(buffer_.get(), at_, left);
    }
    at_ = buffer_.get();
    end_ = buffer_.get() + left;
    put_padding();
}

int SourceWindow::read_more() {
    const std::size_t room = static_cast<std::size_t>(buffer_.get() + capacity_ - end_);
    std::size_t count = 0;
    if (fd_ == kMemory) {
        count = std::min(room, memory_.size());
        std::copy_n(memory_.data(), count, end_);
        memory_.remove_prefix(count);
    } else {
        const ssize_t got = ::read(fd_, end_, room);
        if (got < 0) {
            return errno == EINTR ? 0 : errno;
        }
        count = static_cast<std::size_t>(got);
    }
    exhausted_ = count == 0;
    end_ += count;
    put_padding();
    return 0;
}

}  // namespace twinzone::text
