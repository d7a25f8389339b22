#include "common/store/lock_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

namespace twinzone::store {

namespace {

constexpr std::size_t kMaxTextBytes = 512;
constexpr const char* kFile = "/twinzone.lock";

// The file as lines "word value".
struct Holder {
    std::string program = "a process";
    std::string pid = "?";
    std::uint32_t unclean_ends = 0;
};

std::string read_start(int descriptor) {
    std::array<char, kMaxTextBytes> text{};
    const ssize_t count = pread(descriptor, text.data(), text.size(), 0);
    return {text.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

// What the line that begins with `word` goes on with; empty where there is none.
std::string_view value_of(std::string_view text, std::string_view word) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (line.starts_with(word) && line.substr(word.size()).starts_with(' ')) {
            return line.substr(word.size() + 1);
        }
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return {};
}

Holder read_holder(int descriptor) {
    const std::string text = read_start(descriptor);
    Holder holder;
    if (const std::string_view program = value_of(text, "program"); !program.empty()) {
        holder.program = program;
    }
    if (const std::string_view pid = value_of(text, "pid"); !pid.empty()) {
        holder.pid = pid;
    }
    const std::string_view ends = value_of(text, "unclean-ends");
    std::from_chars(ends.data(), ends.data() + ends.size(), holder.unclean_ends);
    return holder;
}

std::string boot_id() {
    const int descriptor = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return "?";
    }
    std::string text = read_start(descriptor);
    ::close(descriptor);
    text.resize(std::min(text.find('\n'), text.size()));
    return text;
}

// Takes the lock without waiting; closes the file where it cannot.
Result<void> lock(int descriptor, int mode, const std::string& directory) {
    if (flock(descriptor, mode | LOCK_NB) == 0) {
        return {};
    }
    const int reason = errno;
    const Holder holder = read_holder(descriptor);
    ::close(descriptor);
    if (reason == EWOULDBLOCK) {
        return fail(Errc::store_locked, fmt::format("{} is in use by {}, process {}", directory,
                                                    holder.program, holder.pid));
    }
    return fail(Errc::file_unreadable,
                fmt::format("{}{}: {}", directory, kFile, std::strerror(reason)));
}

}  // namespace

Result<std::shared_ptr<LockFile>> LockFile::acquire(const std::string& directory,
                                                    std::string_view program) {
    const std::string path = directory + kFile;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail(errno == ENOSPC ? Errc::disk_full : Errc::file_unreadable,
                    fmt::format("{}: {}", path, std::strerror(errno)));
    }
    if (Result<void> locked = store::lock(descriptor, LOCK_EX, directory); !locked) {
        return fail(std::move(locked).error());
    }
    const Holder holder = read_holder(descriptor);
    std::shared_ptr<LockFile> lock{new LockFile{descriptor, program, holder.unclean_ends}};
    // A full disk must not keep the store from opening: the lock holds without its text.
    (void)lock->write(holder.unclean_ends + 1);
    return lock;
}

Result<std::shared_ptr<const LockFile>> LockFile::share(const std::string& directory) {
    const std::string path = directory + kFile;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) {
        return std::shared_ptr<const LockFile>{};
    }
    if (descriptor < 0) {
        return fail(Errc::file_unreadable, fmt::format("{}: {}", path, std::strerror(errno)));
    }
    if (Result<void> locked = store::lock(descriptor, LOCK_SH, directory); !locked) {
        return fail(std::move(locked).error());
    }
    return std::shared_ptr<const LockFile>{new LockFile{descriptor, {}, 0}};
}

LockFile::LockFile(int descriptor, std::string_view program, std::uint32_t unclean_ends)
    : descriptor_(descriptor), program_(program), unclean_ends_(unclean_ends) {}

LockFile::~LockFile() {
    ::close(descriptor_);
}

Result<void> LockFile::write(std::uint32_t unclean_ends) noexcept {
    const std::string text = fmt::format("program {}\npid {}\nboot {}\nunclean-ends {}\n", program_,
                                         getpid(), boot_id(), unclean_ends);
    if (pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()) ||
        ftruncate(descriptor_, static_cast<off_t>(text.size())) != 0) {
        return fail(Errc::disk_full, "lock file cannot be written");
    }
    return {};
}

void LockFile::mark_clean() noexcept {
    (void)write(0);
}

}  // namespace twinzone::store
