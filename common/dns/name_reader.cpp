#include "common/dns/name_reader.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "common/dns/header.h"

namespace twinzone::dns {

namespace {

constexpr std::uint8_t kPointer = 0xc0;  // the two upper bits of a pointer's first octet

Failure malformed(const char* what, std::size_t at) {
    return fail(Errc::message_malformed, fmt::format("{} at offset {}", what, at));
}

}  // namespace

Result<ReadName> read_name(const MessageOctets& message, std::size_t at, std::size_t end,
                           NameScratch& scratch) {
    const std::size_t lowest_target = std::max(message.base, kHeaderBytes);
    std::size_t run = at;     // where the labels now read begin
    std::size_t limit = end;  // where they must have ended
    std::size_t copied = 0;   // octets of earlier runs, now in `scratch`
    std::size_t hops = 0;
    ReadName read;
    for (;;) {
        if (at >= limit) {
            return malformed("a name runs past its end", at);
        }
        const std::uint8_t octet = *message.from(at);
        if (octet == 0) {
            break;
        }
        if (octet <= kMaxLabelBytes) {
            at += std::size_t{1} + octet;
            if (copied + (at - run) >= kMaxNameBytes) {
                return malformed("a name longer than 255 octets", at);
            }
            continue;
        }
        if ((octet & kPointer) != kPointer) {
            return malformed("a reserved label type", at);
        }
        if (limit - at < 2) {
            return malformed("a pointer cut in two", at);
        }
        const std::size_t target = load_u16(message.from(at)) & kMaxPointerTarget;
        if (target >= run || target < lowest_target) {
            return malformed("a pointer that does not lead back", at);
        }
        if (++hops > kMaxPointerHops) {
            return malformed("too many pointers in a name", at);
        }
        if (!read.compressed) {
            read.compressed = true;
            read.end = at + 2;
        }
        std::memcpy(scratch.data() + copied, message.from(run), at - run);
        copied += at - run;
        run = at = target;
        limit = message.end();
    }
    ++at;
    if (!read.compressed) {
        read.end = at;
    }
    if (copied == 0) {  // nothing, or nothing but pointers, stood before this run: it is the name
        read.name = NameView::unchecked(message.run(run, at));
        return read;
    }
    std::memcpy(scratch.data() + copied, message.from(run), at - run);
    read.name = NameView::unchecked({scratch.data(), copied + (at - run)});
    return read;
}

}  // namespace twinzone::dns
