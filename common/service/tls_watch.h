// Takes certificates, keys and authorities anew when their files change, so that who renews them
// has nothing else to do. What cannot be read whole changes nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/net/file_watcher.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/service/tls_contexts.h"

namespace twinzone::service {

// Loop thread only. Folders are watched, and files looked at now and then: links that are swapped
// (as Kubernetes does) and network file systems tell nothing. The loop outlives it.
class TlsWatch {
  public:
    using OnLoaded = std::function<void(Result<std::shared_ptr<const TlsContexts>>)>;

    // `on_loaded` gets what was loaded after a change, or why it could not be.
    TlsWatch(net::Loop& loop, OnLoaded on_loaded);
    TlsWatch(const TlsWatch&) = delete;
    TlsWatch& operator=(const TlsWatch&) = delete;
    ~TlsWatch();

    // Watches the files of this configuration from now on. What they hold now is known already.
    void watch(const config::Config& config);

  private:
    // What tells one content of a file from the next without reading it.
    struct Mark {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = -1;  // -1: not there
        std::int64_t modified_ns = 0;

        friend bool operator==(const Mark&, const Mark&) = default;
    };

    [[nodiscard]] static Mark mark_of(const std::string& path);
    [[nodiscard]] std::vector<Mark> marks() const;
    void look();
    void poll();
    void load();

    net::Loop& loop_;
    OnLoaded on_loaded_;
    config::Config tls_only_;  // of the configuration, what contexts are made of
    std::vector<std::string> files_;
    std::vector<Mark> known_;  // of files_, at the last load
    std::map<std::string, std::unique_ptr<net::FileWatcher>> folders_;
    net::Timer quiet_timer_;
    net::Timer poll_timer_;
    std::uint64_t generation_ = 0;                                // of watch()
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: destroyed
};

}  // namespace twinzone::service
