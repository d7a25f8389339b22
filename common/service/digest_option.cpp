#include "common/service/digest_option.h"

namespace twinzone::service {

namespace {

constexpr std::uint8_t kForm = 1;
constexpr std::size_t kAnswerBytes = 17;

bool is_of_our_form(const dns::Edns::Option* option, std::size_t size) noexcept {
    return option != nullptr && option->value.size() == size && option->value[0] == kForm;
}

}  // namespace

void ask_digest(dns::Edns& edns) {
    edns.options.push_back({kDigestOption, {kForm}});
}

bool asks_digest(const dns::Edns& edns) noexcept {
    return is_of_our_form(edns.find(kDigestOption), 1);
}

void set_digest(dns::Edns& edns, const zone::Digest& digest) {
    dns::Edns::Option option{kDigestOption, {}};
    ByteWriter writer{option.value};
    writer.u8(kForm);
    for (const std::uint64_t half : {digest.high(), digest.low()}) {
        writer.u32(static_cast<std::uint32_t>(half >> 32U));
        writer.u32(static_cast<std::uint32_t>(half));
    }
    edns.options.push_back(std::move(option));
}

std::optional<zone::Digest> digest_in(const dns::Edns& edns) noexcept {
    const dns::Edns::Option* option = edns.find(kDigestOption);
    if (!is_of_our_form(option, kAnswerBytes)) {
        return std::nullopt;
    }
    const auto half_at = [option](std::size_t at) {
        const std::uint8_t* octets = option->value.data() + at;
        return std::uint64_t{load_u32(octets)} << 32U | load_u32(octets + 4);
    };
    return zone::Digest{half_at(1), half_at(9)};
}

}  // namespace twinzone::service
