// Hands committed versions on as zone files: written beside the old file, synced, read back and
// compared, then put in its place by rename. A reader of the folder sees the old file whole or the
// new one whole, also after a crash.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/config/config.h"
#include "common/service/daemon.h"
#include "common/zone/version_store.h"

namespace twinzone::secondary {

// Writes the snapshot to `path`. Errc::disk_full, file_unreadable; Errc::internal where what was
// written does not read back as the same version (the old file is then still in place). Blocking;
// any thread.
[[nodiscard]] Result<void> write_zone_file(const zone::Snapshot& snapshot, const std::string& path);

// Keeps one file for each zone that wants one, in step with what is committed: one write at a time
// a zone, the newest version last. Loop thread only. Borrows the daemon for its life; the loop has
// stopped before it is destroyed.
class ZoneFileOutput {
  public:
    // `on_idle` is called whenever nothing is left to write. May be empty.
    ZoneFileOutput(service::Daemon& daemon, std::function<void()> on_idle);
    ~ZoneFileOutput();

    // Writes the zone's file now if there is a version and the file does not show it (checked by
    // its SOA).
    void add(const config::Zone& zone);

    void handle_published(const dns::Name& zone);

    [[nodiscard]] bool is_idle() const noexcept { return writing_ == 0; }

    // Why the file is not in step; empty: it is, or none is wanted.
    [[nodiscard]] std::string problem(const dns::Name& zone) const;

  private:
    struct Output;

    void write(Output& output);
    void handle_written(Output& output, const Result<void>& written);

    service::Daemon& daemon_;
    std::function<void()> on_idle_;
    std::unordered_map<dns::Name, std::unique_ptr<Output>, dns::NameHash> outputs_;
    std::size_t writing_ = 0;
};

}  // namespace twinzone::secondary
