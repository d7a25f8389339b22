// Whole comparison with the primaries: the verb `verify`, and in the background what
// `verify-interval` asks for. A version that differs from the first primary's under one serial is
// mended by one AXFR.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "common/control/server.h"
#include "common/net/timer.h"
#include "common/service/content_fetcher.h"
#include "common/service/daemon.h"
#include "common/service/zone_verification.h"

namespace twinzone::service {

// Loop thread only. Borrows the daemon, whose loop runs no more when this is destroyed.
class Verifier {
  public:
    // Registers the verb and begins the schedule.
    explicit Verifier(Daemon& daemon);
    ~Verifier();
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

  private:
    struct Answer;  // to one `verify`

    void handle_verb(const control::Request& request, const control::Reply& reply);
    void go_on(const std::shared_ptr<Answer>& answer);
    void send_part(const std::shared_ptr<Answer>& answer);
    static void finish(Answer& answer);

    void verify(const config::Zone& zone, ZoneVerification::Done done);
    void look_at_schedule();
    void verify_next_due();
    void handle_background(const ZoneVerdict& verdict);
    void mend(const ZoneVerdict& verdict, const ServerVerdict& primary);

    Daemon& daemon_;
    Instant began_;
    Instant looked_;             // at the schedule, last
    std::deque<dns::Name> due_;  // in the background
    bool is_busy_ = false;       // with one of them
    net::Timer timer_;
    std::map<std::uint64_t, std::unique_ptr<ZoneVerification>> running_;
    std::uint64_t last_id_ = 0;
    ContentFetcher fetcher_;
};

}  // namespace twinzone::service
