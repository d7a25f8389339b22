#include "common/text/service_params.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "common/text/address_text.h"
#include "common/text/char_string.h"
#include "common/text/encoding.h"
#include "common/text/escape.h"
#include "common/text/mnemonic.h"
#include "common/text/service_key.h"

namespace twinzone::text {

namespace {

struct Param {
    std::uint16_t key = 0;
    Bytes value;
};

// A key's word and, where a '=' stands behind it, its value.
struct KeyValue {
    Token key;
    std::optional<Token> value;
};

// A quoted value is a token of its own that follows the '=' at once.
KeyValue split(Scanner& scanner, const Token& token) {
    const char* equals = std::find(token.begin, token.end, '=');
    KeyValue split{token, std::nullopt};
    split.key.end = equals;
    if (equals == token.end) {
        return split;
    }
    if (equals + 1 == token.end && scanner.at() == token.end && *token.end == '"') {
        split.value = scanner.next();
    } else {
        split.value = Token{equals + 1, token.end, TokenKind::word, token.escaped};
    }
    return split;
}

// The value's octets after the escapes of the zone file are resolved.
Bytes unescape(Scanner& scanner, const Token& value) {
    if (value.size() == 0) {
        return {};
    }
    Bytes octets(std::min<std::size_t>(value.size(), dns::kMaxRdataBytes));
    octets.resize(read_octets(scanner, value, octets.size(), octets.data()));
    return octets;
}

// Items parted by commas, where "\," and "\\" are a comma and a backslash within an item (RFC 9460
// appendix A.1). Works on what unescape() gave. Empty where an item is.
std::vector<Bytes> split_list(const Bytes& text) {
    std::vector<Bytes> items(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ',') {
            items.emplace_back();
            continue;
        }
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
        }
        items.back().push_back(text[i]);
    }
    const bool whole =
        std::none_of(items.begin(), items.end(), [](const Bytes& item) { return item.empty(); });
    return whole ? items : std::vector<Bytes>{};
}

void put_protocol(const Bytes& item, ByteWriter& out) {
    out.u8(static_cast<std::uint8_t>(item.size()));
    out.bytes(item);
}

// Each appends the wire form of one item; false where the item is wrong.
bool put_item(std::uint16_t key, const Bytes& item, ByteWriter& out) {
    std::array<std::uint8_t, 16> address{};
    switch (key) {
        case kAlpnKey: put_protocol(item, out); return item.size() <= kMaxStringBytes;
        case kIpv4HintKey:
            out.bytes(ByteView{address}.first(read_ipv4(as_text(item), address.data()) ? 4 : 0));
            return read_ipv4(as_text(item), address.data());
        case kIpv6HintKey: {
            const bool valid = read_ipv6(as_text(item), address.data());
            out.bytes(address);
            return valid;
        }
        default: return false;
    }
}

bool put_list(std::uint16_t key, const Bytes& text, Bytes& wire) {
    ByteWriter out{wire};
    const std::vector<Bytes> items = split_list(text);
    return !items.empty() && std::all_of(items.begin(), items.end(), [&](const Bytes& item) {
        return put_item(key, item, out);
    });
}

// The keys in ascending order, each once, "mandatory" itself not among them (RFC 9460 §8).
bool put_mandatory(const Bytes& text, Bytes& wire) {
    std::vector<std::uint16_t> keys;
    for (const Bytes& item : split_list(text)) {
        const std::optional<std::uint16_t> key = service_key_from_text(as_text(item));
        if (!key || *key == kMandatoryKey) {
            return false;
        }
        keys.push_back(*key);
    }
    std::sort(keys.begin(), keys.end());
    ByteWriter out{wire};
    for (const std::uint16_t key : keys) {
        out.u16(key);
    }
    return !keys.empty() && std::adjacent_find(keys.begin(), keys.end()) == keys.end();
}

bool put_port(const Bytes& text, Bytes& wire) {
    unsigned port = 0;
    for (const std::uint8_t octet : text) {
        if (!is_digit(static_cast<char>(octet)) || port > 65535) {
            return false;
        }
        port = port * 10 + (octet - unsigned{'0'});
    }
    ByteWriter{wire}.u16(static_cast<std::uint16_t>(port));
    return !text.empty() && port <= 65535;
}

bool put_base64(const Bytes& text, Bytes& wire) {
    Base64Decoder decoder;
    const std::size_t before = wire.size();
    wire.resize(before + Base64Decoder::max_bytes(text.size()));
    const Decoded decoded = decoder.decode(as_text(text), wire.data() + before);
    wire.resize(before + decoded.count);
    return decoded.wrong == nullptr && decoder.finished() && decoded.count > 0;
}

bool put_value(std::uint16_t key, const Bytes& text, Bytes& wire) {
    switch (key) {
        case kMandatoryKey: return put_mandatory(text, wire);
        case kAlpnKey:
        case kIpv4HintKey:
        case kIpv6HintKey: return put_list(key, text, wire);
        case kNoDefaultAlpnKey:
        case kOhttpKey: return text.empty();
        case kPortKey: return put_port(text, wire);
        case kEchKey: return put_base64(text, wire);
        default: ByteWriter{wire}.bytes(text); return true;
    }
}

Param read_param(Scanner& scanner, const Token& token) {
    const KeyValue given = split(scanner, token);
    const std::optional<std::uint16_t> key = service_key_from_text(given.key.text());
    if (token.kind != TokenKind::word || !key) {
        scanner.fail(token.begin, fmt::format("'{:.40}' is no service parameter", token.text()));
        return {};
    }
    const Bytes text = given.value ? unescape(scanner, *given.value) : Bytes{};
    Param param{*key, {}};
    if (!put_value(*key, text, param.value) || param.value.size() > dns::kMaxRdataBytes) {
        scanner.fail(
            given.value ? given.value->begin : token.begin,
            fmt::format("wrong value for the service parameter '{:.40}'", given.key.text()));
    }
    return param;
}

}  // namespace

void read_service_params(Scanner& scanner, RdataBuffer& out) {
    std::vector<Param> params;
    for (Token token = scanner.next(); !token.is_end(); token = scanner.next()) {
        Param param = read_param(scanner, token);
        const auto at =
            std::lower_bound(params.begin(), params.end(), param.key,
                             [](const Param& a, std::uint16_t key) { return a.key < key; });
        if (at != params.end() && at->key == param.key) {
            scanner.fail(token.begin, "service parameter given twice");
            return;
        }
        params.insert(at, std::move(param));
    }
    for (const Param& param : params) {
        if (4 + param.value.size() > out.left()) {
            scanner.fail(scanner.at(),
                         fmt::format("rdata longer than {} octets", dns::kMaxRdataBytes));
            return;
        }
        out.put_u16(param.key);
        out.put_u16(static_cast<std::uint16_t>(param.value.size()));
        std::copy(param.value.begin(), param.value.end(), out.room());
        out.commit(param.value.size());
    }
}

}  // namespace twinzone::text
