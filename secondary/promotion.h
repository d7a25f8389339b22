// Makes our copies of zones their origin, or takes that back. Each zone is marked in the store, in
// one small commit of its own, so that no restart follows it by mistake; then the files for
// twinzone-primary are written. With a daemon around it and without one alike.
//
//   unfollowed -> marked (again where a transfer was just committed) -> zone file written
//   all zones: -> configuration written -> told
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/config/config.h"
#include "common/control/promotion_report.h"
#include "common/store/store.h"

namespace twinzone::secondary {

struct PromotionOrder {
    std::vector<dns::Name> zones;  // each is in the configuration
    std::string folder;            // absolute; for the files
    bool undo = false;
};

// Loop thread only. Keeps itself alive until it has called `done`; what it borrows lives longer.
class Promotion : public std::enable_shared_from_this<Promotion> {
  public:
    struct Surroundings {
        store::Store& store;
        const config::Config& config;
        UnixTime now;
        bool serving = false;  // there is a daemon
        // Follows a zone or not, in this life; empty without a daemon.
        std::function<void(const dns::Name& zone, bool followed)> set_followed;
        // Runs `work` where blocking is fine, then `then` on the loop thread.
        std::function<void(std::function<void()> work, std::function<void()> then)> in_background;
    };
    using Done = std::function<void(const control::PromotionReport&)>;

    static void begin(Surroundings surroundings, PromotionOrder order, Done done);

  private:
    Promotion(Surroundings surroundings, PromotionOrder order, Done done);

    void mark(std::size_t place, unsigned tries);
    void handle_marked(std::size_t place, unsigned tries, const Result<zone::Committed>& result);
    void settle();
    void write_next();
    [[nodiscard]] bool write_zone(std::size_t place);
    void write_configuration();
    void end();
    [[nodiscard]] bool is_promoted(const dns::Name& zone) const;

    Surroundings around_;
    PromotionOrder order_;
    Done done_;
    control::PromotionReport report_;
    std::size_t unmarked_ = 0;
    std::size_t next_ = 0;  // to be written
};

}  // namespace twinzone::secondary
