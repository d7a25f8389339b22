#include "common/service/judged.h"

#include <string_view>

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/service/event_decisions.h"

namespace twinzone::service {

namespace {

observe::EventFacts facts_of(const Judged& judged) {
    observe::EventFacts facts;
    facts.to = judged.serial;
    facts.records = judged.findings->records;
    return facts;
}

// "SHA-384, judged in 0.84 s".
std::string note_of(const Judged& judged, std::string_view what) {
    const double took = std::chrono::duration<double>(judged.took).count();
    return fmt::format("{}{}judged in {:.2f} s", what, what.empty() ? "" : ", ", took);
}

Decision zonemd_decision(const Judged& judged) {
    observe::EventFacts facts = facts_of(judged);
    facts.note = note_of(judged, judged.findings->zonemd_hash);
    if (judged.wanted.zonemd == config::ZonemdMode::generate) {
        return {.reason = Reason::zonemd_made, .facts = std::move(facts)};
    }
    switch (judged.findings->zonemd) {
        case zone::ZonemdVerdict::valid:
            return {.reason = Reason::zonemd_right, .facts = std::move(facts)};
        case zone::ZonemdVerdict::unsupported:
            return {.reason = Reason::zonemd_unknown, .facts = std::move(facts)};
        case zone::ZonemdVerdict::absent:
            return {.reason = Reason::zonemd_absent, .facts = std::move(facts)};
        case zone::ZonemdVerdict::mismatch: break;  // never a finding
    }
    TWINZONE_UNREACHABLE();
}

Decision dnssec_decision(const Judged& judged) {
    observe::EventFacts facts = facts_of(judged);
    const zone::DnssecFindings& dnssec = *judged.findings->dnssec;
    switch (dnssec.verdict) {
        case zone::DnssecVerdict::not_signed:
            return {.reason = Reason::dnssec_unsigned, .facts = std::move(facts)};
        case zone::DnssecVerdict::unknown:
            return {.reason = Reason::dnssec_unknown, .facts = std::move(facts)};
        case zone::DnssecVerdict::verified:
            facts.note = note_of(judged, fmt::format("{} signatures", dnssec.signatures));
            return {.reason = Reason::dnssec_right, .facts = std::move(facts)};
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace

std::string warning_of(const Judged& judged) {
    const bool has_end =
        judged.findings && judged.findings->dnssec && judged.findings->dnssec->first_end;
    if (!has_end) {
        return {};
    }
    const zone::DnssecFindings& dnssec = *judged.findings->dnssec;
    if (*dnssec.first_end - judged.at >= judged.expire) {
        return {};
    }
    return fmt::format("the signature of {} ends at {}, before the SOA's expire of {}",
                       dnssec.first_set, control::to_rfc3339(*dnssec.first_end),
                       control::span_in_words(judged.expire));
}

std::vector<Decision> decisions_of(const Judged& judged) {
    std::vector<Decision> decisions;
    if (!judged.findings) {
        return decisions;  // told by what brought the content
    }
    if (judged.wanted.zonemd != config::ZonemdMode::off) {
        decisions.push_back(zonemd_decision(judged));
    }
    if (judged.findings->dnssec) {
        decisions.push_back(dnssec_decision(judged));
    }
    if (std::string warning = warning_of(judged); !warning.empty()) {
        observe::EventFacts facts;
        facts.to = judged.serial;
        facts.detail = std::move(warning);
        decisions.push_back({.reason = Reason::dnssec_ends_soon, .facts = std::move(facts)});
    }
    return decisions;
}

}  // namespace twinzone::service
