// Runs a HandOver on the daemon's loop: questions over sockets, files on the pool, reload commands
// as child processes, times over timers; what comes of it in log and status.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>

#include "common/control/status.h"
#include "common/net/child_process.h"
#include "common/net/timer.h"
#include "common/service/asker.h"
#include "common/service/daemon.h"
#include "secondary/hand_over.h"

namespace twinzone::secondary {

// Loop thread only. Borrows the daemon for its life; the loop has stopped before it is destroyed.
class HandOverRunner {
  public:
    // `on_settled` is called when nothing is under way any more. May be empty.
    HandOverRunner(service::Daemon& daemon, std::function<void()> on_settled);
    ~HandOverRunner();

    // Takes up a zone of the daemon's: what is committed is handed over where it is not served
    // already. A zone without output is passed over.
    void add(const config::Zone& zone);
    void remove(const dns::Name& zone);
    // The zone has other settings: where those of its output are others, it is taken up anew.
    void put(const config::Zone& zone);

    void handle_published(const dns::Name& zone);
    void refresh(const dns::Name& zone);

    [[nodiscard]] bool is_settled() const noexcept { return core_.is_settled(); }

    // Why the zone is not served as committed; empty: it is, or has no output.
    [[nodiscard]] std::string problem(const dns::Name& zone) const;

    // Adds what the server beside us is known to serve, and what follows from it for state, reason
    // and lag.
    void describe(control::ZoneStatus& status, const dns::Name& zone) const;

  private:
    struct Served {  // a zone, by its number in the core
        dns::Name zone;
        config::Output output;
        std::vector<std::string> words;  // of the reload command
    };

    void kick();
    void run(HandOverAction action);
    void write(const WriteFile& action);
    void put_back(const PutBack& action);
    void drop_previous(const DropPrevious& action);
    void reload(const RunReload& action);
    void end_reload(std::uint32_t zone, const ReloadEnd& end);
    [[nodiscard]] const Served* find(std::uint32_t zone) const;
    void log(const HandOverEvent& event);

    service::Daemon& daemon_;
    std::function<void()> on_settled_;
    HandOver core_;
    service::Asker asker_;
    net::Timer timer_;
    std::unordered_map<std::uint32_t, Served> zones_;
    std::unordered_map<dns::Name, std::uint32_t, dns::NameHash> numbers_;
    std::unordered_map<std::uint32_t, std::unique_ptr<net::ChildProcess>> commands_;
    bool was_settled_ = true;
    bool is_kicked_ = false;
};

}  // namespace twinzone::secondary
