// Disks that fail when told to: fdatasync(2) and pwrite(2) as every part of this program calls it,
// and a limit on the size of files.
#pragma once

namespace twinzone::store::test {

// While alive, syncs fail with EIO.
class FailingSync {
  public:
    FailingSync();
    ~FailingSync();
    FailingSync(const FailingSync&) = delete;
    FailingSync& operator=(const FailingSync&) = delete;
};

// While alive, a write that commits (on a descriptor with O_DSYNC) is done and yet reported as EIO;
// nothing is written after it.
class FailingCommit {
  public:
    FailingCommit();
    ~FailingCommit();
    FailingCommit(const FailingCommit&) = delete;
    FailingCommit& operator=(const FailingCommit&) = delete;
};

// While alive, no file grows beyond `bytes` (EFBIG, as a full disk refuses).
class FullDisk {
  public:
    explicit FullDisk(unsigned long bytes);
    ~FullDisk();
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    unsigned long before_;
};

}  // namespace twinzone::store::test
