#include "common/service/fact_gatherer.h"

#include <utility>

namespace twinzone::service {

namespace {

// How long a slice may keep the loop, and after how many zones the clock is read.
constexpr Duration kSliceTime = milliseconds{4};
constexpr std::size_t kZonesPerLook = 32;

}  // namespace

FactGatherer::FactGatherer(net::Loop& loop, Sources sources)
    : loop_(loop), sources_(std::move(sources)), timer_(loop) {}

void FactGatherer::gather(Done done) {
    waiting_.push_back(std::move(done));
    if (!is_running_) {
        start();
    }
}

void FactGatherer::start() {
    is_running_ = true;
    served_ = std::exchange(waiting_, {});
    facts_ = std::make_shared<web::Facts>(sources_.begin());
    spent_ = Duration{0};
    read_slice();
}

void FactGatherer::read_slice() {
    const Instant began = loop_.now().instant;
    for (;;) {
        const Now now = loop_.now();
        if (now.instant - began > kSliceTime) {
            spent_ += now.instant - began;
            // As long a pause: asked without end, it takes half of the loop at most.
            timer_.arm_after(now.instant - began, [this] { read_slice(); });
            return;
        }
        for (std::size_t i = 0; i < kZonesPerLook; ++i) {
            std::optional<control::ZoneStatus> zone = sources_.zone_at(facts_->status.zones.size());
            if (!zone) {
                spent_ += loop_.now().instant - began;
                finish();
                return;
            }
            facts_->expires.push_back(zone->expires_in ? now.unix + *zone->expires_in : UnixTime{});
            facts_->status.zones.push_back(*std::move(zone));
        }
    }
}

void FactGatherer::finish() {
    cost_ = spent_;
    const std::shared_ptr<const web::Facts> facts = std::exchange(facts_, nullptr);
    const std::vector<Done> served = std::exchange(served_, {});
    for (const Done& done : served) {
        done(facts);
    }
    is_running_ = false;
    if (!waiting_.empty()) {
        timer_.arm_after(cost_, [this] { start(); });
        is_running_ = true;
    }
}

}  // namespace twinzone::service
