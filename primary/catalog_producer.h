// Makes the catalog zones (RFC 9432) of a primary from its zones, and anew when these come or go. A
// zone that comes while we run is listed once it has a version, or after a while without one: who
// is told of it too early finds nothing. A catalog without a version waits likewise for all zones,
// so that a store that was lost takes no member away.
#pragma once

#include <unordered_map>
#include <vector>

#include "common/control/status.h"
#include "common/net/timer.h"
#include "common/service/daemon.h"
#include "common/zone/catalog_making.h"

namespace twinzone::primary {

// Loop thread only. Borrows the daemon for its life; the loop has stopped before it is destroyed.
class CatalogProducer {
  public:
    explicit CatalogProducer(service::Daemon& daemon);

    // Zones came, went or changed, or one was published: what is to be made is made soon.
    void handle_change();

    // Says what a catalog of ours is made of.
    void describe(control::ZoneStatus& status, const dns::Name& zone) const;

  private:
    struct Made {  // of one catalog
        bool busy = false;
        bool again = false;  // changed meanwhile
        std::size_t members = 0;
        std::string problem;  // empty: it is in service
    };
    struct Listing {
        std::vector<zone::ListedZone> zones;
        bool is_whole = true;  // false: zones are waited for
    };

    [[nodiscard]] bool has_catalogs() const;
    void make_all();
    void look_at_zones();
    void make(const config::Zone& catalog);
    [[nodiscard]] Listing list_zones(bool has_version) const;
    void submit(const config::Zone& catalog, const zone::ZoneState* state,
                const zone::RecordList& records);
    void handle_committed(const dns::Name& catalog, const Result<zone::Committed>& committed);

    service::Daemon& daemon_;
    net::Timer timer_;
    net::Timer retry_timer_;
    std::unordered_map<dns::Name, Made, dns::NameHash> made_;
    std::unordered_map<dns::Name, Instant, dns::NameHash> empty_;  // no version, and since when
    std::optional<Instant> first_look_;
};

}  // namespace twinzone::primary
