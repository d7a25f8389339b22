#include "common/service/decision.h"

#include <string_view>

namespace twinzone::service {

namespace {

// The remote as it counts for comparing: a client's port is another one each time.
std::string_view partner_of(const Decision& decision) {
    const std::string_view remote = decision.facts.remote;
    return words_of(decision.reason).by_client ? remote.substr(0, remote.find('@')) : remote;
}

}  // namespace

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

bool says_the_same(const Decision& a, const Decision& b) {
    return a.reason == b.reason && a.transfer == b.transfer && a.facts.from == b.facts.from &&
           a.facts.to == b.facts.to && partner_of(a) == partner_of(b) &&
           a.facts.name == b.facts.name && a.facts.key == b.facts.key &&
           a.facts.detail == b.facts.detail && a.facts.file == b.facts.file &&
           a.facts.digest == b.facts.digest && a.facts.note == b.facts.note && a.line == b.line;
}

std::size_t memory_of(const KeptDecision& kept) noexcept {
    constexpr std::size_t kInline = 15;  // what a string holds without memory of its own
    std::size_t bytes = sizeof(KeptDecision);
    const observe::EventFacts& facts = kept.decision.facts;
    for (const std::string* text :
         {&facts.remote, &facts.name, &facts.key, &facts.file, &facts.detail, &facts.digest,
          &facts.note, &kept.decision.line}) {
        bytes += text->capacity() > kInline ? text->capacity() + 1 : 0;
    }
    return bytes;
}

}  // namespace twinzone::service
