#include "common/service/check_verb.h"

#include <algorithm>
#include <cstdio>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/config/zone_directory.h"
#include "common/control/json_text.h"
#include "common/service/explain.h"
#include "common/service/local_check.h"
#include "common/service/network_check.h"

namespace twinzone::service {

namespace {

using config::ExitCode;

// Those written down, and those of folders that are not.
std::vector<config::Zone> zones_in(const config::Config& config) {
    std::vector<config::Zone> zones = config.zones;
    std::unordered_set<dns::Name, dns::NameHash> known;
    for (const config::Zone& zone : zones) {
        known.insert(zone.name);
    }
    for (const config::Config::Directory& directory : config.directories) {
        const auto found = config::zones_of(directory);
        for (const config::Zone& zone : found ? found->zones : std::vector<config::Zone>{}) {
            if (known.insert(zone.name).second) {
                zones.push_back(zone);
            }
        }
    }
    return zones;
}

struct Findings {
    std::vector<std::string> problems;
    std::vector<std::string> remarks;
    std::vector<config::Zone> zones;
    std::vector<Probe> probes;
    bool is_asked = false;  // the remotes were
};

Findings look(const config::CommandLine& command_line, const config::Config& config,
              std::vector<std::string> problems) {
    Findings findings{
        .problems = std::move(problems), .remarks = {}, .zones = zones_in(config), .probes = {}};
    LocalFindings local = look_at_machine(config);
    findings.problems.insert(findings.problems.end(), local.problems.begin(), local.problems.end());
    findings.remarks = std::move(local.remarks);
    if (command_line.has("network")) {
        findings.probes = probes_of(config, findings.zones);
        // Certificates that cannot be read are among the problems already.
        findings.is_asked = run_probes(config, findings.probes).has_value();
    }
    return findings;
}

bool is_good(const Findings& findings) {
    return findings.problems.empty() &&
           (!findings.is_asked || std::all_of(findings.probes.begin(), findings.probes.end(),
                                              [](const Probe& each) { return each.works(); }));
}

void print_text(const config::CommandLine& command_line, const config::Config& config,
                const Findings& findings) {
    for (const std::string& problem : findings.problems) {
        fmt::print(stderr, "{}\n", problem);
    }
    for (const std::string& remark : findings.remarks) {
        fmt::print("remark: {}\n", remark);
    }
    if (command_line.has("explain")) {
        for (const config::Zone& zone : findings.zones) {
            fmt::print("{}", explanation_text(zone, config));
        }
    }
    if (findings.is_asked) {
        fmt::print("{}", to_text(findings.probes));
    }
    const auto failed = findings.is_asked
                            ? std::count_if(findings.probes.begin(), findings.probes.end(),
                                            [](const Probe& each) { return !each.works(); })
                            : 0;
    if (failed > 0) {
        fmt::print(stderr, "{}: {} of {} questions to remotes have no usable answer\n",
                   config::program_name(config.role), failed, findings.probes.size());
    }
    if (is_good(findings)) {
        fmt::print("{}: configuration is good: {} zones, {} folders of zones, {} remotes\n",
                   config::program_name(config.role), config.zones.size(),
                   config.directories.size(), config.remotes.size());
    }
}

std::string json_list(const std::vector<std::string>& texts) {
    std::vector<std::string> quoted;
    quoted.reserve(texts.size());
    for (const std::string& text : texts) {
        quoted.push_back(control::json_text(text));
    }
    return fmt::format("[{}]", fmt::join(quoted, ","));
}

void print_json(const config::CommandLine& command_line, const config::Config& config,
                const Findings& findings) {
    fmt::print("{{\"ok\":{},\"problems\":{},\"remarks\":{}", is_good(findings),
               json_list(findings.problems), json_list(findings.remarks));
    if (command_line.has("explain")) {
        std::vector<std::string> zones;
        zones.reserve(findings.zones.size());
        for (const config::Zone& zone : findings.zones) {
            zones.push_back(explanation_json(zone, config));
        }
        fmt::print(",\"zones\":[{}]", fmt::join(zones, ","));
    }
    if (findings.is_asked) {
        fmt::print(",\"network\":{}", to_json(findings.probes));
    }
    fmt::print("}}\n");
}

}  // namespace

ExitCode check(const config::CommandLine& command_line, const config::Config& config,
               std::vector<std::string> problems) {
    const Findings findings = look(command_line, config, std::move(problems));
    if (command_line.json) {
        print_json(command_line, config, findings);
    } else {
        print_text(command_line, config, findings);
    }
    return is_good(findings) ? ExitCode::ok : ExitCode::some_failed;
}

}  // namespace twinzone::service
