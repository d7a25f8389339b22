#include "common/observe/event_text.h"

#include <chrono>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::observe {

namespace {

std::string_view type_text(TransferType type) noexcept {
    switch (type) {
        case TransferType::axfr: return "AXFR";
        case TransferType::ixfr: return "IXFR";
        case TransferType::ixfr_as_axfr: return "AXFR-style IXFR";
    }
    TWINZONE_UNREACHABLE();
}

void append_serials(std::string& line, const TransferFacts& facts) {
    if (facts.from && facts.to) {
        fmt::format_to(std::back_inserter(line), ", serial {} -> {}", facts.from->value(),
                       facts.to->value());
    } else if (facts.from || facts.to) {
        fmt::format_to(std::back_inserter(line), ", serial {}",
                       (facts.to ? facts.to : facts.from)->value());
    }
}

void append_records(std::string& line, const TransferFacts& facts) {
    if (facts.added || facts.removed) {
        fmt::format_to(std::back_inserter(line), ", +{} -{} records", facts.added.value_or(0),
                       facts.removed.value_or(0));
    } else if (facts.records) {
        fmt::format_to(std::back_inserter(line), ", {} records", *facts.records);
    }
}

}  // namespace

std::string transfer_text(const TransferFacts& facts) {
    std::string line =
        fmt::format("{}, {}, remote {}{}", type_text(facts.type),
                    facts.direction == TransferDirection::incoming ? "incoming" : "outgoing",
                    facts.remote.to_text(), facts.tls ? " tls" : "");
    if (!facts.key.empty()) {
        fmt::format_to(std::back_inserter(line), ", key {}", facts.key);
    }
    fmt::format_to(std::back_inserter(line), ", {}", facts.result);
    append_serials(line, facts);
    append_records(line, facts);
    fmt::format_to(std::back_inserter(line), ", {} messages, {} bytes, {:.2f} s", facts.messages,
                   facts.bytes, std::chrono::duration<double>(facts.took).count());
    return line;
}

}  // namespace twinzone::observe
