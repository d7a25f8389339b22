// What the writer asks others about before it commits (agreement.h).

#include <algorithm>
#include <utility>

#include "common/store/content.h"
#include "common/store/writer.h"

namespace twinzone::store {

namespace {

Result<std::optional<zone::Version>> version_of(const Batch& batch, ByteView zone_key) {
    Result<std::optional<ZoneRecord>> record = batch.zone(zone_key);
    if (!record) {
        return fail(std::move(record).error());
    }
    return *record ? std::move((*record)->version) : std::nullopt;
}

}  // namespace

// Before the plan is written: writing lets go of steps that the zone's history has no room for.
Result<std::optional<Proposal>> Writer::propose(const Batch& batch, const Job& job,
                                                const Plan& plan) const {
    if (!plan.writes_zone || !plan.result.changed) {
        return std::optional<Proposal>{};
    }
    Result<std::optional<Proposal>> proposal = propose_large(batch, job);
    if (proposal && *proposal) {
        (*proposal)->version = *plan.record.version;
        for (const JournalStep& step : plan.steps) {
            (*proposal)->steps.insert((*proposal)->steps.end(), step.pages.begin(),
                                      step.pages.end());
        }
    }
    return proposal;
}

// Without the version, which is known once all of it is written.
Result<std::optional<Proposal>> Writer::propose_large(const Batch& batch, const Job& job) const {
    const auto& commit = std::get<zone::Commit>(job.work);
    std::optional<Proposal> proposal;
    if (!commit.shared || !options_.agree) {
        return proposal;
    }
    Result<std::optional<zone::Version>> before = version_of(batch, job.zone_key);
    if (!before) {
        return fail(std::move(before).error());
    }
    proposal.emplace();
    proposal->zone = commit.zone;
    proposal->before = *std::move(before);
    proposal->source = commit.source;
    return proposal;
}

std::optional<Proposal> Writer::finish_large(const Batch& batch,
                                             std::optional<Proposal> proposal) const {
    if (proposal) {
        proposal->version = *large_->record().version;
        proposal->steps = large_->step_pages();
        proposal->content = std::make_unique<ContentCursor>(batch.txn(), large_->record().content);
    }
    return proposal;
}

bool Writer::is_proposed(const std::vector<Outcome>& outcomes, ByteView zone_key) {
    return std::any_of(outcomes.begin(), outcomes.end(), [&](const Outcome& outcome) {
        return outcome.proposal && std::ranges::equal(outcome.job->zone_key, zone_key);
    });
}

Result<void> Writer::have_agreed(std::vector<Outcome>& outcomes) const {
    std::vector<Proposal> proposals;
    proposals.reserve(outcomes.size());
    for (Outcome& outcome : outcomes) {
        if (outcome.proposal) {
            proposals.push_back(*std::exchange(outcome.proposal, std::nullopt));
        }
    }
    return proposals.empty() ? Result<void>{} : options_.agree(proposals);
}

}  // namespace twinzone::store
