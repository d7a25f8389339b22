// The log: one event per line, to stderr, syslog or a file, as text or JSON lines.
//   2026-01-02T03:04:05.678Z info: [example.test.] IXFR, incoming, remote 192.0.2.1@53, …
//   {"time":"2026-01-02T03:04:05.678Z","level":"info","zone":"example.test.","message":"IXFR, …",
//    "serial_from":7,"serial":9, …}
// Text on stderr has no time when stderr is a pipe or a socket (who collects lines stamps them),
// and either style the priority prefix of sd-daemon(3) ("<6>") when it is the journal's. Secrets
// never get here: callers pass none.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/observe/level.h"
#include "common/observe/line.h"

namespace twinzone::observe {

struct LogSettings {
    std::string target = "stderr";  // "stderr", "syslog" or a file's path
    std::string program{};          // names the process in syslog
    Level level = Level::info;      // lines below it are dropped
    bool json = false;
};

// Thread-safe. Passed by reference to who logs; a line that cannot be written is lost without
// trouble for the caller.
class Log {
  public:
    // Errc::file_unreadable when the file cannot be opened for appending.
    [[nodiscard]] static Result<std::unique_ptr<Log>> open(const LogSettings& settings);

    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log();

    // An event of one zone. `name`: presentation form with the closing dot. Octets that would break
    // the line are escaped. `members`: its facts, for lines of JSON.
    void zone(Level level, std::string_view name, std::string_view text,
              std::span<const Member> members = {});

    // An event of the process.
    void server(Level level, std::string_view text);

    // An event that peers can cause at will (bad messages, refused addresses): of each `kind` a few
    // lines pass at once and one a second after that; the next that passes says how many did not.
    // `kind`: a constant of the caller's.
    void peer_fault(Level level, std::string_view kind, std::string_view text, Instant now);

    // For callers that would build long text in vain.
    [[nodiscard]] bool is_enabled(Level level) const noexcept;

    void set_level(Level level) noexcept;

    // Goes on with other settings. Errc::file_unreadable: nothing has changed.
    [[nodiscard]] Result<void> apply(const LogSettings& settings);

    // Opens the file anew, after log rotation moved it away; nothing for other targets. On an error
    // the old file stays in use.
    [[nodiscard]] Result<void> reopen();

  private:
    struct Core;
    explicit Log(std::unique_ptr<Core> core) noexcept;

    std::unique_ptr<Core> core_;
};

}  // namespace twinzone::observe
