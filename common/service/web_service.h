// The web side of a daemon: probes, metrics and pages over HTTP. Facts are read on the loop, texts
// of many zones are made on the pool.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/net/http_server.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/observe/metrics.h"
#include "common/service/fact_gatherer.h"
#include "common/service/loop_lag.h"
#include "common/store/store.h"
#include "common/web/lag_history.h"
#include "common/web/zone_page.h"

namespace twinzone::service {

// Loop thread only. Borrows loop, store and metrics for its life.
class WebService {
  public:
    using MakeDetails = std::function<web::ZoneDetails()>;
    struct Sources {
        // Everything but the zones.
        std::function<control::Status()> head;
        // The status of the zone at this place of some order; nullopt behind the last.
        std::function<std::optional<control::ZoneStatus>(std::size_t place)> zone_at;
        // Of the zone of this name, in presentation form; nullopt where there is none.
        std::function<std::optional<control::ZoneStatus>(std::string_view name)> zone_named;
        // What reads the rest that its page shows; it may run on any thread.
        std::function<MakeDetails(std::string_view name)> details;
    };

    WebService(net::Loop& loop, const store::Store& store, const observe::Metrics& metrics,
               Sources sources);
    ~WebService();
    WebService(const WebService&) = delete;
    WebService& operator=(const WebService&) = delete;

    // Errc::network when an address cannot be bound.
    [[nodiscard]] Result<void> listen(const Endpoint& at);
    // No more.
    void close(const Endpoint& at) { servers_.erase(at); }

  private:
    using Respond = net::HttpServer::Respond;
    // What is asked for, of facts; on any thread.
    using MakeOfFacts = std::function<net::HttpResponse(const web::Facts&)>;
    struct Job {
        std::function<net::HttpResponse()> make;
        Respond respond;
    };

    void answer(const net::HttpTarget& target, Respond respond);
    [[nodiscard]] std::optional<net::HttpResponse> answer_at_once(const net::HttpTarget& target);
    [[nodiscard]] std::optional<MakeOfFacts> maker_for(const net::HttpTarget& target) const;
    void answer_zone(std::string_view name, unsigned refresh, Respond respond);
    void answer_with(MakeOfFacts make, Respond respond);
    void run_next_job();
    [[nodiscard]] std::size_t untaken_bytes();
    [[nodiscard]] web::Facts facts_of_server();
    void sample_lags();
    void keep_lags(std::shared_ptr<const web::LagHistory> history);

    net::Loop& loop_;
    const store::Store& store_;
    const observe::Metrics& metrics_;
    Sources sources_;
    std::string host_;
    LoopLag loop_lag_;
    FactGatherer gatherer_;
    std::map<Endpoint, std::unique_ptr<net::HttpServer>> servers_;  // by address as configured
    net::Timer sample_timer_;
    std::shared_ptr<const web::LagHistory> history_;  // never changed: replaced
    std::deque<Job> jobs_;
    bool job_runs_ = false;
    std::vector<std::weak_ptr<const std::string>> untaken_;       // texts that the pool made
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what the pool hands back
};

}  // namespace twinzone::service
