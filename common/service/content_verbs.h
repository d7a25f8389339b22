// The daemon's side of the verbs that show what a zone holds or held: `history`, `export`, `diff`.
// They read versions held still, on the pool, and write nothing.
#pragma once

#include <memory>
#include <vector>

#include "common/control/server.h"
#include "common/net/timer.h"
#include "common/service/content_fetcher.h"
#include "common/service/daemon.h"
#include "common/service/text_reply.h"

namespace twinzone::service {

// Loop thread only. Borrows the daemon, whose loop runs no more when this is destroyed.
class ContentVerbs {
  public:
    // Registers the verbs.
    explicit ContentVerbs(Daemon& daemon);
    ~ContentVerbs();
    ContentVerbs(const ContentVerbs&) = delete;
    ContentVerbs& operator=(const ContentVerbs&) = delete;

  private:
    using SnapshotPtr = std::shared_ptr<const zone::Snapshot>;

    // The zone that a request is about, held still. Says what is wrong to the client.
    [[nodiscard]] SnapshotPtr snapshot_for(const control::Request& request,
                                           const control::Reply& reply);
    void history(const control::Request& request, const control::Reply& reply);
    void export_zone(const control::Request& request, const control::Reply& reply);
    void diff(const control::Request& request, const control::Reply& reply);
    void diff_server(const control::Request& request, const control::Reply& reply,
                     SnapshotPtr snapshot);
    void send(TextReply::Open open, const control::Reply& reply);
    void watch_replies();

    Daemon& daemon_;
    std::string directory_;
    ContentFetcher fetcher_;
    std::vector<std::weak_ptr<TextReply>> replies_;
    net::Timer timer_;
};

}  // namespace twinzone::service
