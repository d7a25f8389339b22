#include "common/service/why.h"

#include <iterator>

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/control/json_object.h"

namespace twinzone::service {

namespace {

// Under the sentence: the width of a time and its gap.
constexpr std::size_t kIndent = 22;

// Texts of peers reach the terminal as text only.
std::string printable(std::string text) {
    for (char& octet : text) {
        const auto value = static_cast<unsigned char>(octet);
        if (value < 0x20 || value == 0x7f) {
            octet = '?';
        }
    }
    return text;
}

std::string repeated(const KeptDecision& kept) {
    return kept.times > 1
               ? fmt::format(" ({} times since {})", kept.times, control::to_rfc3339(kept.first))
               : std::string{};
}

void add(control::JsonObject& json, const observe::Member& member) {
    if (const auto* text = std::get_if<std::string_view>(&member.value)) {
        json.text(member.name, *text);
    } else if (const auto* number = std::get_if<std::uint64_t>(&member.value)) {
        json.number(member.name, *number);
    } else {
        json.real(member.name, std::get<double>(member.value));
    }
}

std::string json_of(const KeptDecision& kept) {
    const ReasonWords& words = words_of(kept.decision.reason);
    control::JsonObject json;
    json.text("time", control::to_rfc3339(kept.at))
        .text("reason", words.name)
        .text("text", words.sentence);
    if (kept.decision.transfer != TransferLabel::none) {
        json.text("transfer", label_text(kept.decision.transfer));
    }
    for (const observe::Member& member : observe::event_members(kept.decision.facts)) {
        add(json, member);
    }
    if (!kept.decision.line.empty()) {
        json.text("detail", kept.decision.line);
    }
    if (kept.times > 1) {
        json.number("times", kept.times).text("first", control::to_rfc3339(kept.first));
    }
    return json.to_text();
}

}  // namespace

std::string facts_text(const Decision& decision) {
    if (!decision.line.empty()) {
        return decision.line;
    }
    const std::string_view label = label_text(decision.transfer);
    observe::EventFacts facts = decision.facts;
    const std::string detail = std::exchange(facts.detail, {});
    const std::string rest = observe::event_text({}, {}, facts);  // ", remote …"
    std::string text{label};
    if (rest.size() > 2) {
        text += label.empty() ? rest.substr(2) : rest;
    }
    if (!detail.empty()) {
        text += text.empty() ? detail : fmt::format(": {}", detail);
    }
    return text;
}

std::string why_text(const dns::Name& zone, const std::vector<KeptDecision>& kept) {
    if (kept.empty()) {
        return fmt::format("{}: nothing was decided since the daemon started\n", zone.to_text());
    }
    std::string text;
    for (const KeptDecision& each : kept) {
        fmt::format_to(std::back_inserter(text), "{}  {}{}\n", control::to_rfc3339(each.at),
                       words_of(each.decision.reason).sentence, repeated(each));
        if (const std::string facts = printable(facts_text(each.decision)); !facts.empty()) {
            fmt::format_to(std::back_inserter(text), "{:{}}{}\n", "", kIndent, facts);
        }
    }
    return text;
}

std::string why_json(const dns::Name& zone, const std::vector<KeptDecision>& kept) {
    std::vector<std::string> decisions;
    decisions.reserve(kept.size());
    for (const KeptDecision& each : kept) {
        decisions.push_back(json_of(each));
    }
    control::JsonObject json;
    json.text("zone", zone.to_text()).json("decisions", control::json_list(decisions));
    return json.to_text() + '\n';
}

}  // namespace twinzone::service
