// What --help and --version print.
#include <fmt/format.h>

#include "common/config/command_line.h"

namespace twinzone::config {

namespace {

constexpr std::string_view kPrimary =
    R"(twinzone-primary: announces zones to secondaries and serves them by AXFR and IXFR

Usage: twinzone-primary VERB [OPTION...]

Verbs
  serve               run in the foreground
  check               read the configuration and say all that is wrong with it
  status [ZONE]       zones and peers of the running daemon, problems first

Options, before or after the verb
  -c, --config FILE   configuration (default /etc/twinzone/primary.yaml)
  --control PATH      control socket of the daemon
  --json              output for programs
  --color WHEN        auto, always or never
  -v, -q              log more or less; repeat for more of it
  --version, --help

Options of status
  --check             exit with 1 unless every zone is current
  --stale             only zones that are not current
  --watch             show it again every two seconds

Instead of a configuration file (addresses are ADDRESS@PORT, the port is 53 if left out)
  --listen ADDRESS           repeats
  --store DIR                where zones are kept
  --zone NAME=FILE           repeats
  --zones-dir DIR            every NAME.zone in it
  --notify ADDRESS           whom to tell about new versions; repeats
  --allow-transfer WHO       10.0.0.0/8, an address, or key:NAME; repeats
  --key-file FILE            a TSIG key as BIND writes it: transfers and NOTIFY are signed with it

Examples
  twinzone-primary check -c primary.yaml
  twinzone-primary serve --listen 127.0.0.1@5300 --store /var/lib/twinzone/primary \
      --zone example.test=/etc/bind/db.example.test \
      --notify 192.0.2.2 --allow-transfer 192.0.2.2
  twinzone-primary status --stale --check

Exit codes: 0 ok, 1 some zones failed, 2 usage or configuration, 3 daemon not running,
4 held by a guard, 75 another process has the lock
)";

constexpr std::string_view kSecondary =
    R"(twinzone-secondary: follows primaries, keeps their zones and hands them on

Usage: twinzone-secondary VERB [OPTION...]

Verbs
  serve               run in the foreground
  sync [ZONE...]      fetch what is new once, then exit; all zones if none is named
  check               read the configuration and say all that is wrong with it
  status [ZONE]       zones and peers of the running daemon, problems first

Options, before or after the verb
  -c, --config FILE   configuration (default /etc/twinzone/secondary.yaml)
  --control PATH      control socket of the daemon
  --json              output for programs
  --color WHEN        auto, always or never
  -v, -q              log more or less; repeat for more of it
  --version, --help

Options of status
  --check             exit with 1 unless every zone is current
  --stale             only zones that are not current
  --watch             show it again every two seconds

Options of sync
  --detailed-exitcode exit with 10 where a zone changed

Instead of a configuration file (addresses are ADDRESS@PORT, the port is 53 if left out)
  --listen ADDRESS           repeats; not needed for sync
  --store DIR                where zones are kept
  --zone NAME                repeats
  --primary ADDRESS          tried in their order; repeats
  --output-dir DIR           write each zone to DIR/NAME.zone
  --notify ADDRESS           whom to tell about new versions; repeats
  --allow-transfer WHO       10.0.0.0/8, an address, or key:NAME; repeats
  --key-file FILE            a TSIG key as BIND writes it: transfers and NOTIFY are signed with it

Examples
  twinzone-secondary serve --listen 127.0.0.1@5301 --store /var/lib/twinzone/secondary \
      --zone example.test --primary 192.0.2.1 --output-dir /var/lib/nsd/zones
  twinzone-secondary sync --store /var/lib/twinzone/secondary --zone example.test \
      --primary 192.0.2.1 --key-file /etc/twinzone/keys.d/k1.key --output-dir /var/lib/nsd/zones
  twinzone-secondary status --stale --check

Exit codes: 0 ok, 1 some zones failed, 2 usage or configuration, 3 daemon not running,
4 held by a guard, 10 changed (with --detailed-exitcode), 75 another process has the lock
)";

}  // namespace

std::string help_text(Role role) {
    return std::string{role == Role::primary ? kPrimary : kSecondary};
}

std::string version_text(Role role) {
    return fmt::format("{} {}\n", program_name(role), TWINZONE_VERSION);
}

}  // namespace twinzone::config
