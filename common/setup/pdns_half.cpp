// PowerDNS 4.7 and later with a database (SQLite, MySQL, PostgreSQL, LMDB): settings of the server,
// and commands for what stands in the database.
#include <fmt/format.h>

#include "common/setup/fill.h"
#include "common/setup/halves.h"

namespace twinzone::setup {

namespace {

constexpr std::string_view kPrimaryConf =
    R"(# PowerDNS: install -m 0644 THIS_FILE /etc/powerdns/pdns.d/twinzone.conf, then restart it.
primary=yes
)";

constexpr std::string_view kSecondaryConf =
    R"(# PowerDNS: install -m 0644 THIS_FILE /etc/powerdns/pdns.d/twinzone.conf, then restart it.
secondary=yes
allow-notify-from=@ADDRESS@
xfr-cycle-interval=10
)";

constexpr std::string_view kScriptHead =
    R"(#!/bin/sh
# PowerDNS keeps keys and zones in its database: run this once, as the user it runs as. It holds a
# secret: chmod 0700, and remove it afterwards.
set -e
pdnsutil() { command pdnsutil ${PDNS_CONFIG_DIR:+--config-dir="$PDNS_CONFIG_DIR"} "$@"; }
pdnsutil import-tsig-key @KEY@ @ALGORITHM@ '@SECRET@'
)";

constexpr std::string_view kPrimaryZone = R"(pdnsutil set-kind @ZONE@ primary
pdnsutil activate-tsig-key @ZONE@ @KEY@ primary
pdnsutil set-meta @ZONE@ ALSO-NOTIFY @NOTIFY@
)";

// Without the metadata IXFR: up to 4.9 PowerDNS does not rectify what came by IXFR, and answers new
// names with SERVFAIL or not at all. Over loopback a whole zone costs little.
constexpr std::string_view kSecondaryZone = R"(pdnsutil create-secondary-zone @ZONE@ @NOTIFY@
pdnsutil activate-tsig-key @ZONE@ @KEY@ secondary
)";

// "127.0.0.1:5300", "[::1]:5300".
std::string with_colon(const Endpoint& endpoint) {
    const std::string address = endpoint.address.to_text();
    return endpoint.address.is_v4() ? fmt::format("{}:{}", address, endpoint.port)
                                    : fmt::format("'[{}]:{}'", address, endpoint.port);
}

std::string script_of(const Plan& plan) {
    std::string text =
        fill(kScriptHead, {{"KEY", plan.key.name},
                           {"ALGORITHM", std::string{dns::to_text(plan.key.algorithm)}},
                           {"SECRET", plan.key.secret}});
    for (const Plan::Zone& zone : plan.zones) {
        if (plan.is_primary() && !zone.file.empty()) {
            text += fmt::format("pdnsutil load-zone {} '{}'\n", zone.name, zone.file);
        }
        text +=
            fill(plan.is_primary() ? kPrimaryZone : kSecondaryZone,
                 {{"ZONE", zone.name}, {"KEY", plan.key.name}, {"NOTIFY", with_colon(plan.ours)}});
    }
    return text;
}

}  // namespace

std::vector<SetupFile> pdns_half(const Plan& plan) {
    return {{.path = "/etc/powerdns/pdns.d/twinzone.conf",
             .name = "pdns-twinzone.conf",
             .text = fill(plan.is_primary() ? kPrimaryConf : kSecondaryConf,
                          {{"ADDRESS", plan.ours.address.to_text()}})},
            {.path = "/etc/powerdns/twinzone-setup.sh",
             .name = "pdns-twinzone-setup.sh",
             .text = script_of(plan),
             .is_program = true}};
}

}  // namespace twinzone::setup
