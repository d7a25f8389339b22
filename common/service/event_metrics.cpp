#include "common/service/event_metrics.h"

#include <optional>
#include <string_view>

#include "common/net/tls_failure.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

namespace {

constexpr std::string_view kIn = "in";
constexpr std::string_view kOut = "out";

std::string_view type_label(TransferType type) noexcept {
    return type == TransferType::axfr ? "axfr" : "ixfr";
}

std::string_view result_label(bool failed, bool up_to_date) noexcept {
    if (failed) {
        return "failed";
    }
    return up_to_date ? "up_to_date" : "finished";
}

std::string_view check_label(const SoaChecked& event, std::optional<dns::Serial> ours) noexcept {
    if (event.error || !event.serial) {
        return "failed";
    }
    if (!ours) {
        return "newer";
    }
    switch (dns::compare(*event.serial, *ours)) {
        case dns::SerialOrder::equal: return "current";
        case dns::SerialOrder::newer: return "newer";
        case dns::SerialOrder::older:
        case dns::SerialOrder::incomparable: return "lower";
    }
    return "failed";
}

class EventCounter {
  public:
    EventCounter(observe::Metrics& metrics, std::optional<dns::Serial> ours)
        : metrics_(metrics), ours_(ours) {}

    void operator()(const SoaChecked& event) {
        metrics_.soa_checks.add({check_label(event, ours_)});
        count_error(event.error);
    }

    void operator()(const DigestCompared& event) {
        metrics_.digest_checks.add({event.outcome == DigestOutcome::same ? "same" : "differs"});
    }

    void operator()(const TransferEnded& event) {
        if (event.cause == TransferCause::differs && !event.error && !event.unchanged) {
            metrics_.digest_checks.add({"mended"});
        }
        // What a failed one would have become is not known.
        const std::string_view type = type_label(event.error ? event.asked : event.got);
        metrics_.transfers.add(
            {kIn, type, result_label(event.error.has_value(), event.up_to_date)});
        metrics_.transfer_bytes.add({kIn, type}, event.bytes);
        if (!event.error && !event.up_to_date) {
            metrics_.transfer_duration.observe(event.took);
        }
        if (event.error && event.falls_back_to_axfr) {
            metrics_.ixfr_fallbacks.add({to_string(event.error->code())});
        }
        count_error(event.error);
    }

    void operator()(const NotifyAccepted&) { metrics_.notifies.add({kIn, "accepted"}); }

    void operator()(const VersionHeld& event) { count_held(metrics_, event.held); }

    void operator()(const NotifyTurnedAway& event) {
        metrics_.notifies.add({kIn, event.ignored ? "ignored" : "refused"});
    }

    // The log's and the status' alone.
    template <class Event>
    void operator()(const Event&) {}

  private:
    void count_error(const std::optional<Error>& error) {
        if (error) {
            metrics_.count_tsig_error(error->code());
            count_tls_error(metrics_, *error);
        }
    }

    observe::Metrics& metrics_;
    std::optional<dns::Serial> ours_;
};

}  // namespace

void count_event(observe::Metrics& metrics, const FollowerEvent& event,
                 const zone::VersionStore& store) {
    const zone::ZoneState* held = store.find(event.zone);
    std::optional<dns::Serial> ours;
    if (held != nullptr && held->version) {
        ours = held->version->serial();
    }
    EventCounter counter{metrics, ours};
    std::visit(counter, event.what);
}

void count_tls_error(observe::Metrics& metrics, const Error& error) {
    if (const std::optional<net::TlsFailure> failure = net::tls_failure_of(error)) {
        metrics.tls_errors.add({to_string(*failure)});
    }
}

void count_held(observe::Metrics& metrics, const zone::HeldVersion& held) {
    metrics.guard_holds.add({to_text(held.reason)});
}

void count_judged(observe::Metrics& metrics, const Judged& judged) {
    if (!judged.findings) {
        if (judged.findings.error().code() == Errc::zone_unverified) {
            metrics.zone_checks.add(
                {judged.at_fault == zone::CheckKind::zonemd ? "zonemd" : "dnssec", "failed"});
        }
        return;
    }
    if (judged.wanted.zonemd == config::ZonemdMode::generate) {
        metrics.zone_checks.add({"zonemd", "generated"});
    } else if (judged.wanted.zonemd != config::ZonemdMode::off) {
        metrics.zone_checks.add({"zonemd", to_string(judged.findings->zonemd)});
    }
    if (judged.findings->dnssec) {
        metrics.zone_checks.add({"dnssec", to_string(judged.findings->dnssec->verdict)});
    }
}

void count_transfer_end(observe::Metrics& metrics, const ClientSession::TransferEnd& end) {
    const transfer::TransferPlan plan = end.transfer.writer().plan();
    const bool up_to_date = plan == transfer::TransferPlan::single_soa;
    const std::string_view type =
        type_label(plan == transfer::TransferPlan::full ? TransferType::axfr : TransferType::ixfr);
    metrics.transfers.add({kOut, type, result_label(end.error.has_value(), up_to_date)});
    metrics.transfer_bytes.add({kOut, type}, end.sent.bytes);
    if (!end.error && !up_to_date) {
        metrics.transfer_duration.observe(end.took);
    }
}

void count_announced(observe::Metrics& metrics, const Announced& announced) {
    if (announced.stage != Announced::Stage::answered) {
        if (announced.stage == Announced::Stage::unanswered) {
            metrics.notifies.add({kOut, "unanswered"});
        }
        return;
    }
    if (announced.error) {
        metrics.notifies.add({kOut, "bad_answer"});
        metrics.count_tsig_error(announced.error->code());
        return;
    }
    switch (announced.verdict) {
        case transfer::NotifyVerdict::delivered: metrics.notifies.add({kOut, "answered"}); return;
        case transfer::NotifyVerdict::refused: metrics.notifies.add({kOut, "refused"}); return;
        case transfer::NotifyVerdict::retrying: metrics.notifies.add({kOut, "retrying"}); return;
    }
}

void count_refusal(observe::Metrics& metrics, const Refusal& refusal) {
    if (refusal.kind == RefusalKind::notify_refused) {
        metrics.notifies.add({kIn, "refused"});
    }
    if (refusal.fault) {
        metrics.count_tsig_error(*refusal.fault);
    }
}

}  // namespace twinzone::service
