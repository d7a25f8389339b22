#include "common/text/record_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/text/number.h"
#include "common/text/type_text.h"

namespace twinzone::text {

namespace {

bool is_class_in(const Token& token) noexcept {
    return token.size() == 2 && to_lower(token.begin[0]) == 'i' && to_lower(token.begin[1]) == 'n';
}

// A token that is neither TTL nor "IN" nor a type: another way to write the class, or a mistake.
// True if it is class IN.
[[gnu::cold]] bool take_odd_class(Scanner& scanner, const Token& token) {
    const std::optional<dns::RrClass> rr_class = dns::rr_class_from_text(token.text());
    if (rr_class == dns::RrClass::in) {
        return true;
    }
    if (rr_class) {
        scanner.fail(token.begin, fmt::format("class {}: only class IN is served", token.text()),
                     Errc::zone_file_content);
    } else {
        scanner.fail(token.begin, fmt::format("'{:.40}' is no type, class or TTL", token.text()));
    }
    return false;
}

}  // namespace

dns::RecordView RecordReader::read(Scanner& scanner, const Token& token, bool blank_owner) {
    if (!blank_owner) {
        read_owner(scanner, token);
    } else if (owner_size_ == 0) {
        scanner.fail(token.begin, "the owner is left out, but no record stands before this one");
    }
    const Head head = read_head(scanner, token, blank_owner);
    if (scanner.failed()) [[unlikely]] {
        return {};
    }
    const ByteView rdata = rdata_.read(scanner, head.type, origin_.view());
    if (scanner.failed()) [[unlikely]] {
        return {};
    }
    const dns::Ttl ttl = complete_ttl(scanner, head, rdata);
    return {dns::NameView::unchecked({owner_.data(), owner_size_}), head.type, dns::RrClass::in,
            ttl, rdata};
}

void RecordReader::read_owner(Scanner& scanner, const Token& token) {
    owner_size_ = read_name(scanner, token, origin_.view(), owner_.data());
}

RecordReader::Head RecordReader::read_head(Scanner& scanner, const Token& token, bool blank_owner) {
    const char* const begin = blank_owner ? token.begin : scanner.at();
    if (const RecordHead* known = heads_.find(begin); known != nullptr && !scanner.failed()) {
        scanner.pass_to(begin + known->size);
        return {.ttl = known->ttl, .type = known->type, .type_at = begin + known->type_at};
    }
    const Head head = read_new_head(scanner, blank_owner ? token : scanner.next());
    if (!scanner.failed()) {
        heads_.put(begin, {.ttl = head.ttl,
                           .type = head.type,
                           .type_at = static_cast<std::uint32_t>(head.type_at - begin),
                           .size = static_cast<std::uint32_t>(scanner.at() - begin)});
    }
    return head;
}

// TTL and class in either order, each at most once, then the type. No type begins with a digit.
RecordReader::Head RecordReader::read_new_head(Scanner& scanner, Token token) {
    Head head;
    bool class_seen = false;
    for (;; token = scanner.next()) {
        if (token.kind != TokenKind::word || token.size() == 0) [[unlikely]] {
            scanner.fail(token.begin, token.is_end() ? "the record ends where a type should stand"
                                                     : "quotes where a type should stand");
            return head;
        }
        if (is_digit(*token.begin) && !head.ttl) {
            head.ttl = dns::Ttl{read_period(scanner, token, kMaxTtl, "TTL")};
            continue;
        }
        if (!class_seen && is_class_in(token)) {
            class_seen = true;
            continue;
        }
        const std::optional<dns::RrType> type = read_type(token.text());
        if (type) [[likely]] {
            head.type = *type;
            head.type_at = token.begin;
            break;
        }
        if (class_seen || !take_odd_class(scanner, token)) {
            scanner.fail(token.begin, fmt::format("'{:.40}' is no type", token.text()));
            return head;
        }
        class_seen = true;
    }
    if (dns::is_meta(head.type)) [[unlikely]] {
        scanner.fail(head.type_at, fmt::format("type {} never stands in a zone", token.text()),
                     Errc::zone_file_content);
    }
    return head;
}

// Stated, or $TTL (RFC 2308 §4), or the one stated last (RFC 1035 §5.1). A SOA that comes first
// with none of them takes its own minimum, which the records after it take too, as in BIND.
dns::Ttl RecordReader::complete_ttl(Scanner& scanner, const Head& head, ByteView rdata) {
    if (head.ttl) [[likely]] {
        last_ttl_ = head.ttl;
        return *head.ttl;
    }
    if (default_ttl_) {
        return *default_ttl_;
    }
    if (last_ttl_) {
        return *last_ttl_;
    }
    if (head.type != dns::RrType::soa || is_later_part_) {
        scanner.fail(head.type_at, "no TTL here, in a record before, or by $TTL",
                     Errc::zone_file_content);
        return {};
    }
    const std::uint32_t minimum = load_u32(rdata.data() + rdata.size() - 4);
    if (minimum > kMaxTtl) {
        scanner.fail(head.type_at,
                     fmt::format("no TTL, and the SOA minimum {} is above {}", minimum, kMaxTtl),
                     Errc::zone_file_content);
    }
    default_ttl_ = dns::Ttl{minimum};
    return *default_ttl_;
}

std::optional<dns::Name> RecordReader::owner() const {
    if (owner_size_ == 0) {
        return std::nullopt;
    }
    return dns::Name{dns::NameView::unchecked({owner_.data(), owner_size_})};
}

void RecordReader::set_owner(const std::optional<dns::Name>& owner) noexcept {
    owner_size_ = owner ? owner->view().size() : 0;
    if (owner) {
        const ByteView wire = owner->view().wire();
        std::copy(wire.begin(), wire.end(), owner_.begin());
    }
}

}  // namespace twinzone::text
