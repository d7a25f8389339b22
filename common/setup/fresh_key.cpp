#include "common/setup/fresh_key.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "common/config/suggestion.h"
#include "common/setup/fill.h"
#include "common/text/encoding.h"

namespace twinzone::setup {

namespace {

struct FormatWord {
    std::string_view word;
    KeyFormat format;
    std::string_view text;
};

constexpr std::array<FormatWord, 5> kFormats = {{
    {"twinzone", KeyFormat::twinzone,
     R"(# A secret: keep it in a file that only the service can read, for example
#   install -m 0640 -g _twinzone THIS_FILE /etc/twinzone/keys.d/@FILE@.key
# and name it in the configuration of both ends:
#   keys:    [ { name: @NAME@, secret-file: /etc/twinzone/keys.d/@FILE@.key } ]
#   remotes: [ { name: ns1, addresses: [192.0.2.1], key: @NAME@ } ]
# Without a configuration file: --key-file /etc/twinzone/keys.d/@FILE@.key
key "@NAME@" { algorithm @ALGORITHM@; secret "@SECRET@"; };
)"},
    {"bind", KeyFormat::bind,
     R"(# BIND: in named.conf or a file that it includes; owner root, group bind, mode 0640.
key "@NAME@" {
    algorithm @ALGORITHM@;
    secret "@SECRET@";
};
)"},
    {"nsd", KeyFormat::nsd,
     R"(# NSD: in nsd.conf or a file that it includes; owner root, group nsd, mode 0640.
key:
    name: "@NAME@"
    algorithm: @ALGORITHM@
    secret: "@SECRET@"
)"},
    {"knot", KeyFormat::knot,
     R"(# Knot DNS: in knot.conf or a file that it includes; owner root, group knot, mode 0640.
key:
  - id: @NAME@
    algorithm: @ALGORITHM@
    secret: "@SECRET@"
)"},
    {"pdns", KeyFormat::pdns,
     R"(# PowerDNS keeps keys in its database: run this as the user it runs as, once.
pdnsutil import-tsig-key @NAME@ @ALGORITHM@ '@SECRET@'
)"},
}};

}  // namespace

Result<KeyFormat> key_format_from_text(std::string_view text) {
    std::array<std::string_view, kFormats.size()> words;
    for (std::size_t i = 0; i < kFormats.size(); ++i) {
        words.at(i) = kFormats.at(i).word;
        if (words.at(i) == text) {
            return kFormats.at(i).format;
        }
    }
    return fail(Errc::usage, fmt::format("'--format' is twinzone, bind, nsd, knot or pdns, not "
                                         "'{}'{}",
                                         text, config::did_you_mean(text, words)));
}

std::size_t secret_bytes(dns::TsigAlgorithm algorithm) noexcept {
    return dns::mac_bytes(algorithm);
}

bool is_plain_name(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    });
}

Result<FreshKey> fresh_key(std::string_view name, dns::TsigAlgorithm algorithm, ByteView secret) {
    const Result<dns::Name> parsed = dns::Name::from_text(name);
    if (!parsed) {
        return fail(Errc::usage, parsed.error().detail());
    }
    if (name == "." || !is_plain_name(name)) {
        return fail(Errc::usage, fmt::format("'{}' is no name for a key that every server takes; "
                                             "letters, digits, '-', '_' and '.'",
                                             name));
    }
    FreshKey key{.name = parsed->to_text(), .algorithm = algorithm, .secret = {}};
    text::append_base64(secret, key.secret);
    return key;
}

std::string key_text(const FreshKey& key, KeyFormat format) {
    return fill(kFormats.at(static_cast<std::size_t>(format)).text,
                {{"NAME", key.name},
                 {"FILE", key.name.substr(0, key.name.size() - 1)},
                 {"ALGORITHM", std::string{dns::to_text(key.algorithm)}},
                 {"SECRET", key.secret}});
}

}  // namespace twinzone::setup
