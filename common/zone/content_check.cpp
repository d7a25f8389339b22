#include "common/zone/content_check.h"

namespace twinzone::zone {

ContentCheck::ContentCheck(const dns::SoaRecord& soa, const CheckWanted& wanted)
    : soa_(soa), wanted_(wanted) {
    findings_.digest.add(soa_.record().view());
    findings_.records = 1;
    if (wanted_.zonemd) {
        digester_.emplace(soa_);
    }
    if (wanted_.dnssec) {
        signatures_.emplace(soa_, *wanted_.dnssec);
    }
}

Result<void> ContentCheck::add(const dns::RecordView& record) {
    findings_.digest.add(record);
    ++findings_.records;
    if (digester_ && !behind_apex_ && !(record.owner == soa_.owner)) {
        behind_apex_ = true;
        digester_->keep_published_only();
    }
    if (digester_) {
        digester_->add(record);
    }
    return signatures_ ? signatures_->add(record) : Result<void>{};
}

Result<CheckFindings> ContentCheck::finish() {
    Result<void> held = digester_ ? finish_zonemd() : Result<void>{};
    if (held && signatures_) {
        at_fault_ = CheckKind::dnssec;
        Result<DnssecFindings> dnssec = signatures_->finish();
        if (!dnssec) {
            return fail(std::move(dnssec).error());
        }
        findings_.dnssec = std::move(*dnssec);
    }
    return held ? Result<CheckFindings>{findings_} : fail(std::move(held).error());
}

Result<void> ContentCheck::finish_zonemd() {
    at_fault_ = CheckKind::zonemd;
    const ZonemdJudgement judgement = judge_zonemd(*digester_, soa_);
    findings_.zonemd = judgement.verdict;
    switch (judgement.verdict) {
        case ZonemdVerdict::valid: findings_.zonemd_hash = judgement.text; return {};
        case ZonemdVerdict::mismatch: return fail(Errc::zone_unverified, judgement.text);
        case ZonemdVerdict::absent:
            return wanted_.zonemd_is_must
                       ? fail(Errc::zone_unverified, "there is no ZONEMD, which is required")
                       : Result<void>{};
        case ZonemdVerdict::unsupported:
            return wanted_.zonemd_is_must
                       ? fail(Errc::zone_unverified,
                              "no ZONEMD is of a scheme and hash that is known here")
                       : Result<void>{};
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace twinzone::zone
