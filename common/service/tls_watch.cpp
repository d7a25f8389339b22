#include "common/service/tls_watch.h"

#include <filesystem>
#include <utility>

#include <sys/stat.h>

namespace twinzone::service {

namespace {

// Certificate and key are replaced one after the other: both are read when nothing has changed for
// this long.
constexpr Duration kQuiet = seconds{1};

// Looked at as often where nothing is told.
constexpr Duration kPollInterval = seconds{60};

constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    return folder.empty() ? "." : folder;
}

}  // namespace

TlsWatch::TlsWatch(net::Loop& loop, OnLoaded on_loaded)
    : loop_(loop), on_loaded_(std::move(on_loaded)), quiet_timer_(loop), poll_timer_(loop) {}

TlsWatch::~TlsWatch() {
    *alive_ = false;
}

void TlsWatch::watch(const config::Config& config) {
    ++generation_;
    tls_only_ = config::Config{};
    tls_only_.tls = config.tls;
    tls_only_.server_tls = config.server_tls;
    files_.clear();
    for (const config::TlsPtr& tls : config.tls) {
        for (const std::string* path : {&tls->certificate, &tls->key, &tls->ca}) {
            if (!path->empty()) {
                files_.push_back(*path);
            }
        }
    }
    known_ = marks();
    std::map<std::string, std::unique_ptr<net::FileWatcher>> before = std::exchange(folders_, {});
    for (const std::string& file : files_) {
        const std::string folder = folder_of(file);
        if (folders_.contains(folder)) {
            continue;
        }
        auto kept = before.extract(folder);
        if (!kept.empty()) {
            folders_.insert(std::move(kept));
            continue;
        }
        Result<std::unique_ptr<net::FileWatcher>> watcher =
            net::FileWatcher::watch(loop_, folder, [this](std::string_view) { look(); });
        if (watcher) {  // else only looked at
            folders_.emplace(folder, std::move(*watcher));
        }
    }
    quiet_timer_.cancel();
    poll_timer_.cancel();
    if (!files_.empty()) {
        poll();
    }
}

TlsWatch::Mark TlsWatch::mark_of(const std::string& path) {
    struct stat seen {};
    if (stat(path.c_str(), &seen) != 0) {
        return {};
    }
    return {.device = seen.st_dev,
            .inode = seen.st_ino,
            .size = seen.st_size,
            .modified_ns = seen.st_mtim.tv_sec * kNanoseconds + seen.st_mtim.tv_nsec};
}

std::vector<TlsWatch::Mark> TlsWatch::marks() const {
    std::vector<Mark> out;
    out.reserve(files_.size());
    for (const std::string& file : files_) {
        out.push_back(mark_of(file));
    }
    return out;
}

void TlsWatch::poll() {
    poll_timer_.arm_after(kPollInterval, [this] {
        poll();
        look();
    });
}

void TlsWatch::look() {
    if (marks() != known_) {
        quiet_timer_.arm_after(kQuiet, [this] { load(); });
    }
}

void TlsWatch::load() {
    known_ = marks();
    auto loaded = std::make_shared<std::optional<Result<std::shared_ptr<const TlsContexts>>>>();
    loop_.work([loaded, config = tls_only_] { loaded->emplace(TlsContexts::load(config)); },
               [this, loaded, generation = generation_, alive = alive_] {
                   if (*alive && generation == generation_) {
                       on_loaded_(std::move(**loaded));
                       look();  // what changed while it was read
                   }
               });
}

}  // namespace twinzone::service
