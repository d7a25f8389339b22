#include "common/dns/padding.h"

#include "common/base/assert.h"
#include "common/dns/edns.h"
#include "common/dns/header.h"

namespace twinzone::dns {

namespace {

constexpr std::size_t kOptionHeadBytes = 4;       // code and length
constexpr std::size_t kOptRdataLengthOffset = 9;  // behind owner, type, class, TTL

}  // namespace

void pad_message(Bytes& message, std::size_t opt_bytes, std::size_t block, std::size_t more) {
    TWINZONE_ASSERT(block > 0 && opt_bytes <= message.size());
    const std::size_t least = message.size() + kOptionHeadBytes + more;
    const std::size_t fill = (block - least % block) % block;
    if (least + fill > kMaxMessageBytes) {
        return;
    }
    const std::size_t length_at = message.size() - opt_bytes + kOptRdataLengthOffset;
    const std::size_t length = load_u16(message.data() + length_at) + kOptionHeadBytes + fill;
    store_u16(message.data() + length_at, static_cast<std::uint16_t>(length));
    ByteWriter writer{message};
    writer.u16(static_cast<std::uint16_t>(EdnsOption::padding));
    writer.u16(static_cast<std::uint16_t>(fill));
    message.resize(message.size() + fill);
}

void pad_record(Bytes& opt, std::size_t before, std::size_t block, std::size_t more) {
    pad_message(opt, opt.size(), block, before + more);
}

}  // namespace twinzone::dns
