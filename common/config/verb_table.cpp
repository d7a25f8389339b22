#include "common/config/verb_table.h"

#include <algorithm>
#include <limits>

#include "common/base/assert.h"

namespace twinzone::config {

namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
constexpr OperandShape kNothing{};
constexpr OperandShape kOneZone{.least = 1, .most = 1};
constexpr OperandShape kZoneOrNothing{.least = 0, .most = 1};
constexpr OperandShape kZones{.least = 0, .most = kAny};

constexpr OperandShape words(std::size_t count) {
    return {.least = count, .most = count, .are_zones = false};
}

// Answers that the daemon has at hand; a starved machine may still take its time.
constexpr seconds kAtHand{30};

constexpr VerbOption kCheckOptions[] = {
    {"explain", ValueKind::flag, "", "tell in words what will happen with each zone"},
    {"network", ValueKind::flag, "", "ask every remote: SOA with its key, TCP; sends no NOTIFY"},
};
constexpr VerbOption kStatusOptions[] = {
    {"check", ValueKind::flag, "", "exit with 1 unless every zone is current"},
    {"stale", ValueKind::flag, "", "only zones that are not current"},
    {"watch", ValueKind::flag, "", "show it again every two seconds"},
};
constexpr VerbOption kDiffOptions[] = {
    {"from", ValueKind::serial, "SERIAL", "the older version; by default the one before --to"},
    {"to", ValueKind::serial, "SERIAL", "the newer version; by default the one in service"},
    {"file", ValueKind::text, "FILE", "the older side is a zone file"},
    {"server", ValueKind::endpoint, "ADDRESS", "the older side is what this server sends (AXFR)"},
    {"stat", ValueKind::flag, "", "only how many records differ, by type"},
};
constexpr VerbOption kWaitOptions[] = {
    {"serial", ValueKind::serial, "SERIAL", "wait until this version, or a newer one, is served"},
    {"all-peers", ValueKind::flag, "", "wait until every peer has it as well"},
    {"timeout", ValueKind::duration, "TIME", "give up after 30s, 5m, 2h; exit code 1"},
};
constexpr VerbOption kNotifyOptions[] = {
    {"to", ValueKind::text, "REMOTE", "tell only this one, by its name or address"},
};
constexpr VerbOption kExportOptions[] = {
    {"serial", ValueKind::serial, "SERIAL", "this version, rebuilt from the journal"},
    {"output", ValueKind::text, "FILE", "write it there, whole or not at all", "o"},
    {"format", ValueKind::text, "FORMAT", "zone, or nsd-control: commands for a catalog's members"},
    {"from", ValueKind::serial, "SERIAL", "nsd-control: only what changed since this version"},
};
constexpr VerbOption kKeyOptions[] = {
    {"format", ValueKind::text, "FORMAT", "twinzone, bind, nsd, knot or pdns"},
    {"algorithm", ValueKind::text, "NAME", "hmac-sha256 (the default) and its kin"},
    {"output", ValueKind::text, "FILE", "write it there, readable by its group; never over a file",
     "o"},
};
constexpr VerbOption kInitOptions[] = {
    {"server", ValueKind::endpoint, "ADDRESS", "where it answers; by default 127.0.0.1@53"},
    {"server-dir", ValueKind::text, "DIR", "where it keeps its zones, as DIR/NAME.zone"},
    {"output", ValueKind::text, "DIR", "write each file there; by default all go to stdout", "o"},
};
constexpr VerbOption kRestoreOptions[] = {
    {"replace", ValueKind::flag, "", "also where a store with zones is; it is set aside beside"},
};
constexpr VerbOption kPromoteOptions[] = {
    {"output", ValueKind::text, "DIR", "zone files and configuration; default STORE/promoted", "o"},
    {"undo", ValueKind::flag, "", "follow the primaries again"},
};
constexpr VerbOption kSyncOptions[] = {
    {"detailed-exitcode", ValueKind::flag, "", "exit with 10 where a zone changed"},
    {"dry-run", ValueKind::flag, "", "say what would be fetched, and change nothing"},
    {"splay", ValueKind::duration, "TIME", "begin after a random part of this time"},
    {"timeout", ValueKind::duration, "TIME", "end after this time; what is left has failed"},
    {"max-age", ValueKind::duration, "TIME", "silent while a primary confirmed it within it"},
    {"textfile", ValueKind::text, "FILE", "write metrics there for node_exporter"},
};

constexpr VerbRow kVerbs[] = {
    {.verb = Verb::serve,
     .word = "serve",
     .aliases = "",
     .usage = "",
     .help = "run in the foreground",
     .examples = "serve -c FILE",
     .operands = kNothing,
     .options = {}},
    {.verb = Verb::check,
     .word = "check",
     .aliases = "conf-check checkconf",
     .usage = "[--explain] [--network]",
     .help = "read the configuration and all it names, and tell every error at once",
     .examples = "check\ncheck --explain -c FILE\ncheck --network",
     .operands = kNothing,
     .options = kCheckOptions},
    {.verb = Verb::status,
     .word = "status",
     .aliases = "zonestatus zone-status",
     .usage = "[ZONE] [--check] [--watch] [--stale]",
     .help = "zones and peers of the running daemon, problems first",
     .examples = "status\nstatus example.test --json\nstatus --stale --check",
     .operands = kZoneOrNothing,
     .options = kStatusOptions},
    {.verb = Verb::why,
     .word = "why",
     .aliases = "",
     .usage = "ZONE",
     .help = "the last decisions about a zone, in words",
     .examples = "why example.test",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true,
     .patience = kAtHand},
    {.verb = Verb::history,
     .word = "history",
     .aliases = "",
     .usage = "ZONE",
     .help = "versions in the journal: serial, when, records added and removed, source",
     .examples = "history example.test\nhistory example.test --json",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true,
     .patience = kAtHand},
    {.verb = Verb::diff,
     .word = "diff",
     .aliases = "zone-diff",
     .usage = "ZONE [--from S --to S | --file F | --server A] [--stat]",
     .help = "what changed, as - and + lines; by default the last step",
     .examples = "diff example.test\ndiff example.test --from 2026030101 --to 2026030104\n"
                 "diff example.test --server 192.0.2.1 --stat",
     .operands = kOneZone,
     .options = kDiffOptions,
     .asks_daemon = true},
    {.verb = Verb::export_zone,
     .word = "export",
     .aliases = "zone-read",
     .usage = "ZONE [--serial S] [-o FILE] [--format F [--from S]]",
     .help = "a version of the zone in presentation form",
     .examples = "export example.test\nexport example.test --serial 2026030101 -o old.zone\n"
                 "export catalog.example --format nsd-control",
     .operands = kOneZone,
     .options = kExportOptions,
     .asks_daemon = true},
    {.verb = Verb::wait,
     .word = "wait",
     .aliases = "",
     .usage = "ZONE --serial S [--all-peers] [--timeout T]",
     .help = "return when that version is served, by everyone if asked so",
     .examples = "wait example.test --serial 2026030101 --all-peers --timeout 60s",
     .operands = kOneZone,
     .options = kWaitOptions,
     .asks_daemon = true},
    {.verb = Verb::notify,
     .word = "notify",
     .aliases = "zone-notify",
     .usage = "ZONE [--to REMOTE]",
     .help = "tell the zone's secondaries of its version now",
     .examples = "notify example.test --to ns2",
     .operands = kOneZone,
     .options = kNotifyOptions,
     .asks_daemon = true},
    {.verb = Verb::reload,
     .word = "reload",
     .aliases = "reconfig conf-reload",
     .usage = "",
     .help = "take up the configuration anew, whole or not at all",
     .examples = "reload",
     .operands = kNothing,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::freeze,
     .word = "freeze",
     .aliases = "zone-freeze",
     .usage = "ZONE",
     .help = "keep the zone as it is, whatever its source says",
     .examples = "freeze example.test",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::thaw,
     .word = "thaw",
     .aliases = "unfreeze zone-thaw",
     .usage = "ZONE",
     .help = "end a freeze",
     .examples = "thaw example.test",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::approve,
     .word = "approve",
     .aliases = "",
     .usage = "ZONE",
     .help = "publish the version that the guard holds",
     .examples = "approve example.test",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::reject,
     .word = "reject",
     .aliases = "",
     .usage = "ZONE",
     .help = "drop the version that the guard holds",
     .examples = "reject example.test",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::sync,
     .word = "sync",
     .aliases = "",
     .usage = "[ZONE...]",
     .help = "fetch what is new once, then exit; all zones if none is named",
     .examples = "sync\nsync example.test --detailed-exitcode\nsync --splay 5m --timeout 10m",
     .operands = kZones,
     .options = kSyncOptions,
     .secondary_only = true},
    {.verb = Verb::refresh,
     .word = "refresh",
     .aliases = "transfer zone-refresh",
     .usage = "ZONE",
     .help = "ask the primaries now, and transfer what is new",
     .examples = "refresh example.test",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::retransfer,
     .word = "retransfer",
     .aliases = "force_transfer zone-retransfer",
     .usage = "ZONE",
     .help = "transfer the whole zone now, whatever its serial",
     .examples = "retransfer example.test",
     .operands = kOneZone,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::verify,
     .word = "verify",
     .aliases = "",
     .usage = "[ZONE...]",
     .help = "compare the whole content of followed zones with every primary, and with the server "
             "beside",
     .examples = "verify\nverify example.test --json",
     .operands = kZones,
     .options = {},
     .asks_daemon = true},
    {.verb = Verb::promote,
     .word = "promote",
     .aliases = "",
     .usage = "[ZONE...] [-o DIR] [--undo]",
     .help = "turn into the primary after its loss: same store, serials and history",
     .examples = "promote\npromote example.test -o DIR\npromote --undo",
     .operands = kZones,
     .options = kPromoteOptions,
     .secondary_only = true},
    {.verb = Verb::key,
     .word = "key",
     .aliases = "",
     .usage = "new NAME [--format twinzone|bind|nsd|knot|pdns] [--algorithm A] [-o FILE]",
     .help = "make a TSIG key and show it as a server wants it",
     .examples = "key new ns1-ns2.\nkey new ns1-ns2. --format bind",
     .operands = words(2),
     .options = kKeyOptions},
    {.verb = Verb::init,
     .word = "init",
     .aliases = "",
     .usage = "SERVER [--server ADDRESS] [--server-dir DIR] [-o DIR]",
     .help = "write both halves of a configuration, ours and that of the server beside: bind, nsd, "
             "knot, pdns or coredns",
     .examples = "init bind --zone example.test\ninit nsd --zone example.test -o DIR",
     .operands = words(1),
     .options = kInitOptions},
    {.verb = Verb::backup,
     .word = "backup",
     .aliases = "",
     .usage = "DIR",
     .help = "copy the whole store, history and all, to a folder; beside a running daemon too",
     .examples = "backup /var/backups/twinzone\nbackup --store DIR /var/backups/twinzone",
     .operands = words(1),
     .options = {}},
    {.verb = Verb::restore,
     .word = "restore",
     .aliases = "",
     .usage = "DIR [--replace]",
     .help = "make the copy in that folder the store; the daemon must not run",
     .examples = "restore /var/backups/twinzone\nrestore /var/backups/twinzone --replace",
     .operands = words(1),
     .options = kRestoreOptions},
    {.verb = Verb::completion,
     .word = "completion",
     .aliases = "",
     .usage = "SHELL",
     .help = "completion of words for a shell",
     .examples = "completion bash",
     .operands = words(1),
     .options = {}},
};

// `list` is words separated by spaces.
constexpr bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t end = list.find(' ');
        if (list.substr(0, end) == word) {
            return true;
        }
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    }
    return false;
}

}  // namespace

std::span<const VerbRow> verb_table() noexcept {
    return kVerbs;
}

const VerbRow* find_verb(std::string_view word) noexcept {
    const auto* at = std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbRow& row) {
        return row.word == word || (!word.empty() && has_word(row.aliases, word));
    });
    return at == std::end(kVerbs) ? nullptr : at;
}

const VerbRow& row_of(Verb verb) noexcept {
    const auto* at = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                  [&](const VerbRow& row) { return row.verb == verb; });
    TWINZONE_ASSERT(at != std::end(kVerbs));
    return *at;
}

const VerbOption* find_option(const VerbRow& row, std::string_view name) noexcept {
    const auto at = std::find_if(row.options.begin(), row.options.end(),
                                 [&](const VerbOption& option) { return option.name == name; });
    return at == row.options.end() ? nullptr : &*at;
}

}  // namespace twinzone::config
