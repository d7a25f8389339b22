#include "tests/unit/store/disk_fault.h"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<bool> syncs_fail{false};

}  // namespace

// Stands before the one of the C library: LMDB calls this.
extern "C" int fdatasync(int descriptor) {
    if (syncs_fail) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

namespace twinzone::store::test {

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
