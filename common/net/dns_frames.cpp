#include "common/net/dns_frames.h"

#include <algorithm>

#include "common/base/assert.h"

namespace twinzone::net {

namespace {
constexpr std::size_t kLengthBytes = 2;
}  // namespace

Bytes with_length(ByteView message) {
    Bytes framed(2 + message.size());
    store_u16(framed.data(), static_cast<std::uint16_t>(message.size()));
    std::copy(message.begin(), message.end(), framed.begin() + 2);
    return framed;
}

void DnsFrames::feed(std::span<std::uint8_t> chunk) {
    TWINZONE_ASSERT(chunk_.empty());
    chunk_ = chunk;
}

Result<std::optional<DnsFrames::Message>> DnsFrames::next() {
    if (partial_given_) {
        partial_.clear();
        partial_given_ = false;
    }
    if (!partial_.empty() && !chunk_.empty()) {
        return complete_partial();
    }
    if (chunk_.size() >= kLengthBytes) {
        const std::size_t length = load_u16(chunk_.data());
        if (length == 0) {
            return zero_length();
        }
        if (chunk_.size() - kLengthBytes >= length) {
            const Message message = chunk_.subspan(kLengthBytes, length);
            chunk_ = chunk_.subspan(kLengthBytes + length);
            return std::optional{message};
        }
    }
    keep_rest();
    return std::optional<Message>{};
}

// The message that an earlier chunk cut, with as much of this chunk as it lacks.
Result<std::optional<DnsFrames::Message>> DnsFrames::complete_partial() {
    if (partial_.size() < kLengthBytes) {
        take(kLengthBytes - partial_.size());
        if (partial_.size() < kLengthBytes) {
            return std::optional<Message>{};
        }
    }
    const std::size_t length = load_u16(partial_.data());
    if (length == 0) {
        return zero_length();
    }
    take(kLengthBytes + length - partial_.size());
    if (partial_.size() < kLengthBytes + length) {
        return std::optional<Message>{};
    }
    partial_given_ = true;
    return std::optional{Message{partial_}.subspan(kLengthBytes)};
}

// Moves up to `count` octets from the chunk to the cut message.
void DnsFrames::take(std::size_t count) {
    const Message front = chunk_.first(std::min(count, chunk_.size()));
    partial_.insert(partial_.end(), front.begin(), front.end());
    chunk_ = chunk_.subspan(front.size());
}

void DnsFrames::keep_rest() {
    if (chunk_.empty()) {
        return;
    }
    if (chunk_.size() >= kLengthBytes) {
        partial_.reserve(kLengthBytes + load_u16(chunk_.data()));
    }
    take(chunk_.size());
}

Failure DnsFrames::zero_length() {
    chunk_ = {};
    return fail(Errc::message_malformed, "message of length zero on a stream");
}

void DnsFrames::hold() {
    Bytes rest{chunk_.begin(), chunk_.end()};  // a copy first: chunk_ may lie in held_
    held_.swap(rest);
    chunk_ = held_;
}

bool DnsFrames::is_at_boundary() const noexcept {
    return chunk_.empty() && (partial_.empty() || partial_given_);
}

}  // namespace twinzone::net
