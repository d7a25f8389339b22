#include "tests/unit/store/disk_fault.h"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<bool> syncs_fail{false};

enum class Commits { work, fail, failed };
std::atomic<Commits> commits{Commits::work};

}  // namespace

// Stands before the one of the C library: LMDB calls this.
extern "C" int fdatasync(int descriptor) {
    if (syncs_fail) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

extern "C" ssize_t pwrite(int descriptor, const void* octets, size_t size, off_t offset) {
    if (commits == Commits::failed) {
        errno = EIO;
        return -1;
    }
    const ssize_t written = syscall(SYS_pwrite64, descriptor, octets, size, offset);
    if (commits == Commits::fail && (fcntl(descriptor, F_GETFL) & O_DSYNC) != 0) {
        commits = Commits::failed;
        errno = EIO;
        return -1;
    }
    return written;
}

extern "C" ssize_t pwrite64(int descriptor, const void* octets, size_t size, off_t offset) {
    return pwrite(descriptor, octets, size, offset);
}

namespace twinzone::store::test {

FailingCommit::FailingCommit() {
    commits = Commits::fail;
}

FailingCommit::~FailingCommit() {
    commits = Commits::work;
}

FailingSync::FailingSync() {
    syncs_fail = true;
}

FailingSync::~FailingSync() {
    syncs_fail = false;
}

FullDisk::FullDisk(unsigned long bytes) : before_(0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    before_ = limit.rlim_cur;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

FullDisk::~FullDisk() {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = before_;
    setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace twinzone::store::test
