#include "secondary/promotion.h"

#include <filesystem>

#include "common/config/zone_path.h"
#include "secondary/promoted_files.h"
#include "secondary/zone_file.h"

namespace twinzone::secondary {

namespace {

// A zone whose transfers were stopped moves once at most, by what was being committed.
constexpr unsigned kTries = 3;

}  // namespace

void Promotion::begin(Surroundings surroundings, PromotionOrder order, Done done) {
    const std::shared_ptr<Promotion> promotion{
        new Promotion{std::move(surroundings), std::move(order), std::move(done)}};
    promotion->unmarked_ = promotion->order_.zones.size() + 1;  // 1: this loop
    for (std::size_t place = 0; place < promotion->order_.zones.size(); ++place) {
        promotion->mark(place, 0);
    }
    promotion->settle();
}

Promotion::Promotion(Surroundings surroundings, PromotionOrder order, Done done)
    : around_(std::move(surroundings)), order_(std::move(order)), done_(std::move(done)) {
    report_.undo = order_.undo;
    report_.serving = around_.serving;
    report_.zones.resize(order_.zones.size());
}

bool Promotion::is_promoted(const dns::Name& zone) const {
    const zone::ZoneState* state = around_.store.find(zone);
    return state != nullptr && state->timers.promoted != UnixTime{};
}

void Promotion::mark(std::size_t place, unsigned tries) {
    const dns::Name& zone = order_.zones[place];
    control::PromotedZone& report = report_.zones[place];
    report.zone = zone.to_text();
    const zone::ZoneState* state = around_.store.find(zone);
    if (state == nullptr || !state->version) {
        report.problem = "there is no version of it";
        settle();
        return;
    }
    report.serial = state->version->serial();
    report.was_so = tries == 0 && is_promoted(zone) != order_.undo;
    if (report.was_so) {
        settle();
        return;
    }
    if (!order_.undo && around_.set_followed) {
        around_.set_followed(zone, false);
    }
    zone::Commit commit;
    commit.zone = zone;
    commit.base = state->version->serial();
    commit.change = zone::TouchTimers{};
    commit.timers = zone::ZoneTimers{.last_success = state->timers.last_success,
                                     .expires = UnixTime{},
                                     .promoted = order_.undo ? UnixTime{} : around_.now};
    commit.now = around_.now;
    around_.store.submit(std::move(commit), [self = shared_from_this(), place,
                                             tries](const Result<zone::Committed>& result) {
        self->handle_marked(place, tries, result);
    });
}

void Promotion::handle_marked(std::size_t place, unsigned tries,
                              const Result<zone::Committed>& result) {
    const dns::Name& zone = order_.zones[place];
    if (!result && result.error().code() == Errc::transfer_diverged && tries < kTries) {
        mark(place, tries + 1);
        return;
    }
    if (!result) {
        report_.zones[place].problem = result.error().detail();
    }
    const bool followed = order_.undo == result.has_value();
    if (followed && around_.set_followed) {
        around_.set_followed(zone, true);
    }
    settle();
}

void Promotion::settle() {
    if (--unmarked_ > 0) {
        return;
    }
    if (order_.undo) {
        end();
        return;
    }
    report_.folder = order_.folder;
    if (const Result<void> made = make_folder(order_.folder, around_.config.store_path); !made) {
        report_.problem = made.error().detail();
        end();
        return;
    }
    write_next();
}

void Promotion::write_next() {
    while (next_ < order_.zones.size()) {
        if (write_zone(next_++)) {
            return;
        }
    }
    write_configuration();
}

// True where the rest goes on behind the writing. A file that is there for a zone that was promoted
// before may have been edited since, and stays.
bool Promotion::write_zone(std::size_t place) {
    control::PromotedZone& report = report_.zones[place];
    if (!report.problem.empty()) {
        return false;
    }
    const Result<std::string> path = config::zone_file_in(order_.folder, order_.zones[place]);
    Result<std::shared_ptr<const zone::Snapshot>> snapshot =
        around_.store.snapshot(order_.zones[place]);
    if (!path || !snapshot) {
        report.problem = !path ? path.error().detail() : snapshot.error().detail();
        return false;
    }
    std::error_code ignored;
    report.file = *path;
    if (report.was_so && std::filesystem::exists(*path, ignored)) {
        return false;
    }
    const auto written = std::make_shared<Result<void>>();
    const auto held = std::make_shared<std::shared_ptr<const zone::Snapshot>>(std::move(*snapshot));
    around_.in_background(
        [written, held, path = *path, owner_of = around_.config.store_path] {
            *written = write_zone_file(**held, path, OldFile::replaced);
            held->reset();
            give_to_owner(path, owner_of);
        },
        [self = shared_from_this(), written, place] {
            if (!*written) {
                self->report_.zones[place].problem =
                    "promoted, but its zone file was not written: " + written->error().detail();
            }
            self->write_next();
        });
    return true;
}

void Promotion::write_configuration() {
    const auto primary = std::make_shared<config::Config>(primary_config(
        around_.config, [this](const dns::Name& zone) { return is_promoted(zone); },
        order_.folder));
    const auto written = std::make_shared<Result<void>>();
    around_.in_background(
        [written, primary, self = shared_from_this()] {
            *written = secondary::write_configuration(*primary, self->order_.folder);
        },
        [written, self = shared_from_this()] {
            if (*written) {
                self->report_.configuration = configuration_in(self->order_.folder);
                self->report_.notes = notes_on(self->around_.config, self->order_.folder);
            } else {
                self->report_.problem = written->error().detail();
            }
            self->end();
        });
}

void Promotion::end() {
    done_(report_);
}

}  // namespace twinzone::secondary
