// `guard` and `hooks`: what holds a version back, and who is told.
#include <algorithm>

#include "common/config/schema.h"
#include "common/config/values.h"
#include "common/config/zone_settings.h"

namespace twinzone::config {

namespace {

constexpr std::array<std::pair<std::string_view, HookEvent>, 4> kEvents = {
    std::pair{std::string_view{"committed"}, HookEvent::committed},
    {"failed", HookEvent::failed},
    {"held", HookEvent::held},
    {"expired", HookEvent::expired}};

Result<std::uint32_t> share_from_text(std::string_view text) {
    Result<std::uint32_t> share = percent_from_text(text);
    if (share && *share > 100) {
        return fail(Errc::usage, "at most 100%");
    }
    return share;
}

bool is_empty_list(const Node* node) {
    return node != nullptr && node->kind == NodeKind::sequence && node->items.empty();
}

std::vector<HookEvent> events_of(const MapReader& hook, Loading& loading) {
    std::vector<HookEvent> events;
    if (is_empty_list(hook.find("on"))) {
        loading.diagnostics.error(hook.find("on")->mark, "'on' names at least one event");
    }
    for (const Node& item : hook.list("on")) {
        const std::string* word = text_of(item, "an event", loading.diagnostics);
        if (word == nullptr) {
            continue;
        }
        const auto at = std::find_if(kEvents.begin(), kEvents.end(),
                                     [&](const auto& event) { return event.first == *word; });
        if (at != kEvents.end()) {
            events.push_back(at->second);
            continue;
        }
        constexpr std::array<std::string_view, 4> kWords = {"committed", "failed", "held",
                                                            "expired"};
        loading.diagnostics.error(
            item.mark, fmt::format("no event is called {}{}; events are committed, failed, held "
                                   "and expired",
                                   quoted(*word), did_you_mean(*word, kWords)));
    }
    return events;
}

}  // namespace

std::vector<std::string> words_of(const MapReader& map, std::string_view key, Loading& loading) {
    std::vector<std::string> words;
    for (const Node& item : map.list(key)) {
        if (const std::string* word = text_of(item, "a word", loading.diagnostics)) {
            words.push_back(*word);
        }
    }
    return words;
}

void read_guard(const MapReader& map, Loading& loading, std::optional<Guard>& guard) {
    const Node* node = map.find("guard");
    if (node == nullptr) {
        return;
    }
    if (node->kind == NodeKind::scalar && node->text == "off") {
        guard.reset();
        return;
    }
    Guard read = guard.value_or(Guard{});  // a zone's changes what its template's says
    const MapReader reader{*node, kGuardSchema, loading.role, loading.diagnostics};
    reader.read("max-delete", share_from_text, read.max_delete_percent);
    reader.read("min-records", count_from_text, read.min_records);
    guard = read;
}

void read_hooks(const MapReader& map, Loading& loading, std::vector<Hook>& hooks) {
    if (!map.has("hooks")) {
        return;
    }
    hooks.clear();
    for (const Node& node : map.list("hooks")) {
        Hook hook;
        const MapReader reader{node, kHookSchema, loading.role, loading.diagnostics};
        reader.require("on");
        reader.require("exec");
        hook.on = events_of(reader, loading);
        hook.exec = words_of(reader, "exec", loading);
        reader.read("timeout", nonzero_duration_from_text, hook.timeout);
        const Node* exec = reader.find("exec");
        if (is_empty_list(exec)) {
            loading.diagnostics.error(exec->mark, "'exec' names a program");
        } else if (!hook.exec.empty() && exec->items.front().kind == NodeKind::scalar &&
                   !hook.exec.front().starts_with('/')) {
            loading.diagnostics.error(
                exec->items.front().mark,
                fmt::format("{} is no absolute path; hooks are not looked for",
                            quoted(hook.exec.front())));
        }
        hooks.push_back(std::move(hook));
    }
}

}  // namespace twinzone::config
