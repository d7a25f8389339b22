#include "common/observe/event_text.h"

#include <chrono>
#include <iterator>

#include <fmt/format.h>

namespace twinzone::observe {

namespace {

double in_seconds(Duration took) {
    return std::chrono::duration<double>(took).count();
}

void append_partner(std::string& line, const EventFacts& facts) {
    const auto out = std::back_inserter(line);
    if (!facts.remote.empty()) {
        fmt::format_to(out, ", remote {}{}", facts.remote, facts.tls ? " tls" : "");
    }
    if (!facts.name.empty() && !facts.remote.empty()) {
        fmt::format_to(out, " ({})", facts.name);
    } else if (!facts.name.empty()) {
        fmt::format_to(out, ", remote {}", facts.name);
    }
    if (!facts.key.empty()) {
        fmt::format_to(out, ", key {}", facts.key);
    }
    if (!facts.file.empty()) {
        fmt::format_to(out, ", file {}", facts.file);
    }
}

void append_serials(std::string& line, const EventFacts& facts) {
    if (facts.from && facts.to) {
        fmt::format_to(std::back_inserter(line), ", serial {} -> {}", facts.from->value(),
                       facts.to->value());
    } else if (facts.from || facts.to) {
        fmt::format_to(std::back_inserter(line), ", serial {}",
                       (facts.to ? facts.to : facts.from)->value());
    }
}

void append_counts(std::string& line, const EventFacts& facts) {
    const auto out = std::back_inserter(line);
    if (facts.added || facts.removed) {
        fmt::format_to(out, ", +{} -{} records", facts.added.value_or(0),
                       facts.removed.value_or(0));
    }
    if (facts.records) {
        fmt::format_to(out, ", {} records", *facts.records);
    }
    if (facts.messages) {
        fmt::format_to(out, ", {} messages, {} bytes, {:.2f} s", *facts.messages, facts.bytes,
                       in_seconds(facts.took));
    }
    if (facts.next) {
        fmt::format_to(out, ", again in {} s", facts.next->count());
    }
    if (!facts.digest.empty()) {
        fmt::format_to(out, ", digest {}", facts.digest);
    }
    if (!facts.note.empty()) {
        fmt::format_to(out, ", {}", facts.note);
    }
}

// Collects the members that are set.
class Members {
  public:
    void text(std::string_view name, std::string_view value) {
        if (!value.empty()) {
            members_.push_back({name, value});
        }
    }
    void number(std::string_view name, const std::optional<std::uint64_t>& value) {
        if (value) {
            members_.push_back({name, *value});
        }
    }
    void serial(std::string_view name, const std::optional<dns::Serial>& value) {
        if (value) {
            members_.push_back({name, std::uint64_t{value->value()}});
        }
    }
    void real(std::string_view name, double value) { members_.push_back({name, value}); }

    std::vector<Member> take() { return std::move(members_); }

  private:
    std::vector<Member> members_;
};

}  // namespace

std::string event_text(std::string_view what, std::string_view result, const EventFacts& facts) {
    std::string line{what};
    append_partner(line, facts);
    if (!result.empty()) {
        fmt::format_to(std::back_inserter(line), ", {}", result);
    }
    if (!facts.detail.empty()) {
        fmt::format_to(std::back_inserter(line), ": {}", facts.detail);
    }
    append_serials(line, facts);
    append_counts(line, facts);
    return line;
}

std::vector<Member> event_members(const EventFacts& facts) {
    Members members;
    members.text("remote", facts.remote);
    members.text("remote_name", facts.name);
    members.text("transport", facts.tls ? "tls" : "");
    members.text("key", facts.key);
    members.text("file", facts.file);
    members.text("detail", facts.detail);
    members.serial("serial_from", facts.from);
    members.serial("serial", facts.to);
    members.number("added", facts.added);
    members.number("removed", facts.removed);
    members.number("records", facts.records);
    members.number("messages", facts.messages);
    if (facts.messages) {
        members.number("bytes", facts.bytes);
        members.real("seconds", in_seconds(facts.took));
    }
    if (facts.next) {
        members.number("next_in_seconds", static_cast<std::uint64_t>(facts.next->count()));
    }
    members.text("digest", facts.digest);
    members.text("note", facts.note);
    return members.take();
}

}  // namespace twinzone::observe
