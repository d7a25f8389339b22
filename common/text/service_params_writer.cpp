// The other half of service_params.h: wire form to text.
#include <fmt/format.h>

#include "common/text/address_text.h"
#include "common/text/char_string.h"
#include "common/text/encoding.h"
#include "common/text/service_key.h"
#include "common/text/service_params.h"

namespace twinzone::text {

namespace {

bool append_mandatory(ByteView value, std::string& out) {
    if (value.empty() || value.size() % 2 != 0) {
        return false;
    }
    int previous = kMandatoryKey;
    for (std::size_t i = 0; i < value.size(); i += 2) {
        const std::uint16_t key = load_u16(value.data() + i);
        if (key <= previous || key == 65535) {
            return false;
        }
        previous = key;
        out += i == 0 ? "" : ",";
        append_service_key(key, out);
    }
    return true;
}

// Protocols of letters, digits and marks that need no escape on any of the two levels: all that are
// registered. Servers differ on the others.
bool append_alpn(ByteView value, std::string& out) {
    if (value.empty()) {
        return false;
    }
    out.push_back('"');
    for (bool first = true; !value.empty(); first = false) {
        const std::size_t length = value[0];
        if (length == 0 || length >= value.size()) {
            return false;
        }
        out += first ? "" : ",";
        for (const std::uint8_t octet : value.subspan(1, length)) {
            if (octet <= ' ' || octet > '~' || octet == ',' || octet == '\\' || octet == '"') {
                return false;
            }
            out.push_back(static_cast<char>(octet));
        }
        value = value.subspan(1 + length);
    }
    out.push_back('"');
    return true;
}

bool append_hints(ByteView value, std::size_t octets, std::string& out) {
    if (value.empty() || value.size() % octets != 0) {
        return false;
    }
    for (std::size_t i = 0; i < value.size(); i += octets) {
        out += i == 0 ? "" : ",";
        if (octets == 4) {
            append_ipv4(value.subspan(i, octets), out);
        } else {
            append_ipv6(value.subspan(i, octets), out);
        }
    }
    return true;
}

bool append_value(std::uint16_t key, ByteView value, std::string& out) {
    switch (key) {
        case kMandatoryKey: return append_mandatory(value, out);
        case kAlpnKey: return append_alpn(value, out);
        case kPortKey:
            if (value.size() == 2) {
                fmt::format_to(std::back_inserter(out), "{}", load_u16(value.data()));
            }
            return value.size() == 2;
        case kIpv4HintKey: return append_hints(value, 4, out);
        case kIpv6HintKey: return append_hints(value, 16, out);
        case kEchKey: append_base64(value, out); return !value.empty();
        default: append_quoted(value, out); return true;
    }
}

// no-default-alpn and ohttp never have a value; a key without a name has none where it is empty.
bool has_value(std::uint16_t key, ByteView value) noexcept {
    return key < kDohPathKey ? key != kNoDefaultAlpnKey : !value.empty();
}

}  // namespace

bool append_service_params(ByteView wire, std::string& out) {
    int previous = -1;
    while (!wire.empty()) {
        if (wire.size() < 4) {
            return false;
        }
        const std::uint16_t key = load_u16(wire.data());
        const std::size_t length = load_u16(wire.data() + 2);
        if (key <= previous || key == 65535 || wire.size() - 4 < length) {
            return false;
        }
        previous = key;
        const ByteView value = wire.subspan(4, length);
        out.push_back(' ');
        append_service_key(key, out);
        if (!has_value(key, value)) {
            if (!value.empty()) {
                return false;
            }
        } else {
            out.push_back('=');
            if (key == kOhttpKey || !append_value(key, value, out)) {
                return false;
            }
        }
        wire = wire.subspan(4 + length);
    }
    return true;
}

}  // namespace twinzone::text
