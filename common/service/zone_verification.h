// One zone compared, whole, with each of its primaries and with the server beside us: AXFR, then
// record by record against our version, held still. Where serials differ because somebody has moved
// on meanwhile, it waits for the versions to meet and compares again.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/config/config.h"
#include "common/net/timer.h"
#include "common/service/content_fetcher.h"
#include "common/service/daemon.h"
#include "common/service/verdict.h"

namespace twinzone::service {

// Loop thread only. Borrows daemon and fetcher; the fetcher calls nobody once this is destroyed,
// or is destroyed first.
class ZoneVerification {
  public:
    using Done = std::function<void(ZoneVerdict verdict)>;

    // `done` is called once, never from within start(); it may destroy this.
    ZoneVerification(Daemon& daemon, ContentFetcher& fetcher, const config::Zone& zone, Done done);
    // Waits for the comparison under way, which it ends.
    ~ZoneVerification();
    ZoneVerification(const ZoneVerification&) = delete;
    ZoneVerification& operator=(const ZoneVerification&) = delete;

    void start();

  private:
    struct Server {
        config::RemotePtr remote;
        bool is_primary = false;
    };
    struct Comparison;

    [[nodiscard]] std::optional<dns::Serial> our_serial() const;
    [[nodiscard]] ServerVerdict verdict_on(Finding finding) const;
    void next_server();
    void fetch();
    void handle_content(Result<Content> theirs);
    void handle_other_serial(dns::Serial theirs);
    void wait_for(dns::Serial theirs, Instant until);
    void compare(Content theirs);
    void handle_compared(const Comparison& comparison);
    void settle(ServerVerdict verdict);

    Daemon& daemon_;
    ContentFetcher& fetcher_;
    config::Zone zone_;
    Done done_;
    net::Timer timer_;
    std::vector<Server> servers_;
    std::size_t at_ = 0;                      // the server being asked
    unsigned tries_ = 0;                      // of it
    std::optional<dns::Serial> asked_under_;  // our serial when the fetch began
    ZoneVerdict verdict_;
    std::shared_ptr<Comparison> comparison_;  // on the pool
};

}  // namespace twinzone::service
