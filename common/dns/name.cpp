#include "common/dns/name.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

constexpr std::uint8_t kRoot[1] = {0};

// Where each label starts, and how many there are.
struct Labels {
    std::array<std::uint8_t, kMaxLabels + 1> at;
    std::size_t count = 0;
};

Labels labels_of(NameView name) noexcept {
    Labels labels;
    const ByteView wire = name.wire();
    std::size_t at = 0;
    while (wire[at] != 0) {
        labels.at[labels.count++] = static_cast<std::uint8_t>(at);
        at += std::size_t{1} + wire[at];
    }
    return labels;
}

int compare_labels(const std::uint8_t* a, const std::uint8_t* b) noexcept {
    const std::size_t common = std::min(a[0], b[0]);
    for (std::size_t i = 1; i <= common; ++i) {
        const int difference = lower(a[i]) - lower(b[i]);
        if (difference != 0) {
            return difference;
        }
    }
    return a[0] - b[0];
}

bool is_special(std::uint8_t octet) noexcept {
    constexpr std::string_view kSpecial = ".;()\"\\@$";
    return kSpecial.find(static_cast<char>(octet)) != std::string_view::npos;
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

}  // namespace

NameView::NameView() noexcept : wire_(kRoot) {}

Result<NameView> NameView::parse(ByteView bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && at < kMaxNameBytes) {
        const std::uint8_t length = bytes[at];
        if (length == 0) {
            return NameView{bytes.first(at + 1)};
        }
        if (length > kMaxLabelBytes) {
            return fail(Errc::message_malformed,
                        fmt::format("label type {:#04x} in an uncompressed name", length));
        }
        at += std::size_t{1} + length;
    }
    return fail(Errc::message_malformed,
                at < kMaxNameBytes ? "name runs past its end" : "name longer than 255 octets");
}

std::size_t NameView::label_count() const noexcept {
    return labels_of(*this).count;
}

bool NameView::is_at_or_below(NameView ancestor) const noexcept {
    if (ancestor.size() > size()) {
        return false;
    }
    const std::size_t tail = size() - ancestor.size();
    std::size_t at = 0;
    while (at < tail) {
        at += std::size_t{1} + wire_[at];
    }
    return at == tail && NameView{wire_.subspan(tail)} == ancestor;
}

std::string NameView::to_text() const {
    if (is_root()) {
        return ".";
    }
    std::string text;
    text.reserve(size() + 8);
    for (NameView rest = *this; !rest.is_root(); rest = rest.parent()) {
        for (const std::uint8_t octet : rest.first_label()) {
            if (octet <= ' ' || octet > '~') {
                fmt::format_to(std::back_inserter(text), "\\{:03}", octet);
                continue;
            }
            if (is_special(octet)) {
                text.push_back('\\');
            }
            text.push_back(static_cast<char>(octet));
        }
        text.push_back('.');
    }
    return text;
}

// Length octets are below 64 and so never mistaken for letters: one pass over all octets compares
// labels and letters.
bool operator==(NameView a, NameView b) noexcept {
    return a.size() == b.size() && std::equal(a.wire_.begin(), a.wire_.end(), b.wire_.begin(),
                                              [](std::uint8_t x, std::uint8_t y) {
                                                  return x == y || lower(x) == lower(y);
                                              });
}

bool same_bytes(NameView a, NameView b) noexcept {
    return a.size() == b.size() && std::memcmp(a.wire().data(), b.wire().data(), a.size()) == 0;
}

int compare_canonical(NameView a, NameView b) noexcept {
    const Labels la = labels_of(a);
    const Labels lb = labels_of(b);
    const std::size_t common = std::min(la.count, lb.count);
    for (std::size_t i = 1; i <= common; ++i) {
        const int order = compare_labels(a.wire().data() + la.at[la.count - i],
                                         b.wire().data() + lb.at[lb.count - i]);
        if (order != 0) {
            return order;
        }
    }
    return static_cast<int>(la.count) - static_cast<int>(lb.count);
}

// FNV-1a over lower-case octets.
std::size_t hash(NameView name) noexcept {
    std::uint64_t value = 0xcbf29ce484222325U;
    for (const std::uint8_t octet : name.wire()) {
        value = (value ^ lower(octet)) * 0x100000001b3U;
    }
    return static_cast<std::size_t>(value);
}

Result<Name> Name::from_text(std::string_view text) {
    if (text.empty()) {
        return fail(Errc::usage, "empty name");
    }
    if (text == ".") {
        return Name{};
    }
    std::array<std::uint8_t, kMaxNameBytes> wire{};
    std::size_t label_at = 0;
    std::size_t size = 1;
    const auto close_label = [&]() {
        wire[label_at] = static_cast<std::uint8_t>(size - label_at - 1);
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '.') {
            if (size - label_at == 1) {
                return fail(Errc::usage, fmt::format("empty label in '{}'", text));
            }
            close_label();
            label_at = size++;
            if (size > kMaxNameBytes) {
                return fail(Errc::usage, fmt::format("name longer than 255 octets: '{}'", text));
            }
            continue;
        }
        if (c == '\\') {
            if (++i == text.size()) {
                return fail(Errc::usage, fmt::format("'{}' ends in a backslash", text));
            }
            c = text[i];
            if (is_digit(c)) {
                if (i + 2 >= text.size() || !is_digit(text[i + 1]) || !is_digit(text[i + 2])) {
                    return fail(Errc::usage,
                                fmt::format("escape \\DDD wants three digits in '{}'", text));
                }
                const int octet = (c - '0') * 100 + (text[i + 1] - '0') * 10 + (text[i + 2] - '0');
                if (octet > 255) {
                    return fail(Errc::usage, fmt::format("escape above \\255 in '{}'", text));
                }
                c = static_cast<char>(octet);
                i += 2;
            }
        }
        if (size - label_at > kMaxLabelBytes) {
            return fail(Errc::usage, fmt::format("label longer than 63 octets in '{}'", text));
        }
        if (size + 1 >= kMaxNameBytes) {
            return fail(Errc::usage, fmt::format("name longer than 255 octets: '{}'", text));
        }
        wire[size++] = static_cast<std::uint8_t>(c);
    }
    if (size - label_at > 1) {  // no closing dot
        close_label();
        wire[size++] = 0;
    } else {
        wire[label_at] = 0;
    }
    return Name{NameView::unchecked({wire.data(), size})};
}

Name Name::lowered() const noexcept {
    Name result{*this};
    for (std::size_t i = 0; i < result.size_; ++i) {
        result.wire_[i] = lower(result.wire_[i]);
    }
    return result;
}

}  // namespace twinzone::dns
