#include "tests/unit/text/random_rdata.h"

#include <algorithm>
#include <string_view>

#include "common/text/rdata_field.h"
#include "common/text/service_key.h"
#include "common/text/type_bitmap.h"

namespace twinzone::test {

namespace {

using text::Field;

void append(Bytes& out, const Bytes& more) {
    out.insert(out.end(), more.begin(), more.end());
}

void append_counted(Bytes& out, const Bytes& octets) {
    out.push_back(static_cast<std::uint8_t>(octets.size()));
    append(out, octets);
}

void append_random(Bytes& out, std::size_t count, Random& random) {
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(static_cast<std::uint8_t>(random.next()));
    }
}

Bytes some_octets(std::size_t max, Random& random) {
    Bytes octets;
    append_random(octets, 1 + random.below(max), random);
    return octets;
}

Bytes letters(std::size_t max, Random& random) {
    Bytes octets = some_octets(max, random);
    for (std::uint8_t& octet : octets) {
        octet = static_cast<std::uint8_t>('a' + octet % 26);
    }
    return octets;
}

void append_bitmap(Bytes& out, Random& random) {
    text::TypeBitmap bitmap;
    for (std::uint64_t i = random.below(12); i > 0; --i) {
        bitmap.add(dns::RrType{
            static_cast<std::uint16_t>(1 + random.below(random.below(2) == 0 ? 255 : 65535))});
    }
    Bytes wire(text::TypeBitmap::kMaxBytes);
    wire.resize(bitmap.write(wire.data()));
    append(out, wire);
}

void append_param(Bytes& out, std::uint16_t key, const Bytes& value) {
    ByteWriter writer{out};
    writer.u16(key);
    writer.u16(static_cast<std::uint16_t>(value.size()));
    writer.bytes(value);
}

void append_params(Bytes& out, Random& random) {
    Bytes value;
    if (random.below(2) == 0) {
        append_counted(value, letters(10, random));
        append_counted(value, letters(10, random));
        append_param(out, text::kAlpnKey, value);
    }
    if (random.below(2) == 0) {
        append_param(out, text::kNoDefaultAlpnKey, {});
    }
    for (const auto& [key, octets] : {std::pair{text::kPortKey, 2},
                                      {text::kIpv4HintKey, 8},
                                      {text::kEchKey, 11},
                                      {text::kIpv6HintKey, 32}}) {
        if (random.below(2) == 0) {
            value.clear();
            append_random(value, static_cast<std::size_t>(octets), random);
            append_param(out, key, value);
        }
    }
    if (random.below(2) == 0) {
        append_param(out, 667, some_octets(40, random));
    }
}

void append_gateway(Bytes& out, unsigned kind, Random& random) {
    if (kind == 3) {
        append(out, random_name(random));
    } else {
        append_random(out, kind == 0 ? 0 : kind == 1 ? 4 : 16, random);
    }
}

std::size_t fixed_size(Field field) {
    switch (field) {
        case Field::u8:
        case Field::algorithm:
        case Field::notify_scheme: return 1;
        case Field::u16:
        case Field::type:
        case Field::certificate: return 2;
        case Field::u32:
        case Field::period:
        case Field::ipv4: return 4;
        case Field::eui48: return 6;
        case Field::eui64:
        case Field::locator: return 8;
        case Field::ipv6: return 16;
        default: return 0;
    }
}

void append_field(Bytes& out, Field field, Random& random) {
    switch (field) {
        case Field::name: append(out, random_name(random)); break;
        case Field::optional_string:
            if (random.below(2) == 0) {
                break;
            }
            [[fallthrough]];
        case Field::string: append_counted(out, random_octets(255, random)); break;
        case Field::strings:
            for (std::uint64_t i = 1 + random.below(5); i > 0; --i) {
                append_counted(out, random_octets(255, random));
            }
            break;
        case Field::timestamp:  // ldns takes the half of all numbers around now
            append_random(out, 4, random);
            out[out.size() - 4] &= 0x7f;
            break;
        case Field::tag: append_counted(out, letters(15, random)); break;
        case Field::salt: append_counted(out, random_octets(255, random)); break;
        case Field::next_hash: {  // groups of five octets: others need padding for ldns
            Bytes hash;
            append_random(hash, 5 * (1 + random.below(8)), random);
            append_counted(out, hash);
            break;
        }
        case Field::long_text: append(out, random_octets(400, random)); break;
        case Field::optional_base64: append(out, random_octets(100, random)); break;
        case Field::hex:
        case Field::base64: append(out, some_octets(300, random)); break;
        case Field::bitmap: append_bitmap(out, random); break;
        case Field::service_params: append_params(out, random); break;
        case Field::ipseckey: {
            const auto kind = static_cast<std::uint8_t>(random.below(4));
            append(out, {kind, static_cast<std::uint8_t>(random.next())});
            append_gateway(out, kind, random);
            break;
        }
        case Field::amt_relay: {
            const auto kind = static_cast<std::uint8_t>(random.below(4));
            out.push_back(static_cast<std::uint8_t>(kind | (random.below(2) << 7)));
            append_gateway(out, kind, random);
            break;
        }
        default: append_random(out, fixed_size(field), random); break;
    }
}

}  // namespace

Bytes random_octets(std::size_t max, Random& random) {
    Bytes octets;
    append_random(octets, random.below(max + 1), random);
    return octets;
}

Bytes random_name(Random& random) {
    Bytes wire;
    for (std::uint64_t i = random.below(5); i > 0; --i) {
        const Bytes label = random.below(4) == 0 ? some_octets(63, random) : letters(12, random);
        if (wire.size() + label.size() < 250) {
            append_counted(wire, label);
        }
    }
    wire.push_back(0);
    return wire;
}

Bytes random_rdata(dns::RrType type, Random& random) {
    Bytes rdata;
    for (const Field field : text::rdata_fields(type)) {
        append_field(rdata, field, random);
    }
    return rdata;
}

}  // namespace twinzone::test
