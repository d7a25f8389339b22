// Splits a byte stream into DNS messages by their two octets of length (RFC 1035 §4.2.2). No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace twinzone::net {

// The message behind its two octets of length, ready to be written in one piece (RFC 7766 §8).
// Requires: at most 65,535 octets.
[[nodiscard]] Bytes with_length(ByteView message);

// One per connection. Usage: feed() what was read, then next() until it gives nothing. A message
// that lies whole in what was fed is handed out in place; only a message cut by the end of the
// chunk is copied, so that at most one message (65,537 octets) is kept between chunks.
class DnsFrames {
  public:
    using Message = std::span<std::uint8_t>;

    // Borrows `chunk` until next() gives nothing or hold() is called. Requires: next() has given
    // nothing since the last feed(), and has not failed.
    void feed(std::span<std::uint8_t> chunk);

    // The next complete message without its length, valid until the next call of a function of
    // this object; nothing when more octets are needed. Errc::message_malformed for a length of
    // zero, after which the stream is of no use.
    [[nodiscard]] Result<std::optional<Message>> next();

    // Copies what is left of the chunk, for an owner that pauses the stream before it has taken all
    // messages and calls next() later. Invalidates the last message.
    void hold();

    // True when the stream could end here: no message has begun.
    [[nodiscard]] bool is_at_boundary() const noexcept;

  private:
    [[nodiscard]] Result<std::optional<Message>> complete_partial();
    void take(std::size_t count);
    void keep_rest();
    [[nodiscard]] Failure zero_length();

    Bytes held_;                     // what hold() copied; chunk_ then points into it
    Bytes partial_;                  // length and first octets of a cut message
    bool partial_given_ = false;     // partial_ was handed out; cleared at the next call
    std::span<std::uint8_t> chunk_;  // octets not looked at yet
};

}  // namespace twinzone::net
