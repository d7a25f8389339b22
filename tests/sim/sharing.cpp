#include "tests/sim/sharing.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace twinzone::sim {

namespace {

constexpr Duration kTakeOver = seconds{10};

service::SharedPartSettings part_settings(World& world, const NodeSettings& settings) {
    return {.holder = fmt::format("{}/{:016x}", settings.name, world.random().next()),
            .times = shared::lease_times(kTakeOver),
            .retention = *settings.shares};
}

service::SharedZones zones_of(const NodeSettings& settings) {
    return {.ours = [&settings](const dns::Name& zone) -> std::optional<dns::Name> {
                for (const config::Zone& each : settings.zones) {
                    if (each.name == zone) {
                        return each.name;
                    }
                }
                return std::nullopt;
            },
            .all =
                [&settings] {
                    std::vector<dns::Name> names;
                    names.reserve(settings.zones.size());
                    for (const config::Zone& zone : settings.zones) {
                        names.push_back(zone.name);
                    }
                    return names;
                }};
}

const char* text_of(service::SharedRole role) {
    switch (role) {
        case service::SharedRole::following: return "following";
        case service::SharedRole::catching_up: return "catching up";
        case service::SharedRole::leading: break;
    }
    return "leading";
}

}  // namespace

// What the writer waits for.
struct Sharing::Asked {
    explicit Asked(std::vector<store::Proposal> all, std::function<void(Result<void>)> then)
        : proposals(std::move(all)), agreement(proposals), done(std::move(then)) {}

    std::vector<store::Proposal> proposals;
    service::Agreement agreement;
    std::function<void(Result<void>)> done;
};

Sharing::Sharing(Fabric& fabric, const NodeSettings& settings, ModelStore& store,
                 service::IntakeSource& intakes, NotifiedOf notified_of, Publish publish)
    : fabric_(fabric),
      settings_(settings),
      store_(store),
      notified_of_(std::move(notified_of)),
      publish_(std::move(publish)),
      part_(part_settings(fabric.world, settings), store, intakes, zones_of(settings)),
      link_(std::make_shared<ModelLink>(fabric.world, fabric.network, *fabric.database,
                                        settings.host)) {}

Sharing::~Sharing() {
    link_->close();
}

void Sharing::begin() {
    link_->start({.on_ready =
                      [this] {
                          part_.handle_ready(now());
                          pump();
                      },
                  .on_lost =
                      [this](const Error& error) {
                          part_.handle_lost(error);
                          pump();
                      },
                  .on_hint =
                      [this] {
                          part_.handle_hint();
                          pump();
                      },
                  .on_rows =
                      [this](service::SharedAskId id, const Result<shared::Rows>& rows,
                             const std::string& state) {
                          part_.handle_rows(now(), id, rows, state);
                          pump();
                      }});
    part_.handle_time(now());
    pump();
}

void Sharing::put(const dns::Name& zone) {
    part_.put(zone);
    pump();
}

bool Sharing::leads() const {
    return part_.leads(now().instant);
}

std::string Sharing::text() const {
    return fmt::format("{}, {}, sequence {} of {}, {} zones behind{}{}", text_of(part_.role()),
                       part_.is_ready() ? "connected" : "not connected", part_.seen_sequence(),
                       part_.last_sequence(), part_.zones_behind(),
                       part_.problem().empty() ? "" : ": ", part_.problem());
}

void Sharing::give_back(const std::function<void()>& then) {
    if (!part_.give_back(then)) {
        then();
        return;
    }
    pump();
}

void Sharing::pump() {
    while (std::optional<service::SharedAction> action = part_.poll_action()) {
        run(*std::move(action));
    }
    while (const std::optional<service::SharedEvent> event = part_.poll_event()) {
        tell(*event);
    }
    arm();
}

void Sharing::run(service::SharedAction action) {
    if (auto* question = std::get_if<service::AskHistory>(&action)) {
        link_->ask(std::move(*question));
        return;
    }
    auto& agreed = std::get<service::CommitAgreed>(action);
    agreed.commit.owe_notify = notified_of_(agreed.commit.zone);
    const dns::Name zone = agreed.commit.zone;
    store_.submit(std::move(agreed.commit), [weak = weak_from_this(), zone, id = agreed.id](
                                                const Result<zone::Committed>& committed) {
        const std::shared_ptr<Sharing> self = weak.lock();
        if (!self) {
            return;
        }
        if (committed && committed->changed) {
            self->publish_(zone, *committed->version);
        }
        self->part_.handle_committed(self->now(), id, committed);
        self->pump();
    });
}

void Sharing::arm() {
    const Instant at = std::max(now().instant + milliseconds{10}, part_.next_timeout());
    if (is_armed_ && armed_ <= at) {
        return;  // then it is looked at again
    }
    is_armed_ = true;
    armed_ = at;
    fabric_.world.after_at(settings_.host, at - now().instant,
                           [weak = weak_from_this(), number = ++timer_] {
                               const std::shared_ptr<Sharing> self = weak.lock();
                               if (self && self->timer_ == number) {
                                   self->is_armed_ = false;
                                   self->part_.handle_time(self->now());
                                   self->pump();
                               }
                           });
}

void Sharing::tell(const service::SharedEvent& event) {
    if (const auto* taken = std::get_if<service::RoleTaken>(&event)) {
        fabric_.world.count(fmt::format("a primary is {}", text_of(taken->role)));
        fabric_.world.note(fmt::format("{} is {}", settings_.name, text_of(taken->role)));
    } else if (const auto* zone = std::get_if<service::ZoneShared>(&event)) {
        fabric_.world.note(fmt::format("{} {}: {} {}", settings_.name, zone->zone.to_text(),
                                       static_cast<int>(zone->reason), zone->facts.detail));
    } else {
        const auto& note = std::get<service::SharedNote>(event);
        fabric_.world.note(fmt::format("{} shared history: {} {}", settings_.name,
                                       static_cast<int>(note.what), note.detail));
    }
}

// Between writer and loop, each way takes a moment.
void Sharing::agree(std::vector<store::Proposal> proposals,
                    std::function<void(Result<void>)> done) {
    const auto asked = std::make_shared<Asked>(std::move(proposals), std::move(done));
    go_on(asked);
}

void Sharing::go_on(const std::shared_ptr<Asked>& asked) {
    World& world = fabric_.world;
    std::optional<service::AgreementRequest> request = asked->agreement.next();
    if (!request) {
        asked->done(asked->agreement.result());
        return;
    }
    world.after(world.between(microseconds{1}, microseconds{100}), [weak = weak_from_this(), asked,
                                                                    request = *request] {
        const std::shared_ptr<Sharing> self = weak.lock();
        if (!self) {
            return;
        }
        self->part_.handle_agreement(
            self->now(), request, [weak, asked](const Result<std::int64_t>& answer) {
                const std::shared_ptr<Sharing> still = weak.lock();
                if (!still) {
                    return;
                }
                World& same = still->fabric_.world;
                same.after(same.between(microseconds{1}, microseconds{100}), [weak, asked, answer] {
                    if (const std::shared_ptr<Sharing> alive = weak.lock()) {
                        asked->agreement.handle_answer(answer);
                        alive->go_on(asked);
                    }
                });
            });
        self->pump();
    });
}

}  // namespace twinzone::sim
