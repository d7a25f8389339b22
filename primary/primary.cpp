#include "primary/primary.h"

#include <filesystem>

#include "common/config/zone_directory.h"
#include "common/service/catalogs.h"
#include "common/service/content_verbs.h"
#include "common/service/daemon.h"
#include "common/service/program.h"
#include "common/service/reloader.h"
#include "common/service/verifier.h"
#include "primary/catalog_producer.h"
#include "primary/zone_file_loader.h"
#include "primary/zone_sources.h"

namespace twinzone::primary {

namespace {

// Those of folders are what lies in them now.
std::vector<config::Zone> zones_of(const config::Config& config) {
    std::vector<config::Zone> zones = config.zones;
    for (const config::Config::Directory& directory : config.directories) {
        if (Result<config::DirectoryZones> found = config::zones_of(directory)) {
            zones.insert(zones.end(), found->zones.begin(), found->zones.end());
        }
    }
    return zones;
}

void add_configured(const config::Config& config, ZoneSources& sources) {
    for (const config::Zone& zone : config.zones) {
        sources.add(zone);
    }
    for (const config::Config::Directory& directory : config.directories) {
        sources.add_directory(directory);
    }
}

}  // namespace

config::ExitCode serve(config::Config config, const config::CommandLine& command_line) {
    std::unique_ptr<ZoneSources> sources;
    std::unique_ptr<CatalogProducer> producer;
    service::Daemon::Hooks hooks;
    hooks.describe = [&](control::ZoneStatus& status, const dns::Name& zone) {
        if (sources) {
            sources->describe(status, zone);
            producer->describe(status, zone);
        }
    };
    const auto remake = [&producer] {
        if (producer) {
            producer->handle_change();
        }
    };
    hooks.on_published = [remake](const dns::Name&, const zone::Version&) { remake(); };
    hooks.on_zones = remake;
    hooks.on_origin = [&sources, remake] {
        sources->handle_origin();
        remake();
    };
    hooks.on_released = [&sources, remake](const dns::Name& zone) {
        if (sources) {
            sources->handle_released(zone);
        }
        remake();
    };
    Result<std::unique_ptr<service::Daemon>> opened =
        service::Daemon::open(std::move(config), std::move(hooks));
    if (!opened) {
        return service::report(config::Role::primary, opened.error());
    }
    service::Daemon& daemon = **opened;
    const service::ContentVerbs content_verbs{daemon};
    sources = std::make_unique<ZoneSources>(daemon);
    producer = std::make_unique<CatalogProducer>(daemon);
    add_configured(daemon.config(), *sources);
    service::Catalogs catalogs{
        daemon,
        {.put = [&sources](const config::Zone& zone) { sources->put(zone); },
         .remove = [&sources](const dns::Name& zone) { sources->remove(zone); }}};
    catalogs.start();
    daemon.forget_written_zones();
    const service::Reloader reloader{
        daemon,
        {.reread = service::Reloader::reread_of(command_line, config::Role::primary),
         .zones =
             [&catalogs](const config::Config& all) {
                 std::vector<config::Zone> zones = zones_of(all);
                 catalogs.append_members(zones);
                 return zones;
             },
         .put = [&sources](const config::Zone& zone) { sources->put(zone); },
         .remove = [&sources](const dns::Name& zone) { sources->remove(zone); },
         .finish = [&sources] { sources->handle_reloaded(); }}};
    const service::Verifier verifier{daemon};
    if (const Result<void> listening = daemon.listen(); !listening) {
        producer.reset();
        sources.reset();
        return service::report(config::Role::primary, listening.error());
    }
    sources->start();
    daemon.run();
    sources->keep_seen();
    producer.reset();
    sources.reset();
    return config::ExitCode::ok;
}

std::vector<std::string> check(const config::Config& config) {
    std::vector<std::string> problems;
    std::vector<config::Zone> zones = config.zones;
    for (const config::Config::Directory& directory : config.directories) {
        Result<config::DirectoryZones> found = config::zones_of(directory);
        if (!found) {
            problems.push_back(found.error().detail());
            continue;
        }
        problems.insert(problems.end(), found->skipped.begin(), found->skipped.end());
        zones.insert(zones.end(), found->zones.begin(), found->zones.end());
    }
    for (const config::Zone& zone : zones) {
        if (!zone.has_source_file()) {
            continue;
        }
        LoadOptions options;
        options.zone = zone.name;
        options.file = zone.source_file();
        options.spill_directory = std::filesystem::temp_directory_path().string();
        options.max_records = config.limits.zone_records;
        options.max_bytes = config.limits.zone_bytes;
        options.keeps_memory = false;
        if (const Result<LoadedZone> loaded = load_zone_file(options); !loaded) {
            problems.push_back(loaded.error().detail());
        }
    }
    return problems;
}

}  // namespace twinzone::primary
