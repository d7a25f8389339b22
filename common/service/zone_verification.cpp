#include "common/service/zone_verification.h"

#include <atomic>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "common/service/record_changes.h"
#include "common/text/zone_file_writer.h"
#include "common/zone/page_records.h"

namespace twinzone::service {

namespace {

constexpr unsigned kTries = 3;
constexpr std::size_t kShownDifferences = 10;

// For us to get what the primary has, and for the server beside us to get what we have.
constexpr Duration kMeetingTime = seconds{30};
constexpr Duration kLookInterval = milliseconds{100};
constexpr Duration kBeforeAskingAgain = seconds{1};

std::string name_of(const config::Remote& remote) {
    const std::string address = remote.addresses.front().to_text();
    return remote.name == address ? address : fmt::format("{} ({})", remote.name, address);
}

// What our error texts end with where a server answers REFUSED (RFC 1035 §4.1.1).
bool is_refusal(const Error& error) {
    return error.code() == Errc::rcode && error.detail().ends_with("REFUSED");
}

}  // namespace

// Shared with the pool.
struct ZoneVerification::Comparison {
    std::shared_ptr<const zone::Snapshot> ours;
    Content theirs;
    ServerVerdict verdict;
    Result<void> outcome;
    std::atomic<bool> is_unwanted = false;
    std::mutex mutex;  // held while it runs

    void run() {
        const std::lock_guard guard{mutex};
        if (is_unwanted) {
            return;
        }
        outcome = walk();
        // Nothing is held longer than it is read.
        ours.reset();
        theirs.records.reset();
    }

  private:
    Result<void> walk() {
        if (const auto& soa = ours->version().soa;
            !dns::same_rdata(soa, theirs.soa) || !(soa.ttl == theirs.soa.ttl)) {
            note('-', soa.record().view(), verdict.only_here);
            note('+', theirs.soa.record().view(), verdict.only_there);
        }
        zone::PageRecords records{ours->pages()};
        RecordChanges changes{records, *theirs.records, Sameness::meaning};
        while (!is_unwanted) {
            const Result<std::optional<Change>> change = changes.next();
            if (!change) {
                return fail(change.error());
            }
            if (!*change) {
                return {};
            }
            if ((*change)->removed) {
                note('-', *(*change)->removed, verdict.only_here);
            }
            if ((*change)->added) {
                note('+', *(*change)->added, verdict.only_there);
            }
        }
        return {};
    }

    void note(char sign, const dns::RecordView& record, std::uint64_t& count) {
        ++count;
        if (verdict.differences.size() < kShownDifferences) {
            std::string& line = verdict.differences.emplace_back(1, sign);
            text::append_record(record, line);
            line.pop_back();
        }
    }
};

ZoneVerification::ZoneVerification(Daemon& daemon, ContentFetcher& fetcher,
                                   const config::Zone& zone, Done done)
    : daemon_(daemon),
      fetcher_(fetcher),
      zone_(zone),
      done_(std::move(done)),
      timer_(daemon.loop()) {
    for (const config::RemotePtr& primary : zone_->primaries) {
        servers_.push_back({.remote = primary, .is_primary = true});
    }
    if (zone_->output.verify) {
        servers_.push_back({.remote = zone_->output.verify, .is_primary = false});
    }
    verdict_.zone = zone_.name;
}

ZoneVerification::~ZoneVerification() {
    if (comparison_) {
        comparison_->is_unwanted = true;
        const std::lock_guard wait{comparison_->mutex};
        comparison_->ours.reset();
        comparison_->theirs.records.reset();
    }
}

std::optional<dns::Serial> ZoneVerification::our_serial() const {
    const zone::ZoneState* state = daemon_.store().find(zone_.name);
    return state != nullptr && state->version ? std::optional{state->version->serial()}
                                              : std::nullopt;
}

void ZoneVerification::start() {
    timer_.arm_after(Duration{0}, [this] { next_server(); });
}

void ZoneVerification::next_server() {
    verdict_.serial = our_serial();
    if (!verdict_.serial || at_ == servers_.size()) {
        std::exchange(done_, {})(std::move(verdict_));
        return;
    }
    tries_ = 0;
    fetch();
}

void ZoneVerification::fetch() {
    ++tries_;
    asked_under_ = our_serial();
    fetcher_.use_tls(daemon_.tls());
    fetcher_.fetch(zone_.name, servers_[at_].remote,
                   [this](Result<Content> theirs) { handle_content(std::move(theirs)); });
}

ServerVerdict ZoneVerification::verdict_on(Finding finding) const {
    return {.server = name_of(*servers_[at_].remote),
            .is_primary = servers_[at_].is_primary,
            .finding = finding};
}

void ZoneVerification::handle_content(Result<Content> theirs) {
    if (!theirs) {
        const bool may_refuse = !servers_[at_].is_primary && is_refusal(theirs.error());
        ServerVerdict verdict = verdict_on(may_refuse ? Finding::refused : Finding::no_answer);
        verdict.why = theirs.error().detail();
        settle(std::move(verdict));
        return;
    }
    if (our_serial() == theirs->soa.serial) {
        compare(std::move(*theirs));
    } else {
        handle_other_serial(theirs->soa.serial);
    }
}

// Ahead of us: we fetch it, then compare again. Behind us: it may have been asked before we moved
// on, or is about to follow us.
void ZoneVerification::handle_other_serial(dns::Serial theirs) {
    const std::optional<dns::Serial> ours = our_serial();
    if (tries_ == kTries || !ours) {
        ServerVerdict verdict = verdict_on(Finding::other_serial);
        verdict.serial = theirs;
        settle(std::move(verdict));
        return;
    }
    const bool is_primary = servers_[at_].is_primary;
    if (is_primary && dns::compare(theirs, *ours) == dns::SerialOrder::newer) {
        daemon_.refresh(zone_.name.view());
        wait_for(theirs, daemon_.loop().now().instant + kMeetingTime);
    } else if (is_primary && asked_under_ == ours) {
        tries_ = kTries;  // nobody moves
        handle_other_serial(theirs);
    } else {
        timer_.arm_after(kBeforeAskingAgain, [this] { fetch(); });
    }
}

void ZoneVerification::wait_for(dns::Serial theirs, Instant until) {
    const std::optional<dns::Serial> ours = our_serial();
    const bool is_there = ours && dns::compare(theirs, *ours) != dns::SerialOrder::newer;
    if (is_there) {
        fetch();
    } else if (daemon_.loop().now().instant >= until) {
        tries_ = kTries;
        handle_other_serial(theirs);
    } else {
        timer_.arm_after(kLookInterval, [this, theirs, until] { wait_for(theirs, until); });
    }
}

void ZoneVerification::compare(Content theirs) {
    Result<std::shared_ptr<const zone::Snapshot>> snapshot =
        daemon_.store().snapshot(zone_.name.view());
    if (!snapshot) {
        ServerVerdict verdict = verdict_on(Finding::no_answer);
        verdict.why = snapshot.error().detail();
        settle(std::move(verdict));
        return;
    }
    comparison_ = std::make_shared<Comparison>();
    comparison_->ours = std::move(*snapshot);
    comparison_->theirs = std::move(theirs);
    comparison_->verdict = verdict_on(Finding::same);
    daemon_.loop().work([comparison = comparison_] { comparison->run(); },
                        [this, weak = std::weak_ptr<Comparison>{comparison_}] {
                            // Ours is the only one left: where it is gone, so are we.
                            if (const std::shared_ptr<Comparison> comparison = weak.lock()) {
                                comparison_.reset();
                                handle_compared(*comparison);
                            }
                        });
}

void ZoneVerification::handle_compared(const Comparison& comparison) {
    ServerVerdict verdict = comparison.verdict;
    verdict.serial = comparison.theirs.soa.serial;
    if (!comparison.outcome) {
        verdict.finding = Finding::no_answer;
        verdict.why = comparison.outcome.error().detail();
    } else if (verdict.only_here + verdict.only_there > 0) {
        verdict.finding = Finding::differs;
    }
    settle(std::move(verdict));
}

void ZoneVerification::settle(ServerVerdict verdict) {
    verdict_.servers.push_back(std::move(verdict));
    ++at_;
    next_server();
}

}  // namespace twinzone::service
