// A domain name in uncompressed wire form (RFC 1035 §3.1): length-prefixed labels, ended by the
// root's empty label. NameView borrows, Name owns; both are valid by construction: labels of 1 to
// 63 octets, 255 octets in all (RFC 1035 §2.3.4). Case is kept as it came; equality and order
// ignore it for ASCII letters (RFC 4343).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace twinzone::dns {

inline constexpr std::size_t kMaxNameBytes = 255;
inline constexpr std::size_t kMaxLabelBytes = 63;
inline constexpr std::size_t kMaxLabels =
    127;  // without the root's; 127 labels of one octet and the root fill 255

// ASCII lower case of one octet (RFC 4343 §3); other octets as they are.
[[nodiscard]] constexpr std::uint8_t lower(std::uint8_t octet) noexcept {
    return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}

class Name;

// Cheap to copy; valid as long as the bytes it borrows.
class NameView {
  public:
    // The root.
    NameView() noexcept;
    NameView(const Name& name) noexcept;  // NOLINT: a view of what owns, as string_view of string

    // The name at the front of `bytes`, which may go on after it. Errc::message_malformed for
    // compression pointers, reserved label types, names that are too long or do not end within
    // `bytes`.
    [[nodiscard]] static Result<NameView> parse(ByteView bytes);

    // Requires: `wire` is exactly one valid uncompressed name, as NameView::wire() gave it.
    [[nodiscard]] static NameView unchecked(ByteView wire) noexcept { return NameView{wire}; }

    // 1 to 255 octets, the root's label included.
    [[nodiscard]] ByteView wire() const noexcept { return wire_; }
    [[nodiscard]] std::size_t size() const noexcept { return wire_.size(); }
    [[nodiscard]] bool is_root() const noexcept { return wire_.size() == 1; }

    // Labels without the root's: 0 for the root, 2 for "example.test.".
    [[nodiscard]] std::size_t label_count() const noexcept;

    // The name without its first label. Requires: !is_root().
    [[nodiscard]] NameView parent() const noexcept {
        return NameView{wire_.subspan(std::size_t{1} + wire_[0])};
    }

    // The octets of the first label. Requires: !is_root().
    [[nodiscard]] ByteView first_label() const noexcept { return wire_.subspan(1, wire_[0]); }

    // True for `ancestor` itself and every name below it.
    [[nodiscard]] bool is_at_or_below(NameView ancestor) const noexcept;

    // True for "*.…" (RFC 4592 §2.1.1).
    [[nodiscard]] bool is_wildcard() const noexcept {
        return wire_.size() > 2 && wire_[0] == 1 && wire_[1] == '*';
    }

    // Presentation form with the closing dot (RFC 1035 §5.1): special characters as \X, unprintable
    // octets as \DDD.
    [[nodiscard]] std::string to_text() const;

    // DNS equality: ASCII case is ignored.
    friend bool operator==(NameView a, NameView b) noexcept;

  private:
    explicit NameView(ByteView wire) noexcept : wire_(wire) {}

    ByteView wire_;
};

// Same octets, case included.
[[nodiscard]] bool same_bytes(NameView a, NameView b) noexcept;

// Canonical order (RFC 4034 §6.1): by labels from the right, as lower-case octet strings. Negative,
// zero, positive.
[[nodiscard]] int compare_canonical(NameView a, NameView b) noexcept;

// A hash that agrees with operator==.
[[nodiscard]] std::size_t hash(NameView name) noexcept;

// Small, since a program keeps many of each zone's: short names lie in the object, longer ones
// behind a pointer. Moving is copying, so that a name is never another than it was.
class Name {
  public:
    // The root.
    Name() noexcept : size_(1) { near_[0] = 0; }  // NOLINT: octets behind size_ stay as they are
    explicit Name(NameView view) noexcept { set(view.wire()); }  // NOLINT: as above

    Name(const Name& other) noexcept : Name(NameView{other}) {}
    Name& operator=(const Name& other) noexcept {
        if (this != &other) {
            release();
            set(other.view().wire());
        }
        return *this;
    }
    ~Name() { release(); }

    // Presentation form, with or without the closing dot; "" is refused, "." is the root; escapes
    // \X and \DDD. Errc::usage with the reason otherwise.
    [[nodiscard]] static Result<Name> from_text(std::string_view text);

    [[nodiscard]] NameView view() const noexcept { return NameView::unchecked({octets(), size_}); }
    [[nodiscard]] std::string to_text() const { return view().to_text(); }

    // The same name in lower case.
    [[nodiscard]] Name lowered() const noexcept;

    // DNS equality: ASCII case is ignored.
    friend bool operator==(const Name& a, const Name& b) noexcept { return a.view() == b.view(); }

  private:
    static constexpr std::size_t kNearBytes = 39;  // with its size, five words

    [[nodiscard]] bool is_far() const noexcept { return size_ > kNearBytes; }
    [[nodiscard]] std::uint8_t* far() const noexcept {
        std::uint8_t* octets = nullptr;
        std::memcpy(&octets, near_.data(), sizeof octets);
        return octets;
    }
    [[nodiscard]] const std::uint8_t* octets() const noexcept {
        return is_far() ? far() : near_.data();
    }

    // Requires: nothing is held. The octets are not its own.
    void set(ByteView wire) noexcept {
        if (wire.size() > kNearBytes) {
            auto* octets = new std::uint8_t[wire.size()];  // NOLINT: released in release()
            std::memcpy(octets, wire.data(), wire.size());
            std::memcpy(near_.data(), &octets, sizeof octets);
        } else {
            std::memcpy(near_.data(), wire.data(), wire.size());
        }
        size_ = static_cast<std::uint8_t>(wire.size());
    }
    void release() noexcept {
        if (is_far()) {
            delete[] far();  // NOLINT: made in set()
        }
    }

    std::array<std::uint8_t, kNearBytes> near_;  // the octets, or where they are
    std::uint8_t size_;
};

inline NameView::NameView(const Name& name) noexcept : NameView(name.view()) {}

// For unordered containers keyed by Name.
struct NameHash {
    std::size_t operator()(const Name& name) const noexcept { return hash(name.view()); }
};

}  // namespace twinzone::dns
