#include "common/service/content_verbs.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "common/control/history.h"
#include "common/service/nsd_commands.h"
#include "common/service/old_version.h"
#include "common/zone/page_records.h"

namespace twinzone::service {

namespace {

using control::Reply;
using Question = control::Request;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// A client that takes nothing for so long holds an old version no longer.
constexpr Duration kMostPatience = minutes{5};
constexpr Duration kLookAround = seconds{30};

using SourceResult = Result<std::unique_ptr<TextSource>>;

std::optional<dns::Serial> serial_option(const Question& request, std::string_view name) {
    const std::string_view text = request.option(name);
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = error == std::errc{} && stop == text.data() + text.size();
    return is_whole ? std::optional{dns::Serial{value}} : std::nullopt;
}

bool wants(const Question& request, std::string_view option) {
    return request.option(option) == "true";
}

DiffForm form_of(const Question& request) {
    return wants(request, "stat") ? DiffForm::stat : DiffForm::lines;
}

Result<std::string> history_text(const zone::Snapshot& snapshot, bool json) {
    const Result<std::vector<zone::HistoryStep>> steps = snapshot.all_history();
    if (!steps) {
        return fail(steps.error());
    }
    control::History history;
    history.zone = snapshot.version().soa.owner.to_text();
    for (auto step = steps->rbegin(); step != steps->rend(); ++step) {
        history.versions.push_back({.serial = step->to.serial,
                                    .step = control::HistoryStep{.previous = step->from.serial,
                                                                 .committed = step->committed,
                                                                 .added = step->added,
                                                                 .removed = step->removed,
                                                                 .source = step->source}});
    }
    const dns::Serial oldest =
        steps->empty() ? snapshot.version().serial() : steps->front().from.serial;
    history.versions.push_back({.serial = oldest, .step = {}});
    return json ? control::to_json(history) : control::to_table(history);
}

// A text that is there already, as a source.
class WholeText final : public TextSource {
  public:
    explicit WholeText(std::string text) : text_(std::move(text)) {}

    Result<bool> fill(std::string& out) override {
        const std::size_t size = std::min(text_.size() - at_, kTextPieceBytes);
        out.append(text_, at_, size);
        at_ += size;
        return at_ < text_.size();
    }

  private:
    std::string text_;
    std::size_t at_ = 0;
};

Result<VersionPlace> place_of(const zone::Snapshot& snapshot,
                              const std::optional<dns::Serial>& serial) {
    return serial ? find_version(snapshot, *serial)
                  : VersionPlace{.back = 0, .soa = snapshot.version().soa};
}

SourceResult export_source(const std::shared_ptr<const zone::Snapshot>& snapshot,
                           const std::optional<dns::Serial>& serial, bool json,
                           const std::string& directory) {
    const Result<VersionPlace> place = place_of(*snapshot, serial);
    if (!place) {
        return fail(place.error());
    }
    Result<std::unique_ptr<zone::RecordStream>> records = records_at(*snapshot, *place, directory);
    if (!records) {
        return fail(std::move(records).error());
    }
    return std::unique_ptr<TextSource>{std::make_unique<ContentText>(
        Content{.soa = place->soa, .records = std::move(*records), .keeps = snapshot}, json)};
}

// Errc::zone_policy where it is broken.
Result<zone::CatalogContent> catalog_at(const zone::Snapshot& snapshot,
                                        const std::optional<dns::Serial>& serial,
                                        const std::string& directory) {
    const Result<VersionPlace> place = place_of(snapshot, serial);
    if (!place) {
        return fail(place.error());
    }
    const Result<std::unique_ptr<zone::RecordStream>> records =
        records_at(snapshot, *place, directory);
    if (!records) {
        return fail(records.error());
    }
    Result<zone::CatalogContent> content = zone::read_catalog(place->soa.owner, **records);
    if (content && !content->broken.empty()) {
        return fail(Errc::zone_policy, fmt::format("{} is no catalog: {}",
                                                   place->soa.owner.to_text(), content->broken));
    }
    return content;
}

SourceResult nsd_source(const zone::Snapshot& snapshot, const std::optional<dns::Serial>& serial,
                        const std::optional<dns::Serial>& from, const std::string& directory) {
    const Result<zone::CatalogContent> after = catalog_at(snapshot, serial, directory);
    if (!after) {
        return fail(after.error());
    }
    if (!from) {
        return std::unique_ptr<TextSource>{
            std::make_unique<WholeText>(nsd_commands(nullptr, *after))};
    }
    const Result<zone::CatalogContent> before = catalog_at(snapshot, from, directory);
    if (!before) {
        return fail(before.error());
    }
    return std::unique_ptr<TextSource>{std::make_unique<WholeText>(nsd_commands(&*before, *after))};
}

struct DiffOptions {
    std::optional<dns::Serial> from;
    std::optional<dns::Serial> to;
    DiffForm form{};
    bool json = false;
};

SourceResult diff_source(const std::shared_ptr<const zone::Snapshot>& snapshot,
                         const DiffOptions& options, const std::string& directory) {
    const Result<VersionPlace> to = place_of(*snapshot, options.to);
    if (!to) {
        return fail(to.error());
    }
    const Result<VersionPlace> from =
        options.from ? find_version(*snapshot, *options.from) : version_before(*snapshot, *to);
    if (!from) {
        return fail(from.error());
    }
    const bool is_backward = from->back < to->back;
    const VersionPlace& older = is_backward ? *to : *from;
    const VersionPlace& newer = is_backward ? *from : *to;
    Result<Touched> touched = touched_between(*snapshot, older, newer, directory);
    if (!touched) {
        return fail(std::move(touched).error());
    }
    Content before{.soa = older.soa, .records = std::move(touched->before), .keeps = snapshot};
    Content after{.soa = newer.soa, .records = std::move(touched->after), .keeps = snapshot};
    if (is_backward) {
        std::swap(before, after);
    }
    return std::unique_ptr<TextSource>{std::make_unique<DiffText>(
        std::move(before), std::move(after), options.form, options.json)};
}

bool is_at(const config::Remote& remote, const Endpoint& endpoint) {
    return std::find(remote.addresses.begin(), remote.addresses.end(), endpoint) !=
           remote.addresses.end();
}

// The server at `endpoint` with the key it is configured with: as the zone knows it, or anyone.
config::RemotePtr remote_at(const Endpoint& endpoint, const std::optional<config::Zone>& zone,
                            const config::Config& config) {
    std::vector<config::RemotePtr> known;
    if (zone) {
        known = (*zone)->primaries;
        known.insert(known.end(), (*zone)->notify.begin(), (*zone)->notify.end());
        known.push_back((*zone)->output.verify);
    }
    known.insert(known.end(), config.remotes.begin(), config.remotes.end());
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& remote) {
        return remote && is_at(*remote, endpoint);
    });
    config::Remote asked;
    if (found != known.end()) {
        asked = **found;
    }
    asked.name = endpoint.to_text();
    asked.addresses = {endpoint};
    return std::make_shared<const config::Remote>(std::move(asked));
}

}  // namespace

ContentVerbs::ContentVerbs(Daemon& daemon)
    : daemon_(daemon),
      directory_(daemon.config().store_path),
      fetcher_(daemon.loop(), directory_, daemon.config().limits),
      timer_(daemon.loop()) {
    control::ControlServer& control = daemon.control();
    control.on("history",
               [this](const Question& request, const Reply& reply) { history(request, reply); });
    control.on("export", [this](const Question& request, const Reply& reply) {
        export_zone(request, reply);
    });
    control.on("diff",
               [this](const Question& request, const Reply& reply) { diff(request, reply); });
}

ContentVerbs::~ContentVerbs() {
    for (const std::weak_ptr<TextReply>& each : replies_) {
        if (const std::shared_ptr<TextReply> reply = each.lock()) {
            reply->cancel("the daemon is stopping");
        }
    }
}

ContentVerbs::SnapshotPtr ContentVerbs::snapshot_for(const Question& request, const Reply& reply) {
    Result<dns::Name> zone = request.operands.size() == 1
                                 ? dns::Name::from_text(request.operands.front())
                                 : Result<dns::Name>{fail(Errc::usage, "one zone is needed")};
    if (!zone) {
        reply({.exit = kExitUsage, .output = {}, .error = zone.error().detail()});
        return nullptr;
    }
    if (!daemon_.serves(*zone)) {
        reply({.exit = kExitFailed,
               .output = {},
               .error = fmt::format("no zone {} here", zone->to_text())});
        return nullptr;
    }
    Result<SnapshotPtr> snapshot = daemon_.store().snapshot(zone->view());
    if (snapshot) {
        return std::move(*snapshot);
    }
    reply({.exit = kExitFailed,
           .output = {},
           .error = snapshot.error().code() == Errc::not_found
                        ? fmt::format("zone {} has no version yet", zone->to_text())
                        : snapshot.error().detail()});
    return nullptr;
}

void ContentVerbs::history(const Question& request, const Reply& reply) {
    const SnapshotPtr snapshot = snapshot_for(request, reply);
    if (snapshot == nullptr) {
        return;
    }
    send(
        [snapshot, json = wants(request, "json")]() -> SourceResult {
            Result<std::string> text = history_text(*snapshot, json);
            if (!text) {
                return fail(std::move(text).error());
            }
            return std::unique_ptr<TextSource>{std::make_unique<WholeText>(std::move(*text))};
        },
        reply);
}

void ContentVerbs::export_zone(const Question& request, const Reply& reply) {
    const std::string_view format = request.option("format");
    const bool is_zone = format.empty() || format == "zone";
    if ((!is_zone && format != "nsd-control") || (is_zone && !request.option("from").empty())) {
        reply({.exit = kExitUsage,
               .output = {},
               .error = "--format is zone or nsd-control; --from goes with nsd-control"});
        return;
    }
    const SnapshotPtr snapshot = snapshot_for(request, reply);
    if (snapshot != nullptr && !is_zone) {
        send([snapshot, serial = serial_option(request, "serial"),
              from = serial_option(request, "from"),
              directory = directory_] { return nsd_source(*snapshot, serial, from, directory); },
             reply);
    } else if (snapshot != nullptr) {
        send([snapshot, serial = serial_option(request, "serial"), json = wants(request, "json"),
              directory = directory_] { return export_source(snapshot, serial, json, directory); },
             reply);
    }
}

void ContentVerbs::diff(const Question& request, const Reply& reply) {
    SnapshotPtr snapshot = snapshot_for(request, reply);
    if (snapshot == nullptr) {
        return;
    }
    if (!request.option("server").empty()) {
        diff_server(request, reply, std::move(snapshot));
        return;
    }
    const DiffOptions options{.from = serial_option(request, "from"),
                              .to = serial_option(request, "to"),
                              .form = form_of(request),
                              .json = wants(request, "json")};
    send([snapshot, options,
          directory = directory_] { return diff_source(snapshot, options, directory); },
         reply);
}

void ContentVerbs::diff_server(const Question& request, const Reply& reply, SnapshotPtr snapshot) {
    constexpr std::uint16_t kDnsPort = 53;
    const Result<Endpoint> endpoint = Endpoint::from_text(request.option("server"), kDnsPort);
    if (!endpoint) {
        reply({.exit = kExitUsage, .output = {}, .error = endpoint.error().detail()});
        return;
    }
    const dns::Name zone = snapshot->version().soa.owner;
    fetcher_.use_tls(daemon_.tls());
    fetcher_.fetch(
        zone, remote_at(*endpoint, daemon_.zone_settings(zone), daemon_.config()),
        [this, reply, snapshot = std::move(snapshot), form = form_of(request),
         json = wants(request, "json")](Result<Content> theirs) {
            if (!theirs) {
                reply({.exit = kExitFailed, .output = {}, .error = theirs.error().detail()});
                return;
            }
            Content ours{.soa = snapshot->version().soa,
                         .records = std::make_unique<zone::PageRecords>(snapshot->pages()),
                         .keeps = snapshot};
            auto source = std::make_shared<std::unique_ptr<TextSource>>(
                std::make_unique<DiffText>(std::move(ours), std::move(*theirs), form, json));
            send([source]() -> SourceResult { return std::move(*source); }, reply);
        });
}

void ContentVerbs::send(TextReply::Open open, const Reply& reply) {
    auto answer = std::make_shared<TextReply>(daemon_.loop(), std::move(open), reply);
    replies_.push_back(answer);
    answer->start();
    watch_replies();
}

// Forgets answers that are over and ends those that nobody takes.
void ContentVerbs::watch_replies() {
    const Instant now = daemon_.loop().now().instant;
    std::erase_if(replies_, [now](const std::weak_ptr<TextReply>& each) {
        const std::shared_ptr<TextReply> reply = each.lock();
        if (reply && reply->waits_since() && now - *reply->waits_since() > kMostPatience) {
            reply->cancel("what was sent is not taken: the answer ends here");
        }
        return !reply;
    });
    if (!replies_.empty()) {
        timer_.arm_after(kLookAround, [this] { watch_replies(); });
    }
}

}  // namespace twinzone::service
