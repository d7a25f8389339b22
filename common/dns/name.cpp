#include "common/dns/name.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

constexpr std::uint8_t kRoot[1] = {0};

// Where each label starts, and how many there are.
struct Labels {  // NOLINT(cppcoreguidelines-pro-type-member-init): clearing costs more than reading
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

constexpr std::string_view kSpecial = ".;()\"\\@$";

bool is_special(std::uint8_t octet) noexcept {
    return kSpecial.find(static_cast<char>(octet)) != std::string_view::npos;
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// One octet of a name's text, and how many characters it is written with.
struct TextOctet {
    std::uint8_t value = 0;
    std::size_t size = 0;
    const char* problem = nullptr;
};

// The octet at the front of `text`, escapes \X and \DDD taken off (RFC 1035 §5.1). Requires: not
// empty.
TextOctet read_octet(std::string_view text) noexcept {
    if (text[0] != '\\') {
        return {static_cast<std::uint8_t>(text[0]), 1};
    }
    if (text.size() == 1) {
        return {0, 1, "it ends in a backslash"};
    }
    if (!is_digit(text[1])) {
        return {static_cast<std::uint8_t>(text[1]), 2};
    }
    if (text.size() < 4 || !is_digit(text[2]) || !is_digit(text[3])) {
        return {0, text.size(), "escape \\DDD wants three digits"};
    }
    const int octet = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    return {static_cast<std::uint8_t>(octet), 4, octet > 255 ? "escape above \\255" : nullptr};
}

// Builds wire form octet by octet; what fails says why.
class LabelWriter {
  public:
    const char* append(std::uint8_t octet) noexcept {
        if (size_ - label_at_ > kMaxLabelBytes) {
            return "label longer than 63 octets";
        }
        if (size_ + 1 >= kMaxNameBytes) {  // one octet is the root's
            return "longer than 255 octets";
        }
        wire_[size_++] = octet;
        return nullptr;
    }

    const char* close_label() noexcept {
        if (label_is_empty()) {
            return "empty label";
        }
        wire_[label_at_] = static_cast<std::uint8_t>(size_ - label_at_ - 1);
        label_at_ = size_++;
        return nullptr;
    }

    // Closes the last label, where the text had no closing dot, and the name.
    ByteView finish() noexcept {
        if (!label_is_empty()) {
            close_label();
        }
        wire_[label_at_] = 0;
        return {wire_.data(), size_};
    }

  private:
    [[nodiscard]] bool label_is_empty() const noexcept { return size_ - label_at_ == 1; }

    std::array<std::uint8_t, kMaxNameBytes> wire_{};
    std::size_t label_at_ = 0;  // the length octet of the open label
    std::size_t size_ = 1;
};

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
    if (a.size() != b.size()) {
        return false;
    }
    return same_bytes(a, b) || std::equal(a.wire_.begin(), a.wire_.end(), b.wire_.begin(),
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
    if (text == ".") {
        return Name{};
    }
    const char* problem = text.empty() ? "no octets" : nullptr;
    LabelWriter labels;
    std::string_view rest = text;
    while (problem == nullptr && !rest.empty()) {
        if (rest.front() == '.') {
            problem = labels.close_label();
            rest.remove_prefix(1);
            continue;
        }
        const TextOctet octet = read_octet(rest);
        problem = octet.problem != nullptr ? octet.problem : labels.append(octet.value);
        rest.remove_prefix(octet.size);
    }
    if (problem != nullptr) {
        return fail(Errc::usage, fmt::format("'{}' is no domain name: {}", text, problem));
    }
    return Name{NameView::unchecked(labels.finish())};
}

Name Name::lowered() const noexcept {
    std::array<std::uint8_t, kMaxNameBytes> octets;  // NOLINT: filled below
    const ByteView wire = view().wire();
    std::transform(wire.begin(), wire.end(), octets.begin(), lower);
    return Name{NameView::unchecked({octets.data(), wire.size()})};
}

}  // namespace twinzone::dns
