#include "common/service/nsd_commands.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace twinzone::service {

namespace {

using Members = std::unordered_map<dns::Name, const zone::CatalogMember*, dns::NameHash>;

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

// In single quotes where that is not plain; a single quote within stands outside of them.
std::string quoted(std::string_view word) {
    if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) {
        return std::string{word};
    }
    std::string text = "'";
    for (const char c : word) {
        text += c == '\'' ? std::string_view{"'\\''"} : std::string_view{&c, 1};
    }
    return fmt::format("{}'", text);
}

// Names have no closing dot there, but for the root.
std::string name_of(const zone::CatalogMember& member) {
    std::string name = member.zone.to_text();
    if (name.size() > 1) {
        name.pop_back();
    }
    return name;
}

// A group that is no word is none of NSD's patterns.
std::string pattern_of(const zone::CatalogMember& member) {
    const bool is_word = !member.groups.empty() && !member.groups.front().empty() &&
                         std::all_of(member.groups.front().begin(), member.groups.front().end(),
                                     [](char c) { return c > ' ' && c < '\x7f'; });
    return is_word ? member.groups.front() : std::string{kNsdPattern};
}

// A word with a dash in front would be an option without the "--".
void append_command(std::string& out, std::string_view verb, const zone::CatalogMember& member) {
    const std::string name = name_of(member);
    const std::string pattern = verb == "addzone" ? pattern_of(member) : std::string{};
    const bool looks_like_option = name.front() == '-' || pattern.starts_with('-');
    out += fmt::format("nsd-control {}{} {}", looks_like_option ? "-- " : "", verb, quoted(name));
    out += pattern.empty() ? "\n" : fmt::format(" {}\n", quoted(pattern));
}

Members members_of(const zone::CatalogContent* content) {
    Members members;
    if (content != nullptr) {
        for (const zone::CatalogMember& member : content->members) {
            members.emplace(member.zone, &member);
        }
    }
    return members;
}

// Whether NSD has to forget what it holds of it.
bool is_another(const zone::CatalogMember& before, const zone::CatalogMember& after) {
    return before.id != after.id || pattern_of(before) != pattern_of(after);
}

}  // namespace

std::string nsd_commands(const zone::CatalogContent* before, const zone::CatalogContent& after) {
    const Members old = members_of(before);
    const Members now = members_of(&after);
    std::string out;
    if (before != nullptr) {
        for (const zone::CatalogMember& member : before->members) {
            const auto at = now.find(member.zone);
            if (at == now.end() || is_another(member, *at->second)) {
                append_command(out, "delzone", member);
            }
        }
    }
    for (const zone::CatalogMember& member : after.members) {
        const auto at = old.find(member.zone);
        if (at == old.end() || is_another(*at->second, member)) {
            append_command(out, "addzone", member);
        }
    }
    return out;
}

}  // namespace twinzone::service
