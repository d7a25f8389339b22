// Our own half: a configuration file in YAML.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/setup/fill.h"
#include "common/setup/halves.h"

namespace twinzone::setup {

namespace {

constexpr std::string_view kHead =
    R"(# @PROGRAM@: @WHAT@.
# It holds a secret: install -m 0640 -g _twinzone THIS_FILE @PATH@
# Then: @PROGRAM@ check, and systemctl enable --now @PROGRAM@
version: 1
server:  { listen: [@LISTEN@] }
store:   { path: "@STORE@" }
control: { socket: "@CONTROL@" }
)";

constexpr std::string_view kPrimaryZones =
    R"(templates:
  - name: default
    source: { transfer: [@SERVER@] }  # IXFR or AXFR from the server beside, at its NOTIFY
    notify: [@OTHERS@]
    allow-transfer: [@ALLOW@]
)";

constexpr std::string_view kSecondaryZones =
    R"(templates:
  - name: default
    primaries: [@OTHERS@]
    output: { mode: loopback, verify: @SERVER@ }  # it follows us; in step once it answers our serial
    allow-transfer: [@ALLOW@]
)";

std::string addresses(const std::vector<Endpoint>& endpoints) {
    std::vector<std::string> texts;
    for (const Endpoint& endpoint : endpoints) {
        const std::string text = endpoint.to_text();
        // "::1@53" begins like a map in YAML.
        texts.push_back(endpoint.address.is_v4() ? text : fmt::format("\"{}\"", text));
    }
    return fmt::format("{}", fmt::join(texts, ", "));
}

// "ns2", or "ns2-1", "ns2-2" where there are several.
std::vector<std::string> other_names(const Plan& plan) {
    const std::string_view stem = plan.is_primary() ? "ns2" : "ns1";
    if (plan.others.size() == 1) {
        return {std::string{stem}};
    }
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= plan.others.size(); ++i) {
        names.push_back(fmt::format("{}-{}", stem, i));
    }
    return names;
}

std::string key_member(std::string_view name) {
    return fmt::format(", key: {}", name);
}

std::string keys_text(const Plan& plan) {
    std::string out;
    if (plan.is_signed()) {
        out += fill("  - { name: @NAME@, algorithm: @ALGORITHM@, secret: \"@SECRET@\" }\n",
                    {{"NAME", plan.key.name},
                     {"ALGORITHM", std::string{dns::to_text(plan.key.algorithm)}},
                     {"SECRET", plan.key.secret}});
    }
    if (plan.other_key) {
        out += fill("  - { name: @NAME@, algorithm: @ALGORITHM@, secret-file: \"@FILE@\" }\n",
                    {{"NAME", plan.other_key->name},
                     {"ALGORITHM", plan.other_key->algorithm},
                     {"FILE", plan.other_key->file}});
    }
    return out.empty() ? out : fmt::format("keys:\n{}", out);
}

std::string remotes_text(const Plan& plan) {
    std::string out =
        fmt::format("remotes:\n  - {{ name: {}, addresses: [{}]{} }}\n", row_of(plan.server).word,
                    addresses({plan.theirs}), plan.is_signed() ? key_member(plan.key.name) : "");
    const std::vector<std::string> names = other_names(plan);
    if (!plan.other_key) {
        out += "  # sign this too: 'key new NAME' makes a key, --key-file FILE puts it here\n";
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        fmt::format_to(std::back_inserter(out), "  - {{ name: {}, addresses: [{}]{} }}\n", names[i],
                       addresses({plan.others[i]}),
                       plan.other_key ? key_member(plan.other_key->name) : "");
    }
    return out;
}

std::string allow_text(const Plan& plan) {
    std::vector<std::string> rules =
        plan.is_primary() ? other_names(plan)
                          : std::vector<std::string>{std::string{row_of(plan.server).word}};
    for (const std::string& network : plan.allow) {
        rules.push_back(fmt::format("{{ address: [\"{}\"]{} }}", network,
                                    plan.other_key ? key_member(plan.other_key->name) : ""));
    }
    return fmt::format("{}", fmt::join(rules, ", "));
}

// PowerDNS signs no NOTIFY: from its address one is believed without. It is only a hint.
std::string notify_rule(const Plan& plan) {
    return plan.is_primary() && plan.server == Server::pdns
               ? fmt::format("    allow-notify: [{}, {{ address: [\"{}\"] }}]\n",
                             row_of(plan.server).word, plan.theirs.address.to_text())
               : "";
}

}  // namespace

SetupFile twinzone_half(const Plan& plan) {
    const std::string_view program = config::program_name(plan.role);
    const std::string_view name = plan.is_primary() ? "primary.yaml" : "secondary.yaml";
    const std::string path = fmt::format("/etc/twinzone/{}", name);
    const std::string_view server = row_of(plan.server).name;
    std::string text = fill(
        kHead, {{"PROGRAM", std::string{program}},
                {"WHAT", plan.is_primary()
                             ? fmt::format("takes zones from {} beside and announces them", server)
                             : fmt::format("follows ns1 and feeds {} beside", server)},
                {"PATH", path},
                {"LISTEN", addresses(plan.listen)},
                {"STORE", plan.store},
                {"CONTROL", plan.control}});
    text += keys_text(plan);
    text += remotes_text(plan);
    text += fill(plan.is_primary() ? kPrimaryZones : kSecondaryZones,
                 {{"SERVER", std::string{row_of(plan.server).word}},
                  {"OTHERS", fmt::format("{}", fmt::join(other_names(plan), ", "))},
                  {"ALLOW", allow_text(plan)}});
    text += notify_rule(plan);
    text += "zones:\n";
    for (const Plan::Zone& zone : plan.zones) {
        fmt::format_to(std::back_inserter(text), "  - {{ zone: \"{}\" }}\n", zone.name);
    }
    return {.path = path, .name = std::string{name}, .text = std::move(text)};
}

}  // namespace twinzone::setup
