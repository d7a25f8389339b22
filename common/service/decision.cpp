#include "common/service/decision.h"

namespace twinzone::service {

std::string_view label_text(TransferLabel label) noexcept {
    switch (label) {
        case TransferLabel::none: return {};
        case TransferLabel::axfr: return "AXFR";
        case TransferLabel::ixfr: return "IXFR";
        case TransferLabel::axfr_style_ixfr: return "AXFR-style IXFR";
    }
    return {};
}

std::string log_text(const Decision& decision) {
    if (!decision.line.empty()) {
        return decision.line;
    }
    const ReasonWords& words = words_of(decision.reason);
    std::string what{label_text(decision.transfer)};
    what += what.empty() ? "" : ", ";
    what += words.what;
    return observe::event_text(what, words.result, decision.facts);
}

}  // namespace twinzone::service
