// Fetches the whole content of a zone from a server by AXFR, to be compared: nothing is committed.
// For `diff --server` and `verify`.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "common/config/config.h"
#include "common/net/loop.h"
#include "common/service/asker.h"
#include "common/service/sorter_intake.h"
#include "common/service/zone_text.h"

namespace twinzone::service {

// Loop thread only. Borrows the loop for its life.
class ContentFetcher {
  public:
    // Called once, never from within fetch().
    using Done = std::function<void(Result<Content>)>;

    // `directory`: where content that does not fit in memory is spilled.
    ContentFetcher(net::Loop& loop, std::string directory, const config::Limits& limits);
    // Fetches under way end without a word.
    ~ContentFetcher();
    ContentFetcher(const ContentFetcher&) = delete;
    ContentFetcher& operator=(const ContentFetcher&) = delete;

    // Asker::use_tls().
    void use_tls(std::shared_ptr<const TlsContexts> tls) { asker_.use_tls(std::move(tls)); }

    // Asks the remote's addresses in their order, until one gives the zone; a few fetches at a
    // time, the others wait. Errors name the address: what the last one said.
    void fetch(const dns::Name& zone, const config::RemotePtr& remote, Done done);

  private:
    struct Fetch;

    void start_waiting();
    void ask(std::unique_ptr<Fetch> fetch);
    void handle_message(AttemptId attempt, std::span<std::uint8_t> message);
    void fail_attempt(AttemptId attempt, const Error& error);
    void finish(std::unique_ptr<Fetch> fetch, Result<Content> result);
    void watch(Fetch& fetch, Duration silence);

    net::Loop& loop_;
    SorterIntakeSource intakes_;
    config::Limits limits_;
    Asker asker_;
    std::map<AttemptId, std::unique_ptr<Fetch>> running_;
    std::deque<std::unique_ptr<Fetch>> waiting_;
    std::uint64_t last_attempt_ = 0;
};

}  // namespace twinzone::service
