// BIND 9.16 and later.
#include "common/setup/fill.h"
#include "common/setup/halves.h"

namespace twinzone::setup {

namespace {

constexpr std::string_view kHead =
    R"(# BIND: include "/etc/bind/named.conf.twinzone"; in named.conf, then rndc reconfig.
# It holds a secret: install -m 0640 -g bind THIS_FILE /etc/bind/named.conf.twinzone
key "@KEY@" {
    algorithm @ALGORITHM@;
    secret "@SECRET@";
};
)";

constexpr std::string_view kPrimaryZone = R"(
# Take over what else your own statement for this zone says.
zone "@ZONE@" {
    type primary;
    file "@FILE@";
    journal "@ZONE@.jnl";  # in the server's directory, which it may write
    ixfr-from-differences yes;  # so that Twinzone gets the changes, not all of it
    notify explicit;
    also-notify { @ADDRESS@ port @PORT@ key "@KEY@"; };
    allow-transfer { key "@KEY@"; };
};
)";

constexpr std::string_view kSecondaryZone = R"(
zone "@ZONE@" {
    type secondary;
    file "@FILE@";  # in the server's directory, which it may write
    primaries { @ADDRESS@ port @PORT@ key "@KEY@"; };
    allow-notify { key "@KEY@"; };
    notify no;  # Twinzone has told everybody
};
)";

}  // namespace

std::vector<SetupFile> bind_half(const Plan& plan) {
    std::string text = fill(kHead, {{"KEY", plan.key.name},
                                    {"ALGORITHM", std::string{dns::to_text(plan.key.algorithm)}},
                                    {"SECRET", plan.key.secret}});
    for (const Plan::Zone& zone : plan.zones) {
        text += fill(plan.is_primary() ? kPrimaryZone : kSecondaryZone,
                     {{"ZONE", zone.name},
                      {"FILE", zone.file},
                      {"ADDRESS", plan.ours.address.to_text()},
                      {"PORT", std::to_string(plan.ours.port)},
                      {"KEY", plan.key.name}});
    }
    return {{.path = "/etc/bind/named.conf.twinzone",
             .name = "named.conf.twinzone",
             .text = std::move(text)}};
}

}  // namespace twinzone::setup
