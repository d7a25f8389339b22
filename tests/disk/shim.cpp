// A library to be preloaded: the disk below one folder, watched and made to fail. See README.md.
//   TWINZONE_DISK_FOLDER   an absolute path; files elsewhere are left alone
//   TWINZONE_DISK_CALLS    a file that gets a line for each call on them: "OPERATION PATH"
//   TWINZONE_DISK_FAIL     N:ERRNO or N+:ERRNO: the Nth call (and those behind it) fails
//   TWINZONE_DISK_RECORD   a file that gets each change and sync in order: record.h
// Calls are made one at a time, so that the record has the order that the disk saw.
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <dlfcn.h>

#include "tests/disk/record.h"

namespace {

using twinzone::disk::Kind;

constexpr int kMostDescriptors = 1 << 16;

struct Watched {
    bool is_ours = false;
    bool syncs_itself = false;  // O_DSYNC, O_SYNC
    char path[512] = {};        // within the folder
};

// One for the process; made before main(), never destroyed: the process may end by any way.
struct Shim {
    std::recursive_mutex mutex;
    std::string folder;
    int calls = -1;
    int record = -1;
    long count = 0;
    long fails_at = 0;
    bool fails_on = false;
    int code = 0;
    Watched* watched = nullptr;
};

Shim& shim() {
    static Shim* const made = [] {
        auto* out = new Shim;
        out->watched = new Watched[kMostDescriptors];
        const auto log_of = [](const char* name) {
            const char* path = std::getenv(name);
            return path == nullptr
                       ? -1
                       : static_cast<int>(syscall(SYS_openat, AT_FDCWD, path,
                                                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        };
        if (const char* folder = std::getenv("TWINZONE_DISK_FOLDER")) {
            out->folder = folder;
        }
        out->calls = log_of("TWINZONE_DISK_CALLS");
        out->record = log_of("TWINZONE_DISK_RECORD");
        if (const char* fail = std::getenv("TWINZONE_DISK_FAIL")) {
            char* end = nullptr;
            out->fails_at = std::strtol(fail, &end, 10);
            out->fails_on = *end == '+';
            end += out->fails_on ? 1 : 0;
            out->code = static_cast<int>(std::strtol(end + 1, nullptr, 10));
        }
        return out;
    }();
    return *made;
}

// Path within the folder; nullptr: not ours.
const char* within(const char* path) {
    const std::string& folder = shim().folder;
    if (folder.empty() || path == nullptr ||
        std::strncmp(path, folder.c_str(), folder.size()) != 0) {
        return nullptr;
    }
    const char* rest = path + folder.size();
    return *rest == '/' ? rest + 1 : *rest == 0 ? rest : nullptr;
}

Watched* watched(int descriptor) {
    if (descriptor < 0 || descriptor >= kMostDescriptors || !shim().watched[descriptor].is_ours) {
        return nullptr;
    }
    return &shim().watched[descriptor];
}

// Whether this call is to fail; errno is set then.
bool fails(const char* operation, const char* path) {
    Shim& s = shim();
    ++s.count;
    if (s.calls >= 0) {
        char line[600];
        const int size = std::snprintf(line, sizeof line, "%s %s\n", operation, path);
        static_cast<void>(!syscall(SYS_write, s.calls, line, static_cast<std::size_t>(size)));
    }
    const bool now =
        s.fails_at != 0 && (s.count == s.fails_at || (s.fails_on && s.count > s.fails_at));
    if (now) {
        errno = s.code;
    }
    return now;
}

void record(Kind kind, const char* path, std::uint64_t offset, const void* bytes,
            std::size_t size) {
    Shim& s = shim();
    if (s.record < 0) {
        return;
    }
    const twinzone::disk::Entry entry{.kind = kind,
                                      .path_size = static_cast<std::uint16_t>(std::strlen(path)),
                                      .size = static_cast<std::uint32_t>(size),
                                      .offset = offset};
    const iovec parts[] = {{const_cast<twinzone::disk::Entry*>(&entry), sizeof entry},
                           {const_cast<char*>(path), entry.path_size},
                           {const_cast<void*>(bytes), size}};
    static_cast<void>(!syscall(SYS_writev, s.record, parts, 3));
}

void record_written(const Watched& file, std::uint64_t offset, const void* bytes,
                    std::size_t size) {
    record(file.syncs_itself ? Kind::write_through : Kind::write, file.path, offset, bytes, size);
}

std::uint64_t place_of(int descriptor) {
    const long flags = syscall(SYS_fcntl, descriptor, F_GETFL);
    struct stat status {};
    if ((flags & O_APPEND) != 0 && fstat(descriptor, &status) == 0) {
        return static_cast<std::uint64_t>(status.st_size);
    }
    return static_cast<std::uint64_t>(lseek(descriptor, 0, SEEK_CUR));
}

long open_file(int folder, const char* path, int flags, unsigned mode) {
    const std::lock_guard guard{shim().mutex};
    const char* rest = within(path);
    if (rest != nullptr && fails("open", rest)) {
        return -1;
    }
    const long descriptor = syscall(SYS_openat, folder, path, flags, mode);
    if (rest == nullptr || descriptor < 0 || descriptor >= kMostDescriptors) {
        return descriptor;
    }
    Watched& file = shim().watched[descriptor];
    // A file without a name is gone after a crash: nothing to record.
    file.is_ours = (flags & O_TMPFILE) != O_TMPFILE;
    file.syncs_itself = (flags & (O_DSYNC | O_SYNC)) != 0;
    std::snprintf(file.path, sizeof file.path, "%s", rest);
    if ((flags & O_TRUNC) != 0) {
        record(Kind::truncate, rest, 0, nullptr, 0);
    }
    return descriptor;
}

long write_vector(int descriptor, const iovec* parts, int count, off_t offset, bool has_offset) {
    const std::lock_guard guard{shim().mutex};
    const Watched* file = watched(descriptor);
    if (file == nullptr) {
        return has_offset ? syscall(SYS_pwritev, descriptor, parts, count, offset, 0L)
                          : syscall(SYS_writev, descriptor, parts, count);
    }
    if (fails("write", file->path)) {
        return -1;
    }
    auto at = has_offset ? static_cast<std::uint64_t>(offset) : place_of(descriptor);
    for (int i = 0; i < count; ++i) {
        record_written(*file, at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    return has_offset ? syscall(SYS_pwritev, descriptor, parts, count, offset, 0L)
                      : syscall(SYS_writev, descriptor, parts, count);
}

int sync_file(int descriptor, long call) {
    const std::lock_guard guard{shim().mutex};
    const Watched* file = watched(descriptor);
    if (file != nullptr && fails("sync", file->path)) {
        return -1;
    }
    const int code = static_cast<int>(syscall(call, descriptor));
    if (file != nullptr && code == 0) {
        record(Kind::sync, file->path, 0, nullptr, 0);
    }
    return code;
}

int truncate_file(int descriptor, off_t size) {
    const std::lock_guard guard{shim().mutex};
    const Watched* file = watched(descriptor);
    if (file != nullptr) {
        if (fails("ftruncate", file->path)) {
            return -1;
        }
        record(Kind::truncate, file->path, static_cast<std::uint64_t>(size), nullptr, 0);
    }
    return static_cast<int>(syscall(SYS_ftruncate, descriptor, size));
}

}  // namespace

// NOLINTBEGIN: names and parameters are the C library's
extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const unsigned mode = va_arg(rest, unsigned);
    va_end(rest);
    return static_cast<int>(open_file(AT_FDCWD, path, flags, mode));
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const unsigned mode = va_arg(rest, unsigned);
    va_end(rest);
    return static_cast<int>(open_file(AT_FDCWD, path, flags, mode));
}

int __open_2(const char* path, int flags) {
    return static_cast<int>(open_file(AT_FDCWD, path, flags, 0));
}

int __open64_2(const char* path, int flags) {
    return static_cast<int>(open_file(AT_FDCWD, path, flags, 0));
}

int openat(int folder, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const unsigned mode = va_arg(rest, unsigned);
    va_end(rest);
    return static_cast<int>(open_file(folder, path, flags, mode));
}

int close(int descriptor) {
    const std::lock_guard guard{shim().mutex};
    if (Watched* file = watched(descriptor)) {
        file->is_ours = false;
    }
    return static_cast<int>(syscall(SYS_close, descriptor));
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
    const iovec part{const_cast<void*>(bytes), size};
    return write_vector(descriptor, &part, 1, 0, false);
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
    return write_vector(descriptor, parts, count, 0, false);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
    const iovec part{const_cast<void*>(bytes), size};
    return write_vector(descriptor, &part, 1, offset, true);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
    return pwrite(descriptor, bytes, size, offset);
}

ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
    return write_vector(descriptor, parts, count, offset, true);
}

ssize_t pwritev64(int descriptor, const iovec* parts, int count, off64_t offset) {
    return write_vector(descriptor, parts, count, offset, true);
}

int fsync(int descriptor) {
    return sync_file(descriptor, SYS_fsync);
}

int fdatasync(int descriptor) {
    return sync_file(descriptor, SYS_fdatasync);
}

int ftruncate(int descriptor, off_t size) {
    return truncate_file(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) {
    return truncate_file(descriptor, size);
}

int rename(const char* from, const char* to) {
    const std::lock_guard guard{shim().mutex};
    const char* rest = within(from);
    const char* target = within(to);
    if (rest != nullptr && target != nullptr) {
        if (fails("rename", rest)) {
            return -1;
        }
        record(Kind::rename, rest, 0, target, std::strlen(target));
    }
    return static_cast<int>(syscall(SYS_rename, from, to));
}

int unlink(const char* path) {
    const std::lock_guard guard{shim().mutex};
    const char* rest = within(path);
    if (rest != nullptr) {
        if (fails("unlink", rest)) {
            return -1;
        }
        record(Kind::unlink, rest, 0, nullptr, 0);
    }
    return static_cast<int>(syscall(SYS_unlink, path));
}

void* mmap(void* address, size_t size, int protection, int flags, int descriptor, off_t offset) {
    const std::lock_guard guard{shim().mutex};
    const Watched* file = watched(descriptor);
    if (file != nullptr && fails("mmap", file->path)) {
        return MAP_FAILED;
    }
    return reinterpret_cast<void*>(
        syscall(SYS_mmap, address, size, protection, flags, descriptor, offset));
}

void* mmap64(void* address, size_t size, int protection, int flags, int descriptor,
             off64_t offset) {
    return mmap(address, size, protection, flags, descriptor, offset);
}

}  // extern "C"
// NOLINTEND
