// The zone files of a primary: watched, read when they change, published when they are good. A file
// that is being written is left alone until it is quiet; one that was replaced by rename is read at
// once. Whatever is wrong with a file, the version in service stays, and status says why.
//
//   quiet --changed--> settling --unchanged for a while--> loading --good--> publishing
//   --committed--> quiet
//                         ^  '--replaced by rename-----------^  '--bad--> quiet, with a problem
//                         shown
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"
#include "common/control/status.h"
#include "common/dns/name_table.h"
#include "common/net/file_watcher.h"
#include "common/net/timer.h"
#include "common/service/daemon.h"
#include "common/service/reason.h"
#include "primary/file_fingerprint.h"
#include "primary/zone_file_loader.h"

namespace twinzone::primary {

// Loop thread only. Borrows the daemon for its life; the loop has stopped before it is destroyed.
class ZoneSources {
  public:
    explicit ZoneSources(service::Daemon& daemon);
    ~ZoneSources();
    ZoneSources(const ZoneSources&) = delete;
    ZoneSources& operator=(const ZoneSources&) = delete;

    // Serves the zone from its file, or from the servers it comes from by transfer, from now on.
    void add(const config::Zone& zone);

    // The zone comes, or has other settings, or goes (configuration was read again); the daemon
    // knows it already, or still.
    void put(const config::Zone& zone);
    void remove(const dns::Name& zone);

    // Looks at the files of what was added, some at a time; those that are added from now on are
    // looked at at once. Until then what the store has is served.
    void start();

    // The program ends: what is known of files that are in service is kept for the next start.
    void keep_seen() const;

    // A new configuration is in place: its folders are watched from now on, and every file is
    // looked at.
    void handle_reloaded();

    // Every NAME.zone in the folder, also those that come later.
    void add_directory(const config::Config::Directory& directory);

    // What kept the zone's next version back is gone: its file is read again if it has changed.
    void handle_released(const dns::Name& zone);

    // Whether versions are made here has changed: at first what the files hold is compared with
    // what is in service now.
    void handle_origin();

    // Adds state and reason of the file to a zone's status.
    void describe(control::ZoneStatus& status, const dns::Name& zone) const;

    // A file that was read on the pool. For the zone_sources*.cpp files only.
    struct Reading;

  private:
    struct Source;
    struct Work;

    void watch(const std::string& folder);
    void watch_file(Source& source, const std::string& path);
    void watch_files(Source& source);
    void forget_files(const Source& source);
    bool bury(Source& source);
    void handle_change(const std::string& folder, std::string_view name);
    void handle_new_file(const config::Config::Directory& directory, std::string_view name);
    void scan(const config::Config::Directory& directory);
    void look(Source& source);
    void look_at_first();
    void take_seen();
    [[nodiscard]] Work& work(Source& source);
    static void rest(Source& source);
    [[nodiscard]] Source* find(const dns::Name& zone) const;
    // Requires: it is not gone.
    [[nodiscard]] config::Zone zone_of(const Source& source) const;
    [[nodiscard]] Result<SourceFingerprint> fingerprint_of(const Source& source) const;
    void settle(Source& source, Duration quiet, const SourceFingerprint& seen);
    void enqueue(Source& source, const SourceFingerprint& seen);
    void start_loads();
    void load(Source& source);
    [[nodiscard]] std::vector<dns::Serial> published_under(const Source& source) const;
    void handle_read(Source& source, Reading& reading);
    void take_included(Source& source, const Reading& reading);
    void publish(Source& source, LoadedZone loaded);
    [[nodiscard]] zone::Commit commit_of(Source& source, LoadedZone loaded,
                                         const std::optional<zone::Version>& current,
                                         const dns::SoaRecord& soa) const;
    void keep_memory(Source& source, const zone::Version& version);
    void set_memory(Source& source, std::shared_ptr<const FileMemory> memory);
    void report_duplicates(const Source& source, std::uint64_t count);
    void read_whole(Source& source);
    void forget_held(const Source& source);
    [[nodiscard]] bool is_frozen(const Source& source) const;
    void wait_for_thaw(Source& source);
    void record_published(const Source& source, const zone::Committed& committed);
    void handle_committed(Source& source, const Result<zone::Committed>& committed);
    void set_problem(Source& source, service::Reason reason, const Error& error);
    void clear_problem(Source& source);
    void record(const Source& source, service::Reason reason, observe::EventFacts facts = {});
    void poll_some();

    service::Daemon& daemon_;
    std::vector<std::unique_ptr<Source>> sources_;
    std::vector<std::unique_ptr<Source>> leaving_;  // removed, but work of theirs is under way
    dns::NameTablePtr names_;
    dns::SharedByNumber<config::ZoneSettings> settings_;
    dns::ByNumber<std::uint32_t> by_zone_;  // places in sources_ plus 1; 0: none
    // Of files that are not named in a folder after their zone.
    std::unordered_multimap<std::string, Source*> by_path_;
    std::map<std::string, std::unique_ptr<net::FileWatcher>> watchers_;
    std::vector<config::Config::Directory> directories_;
    std::deque<Source*> waiting_;
    std::size_t loading_ = 0;
    std::size_t memories_ = 0;  // sources that have one
    std::size_t next_poll_ = 0;
    net::Timer poll_timer_;
    bool is_started_ = false;
    std::size_t looked_at_ = 0;  // of sources_, since start()
    net::Timer first_timer_;
};

}  // namespace twinzone::primary
