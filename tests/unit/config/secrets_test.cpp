// Keys and their files; and that no error ever shows a secret.
#include <string>

#include "common/config/key_file.h"
#include "common/config/loader.h"
#include "tests/support/catch.h"
#include "tests/unit/config/temporary_folder.h"

namespace twinzone::config {
namespace {

const std::string kSecret = "q2VjcmV0IHNlY3JldCBzZWNyZXQ9";
const std::string kPlain = "alllowercaseletters+and+more";  // base64 that looks like words
const std::string kHead = "version: 1\nserver: { listen: [] }\nzones: []\n";

std::string error_of(const std::string& text) {
    const auto config = load_text(text, "t.yaml", Role::secondary);
    return config ? "" : config.error().detail();
}

TEST_CASE("no error shows a secret", "[config]") {
    const struct {
        const char* name;
        std::string text;
    } rows[] = {
        {"another error on its line", "keys: [{ name: k, algorithm: md5, secret: SECRET }]\n"},
        {"not base64", "keys: [{ name: k, secret: SECRET! }]\n"},
        {"a slip in its key", "keys: [{ name: k, secrte: SECRET }]\n"},
        {"a longer key", "keys: [{ name: k, shared-secret: SECRET }]\n"},
        {"behind the wrong key", "keys: [{ name: k, algorithm: SECRET }]\n"},
        {"behind an unknown key", "keys: [{ name: k, value: SECRET }]\n"},
        {"quoted", "keys: [{ name: k, algorithm: x, secret: \"SECRET\" }]\n"},
        {"a block of text", "keys:\n- name: k\n  algorithm: x\n  secret: |\n    SECRET\n"},
        {"in a list", "keys: [{ name: k, secret: [SECRET] }]\n"},
        {"in a map", "keys: [{ name: k, secret: { SECRET: x } }]\n"},
        {"an anchor", "keys: [{ name: k, secret: &a SECRET }]\n"},
        {"written twice", "keys: [{ name: k, secret: SECRET, secret: SECRET }]\n"},
        {"in the wrong section", "remotes: [{ name: k, addresses: [x], secret: SECRET }]\n"},
        {"broken YAML on its line", "keys: [{ name: k, secret: SECRET } }\n"},
        {"broken YAML, an open quote", "keys: [{ name: k, secret: \"SECRET } ]\n"},
        {"broken YAML, a second colon", "keys:\n- name: k\n  secret: SECRET: SECRET\n"},
        {"broken YAML, no colon", "keys:\n- name: k\n  secret SECRET\n  x: y\n"},
    };
    for (const auto& row : rows) {
        for (const std::string& secret : {kSecret, kPlain}) {
            DYNAMIC_SECTION(row.name << " " << secret.substr(0, 1)) {
                std::string text = row.text;
                for (std::size_t at = text.find("SECRET"); at != std::string::npos;
                     at = text.find("SECRET")) {
                    text.replace(at, 6, secret);
                }
                const std::string detail = error_of(kHead + text);
                CHECK(detail.find("error") != std::string::npos);
                CHECK(detail.find(secret.substr(0, 8)) == std::string::npos);
                CHECK(detail.find(secret.substr(12)) == std::string::npos);
            }
        }
    }
}

TEST_CASE("a line without its secret still shows the rest", "[config]") {
    CHECK(error_of(kHead + "keys: [{ name: k1, algorithm: hmac-sha265, secret: " + kSecret +
                   " }]\n") ==
          "t.yaml:4:31: algorithm: unknown algorithm 'hmac-sha265'; did you mean 'hmac-sha256'?\n"
          "  keys: [{ name: k1, algorithm: hmac-sha265, secret: **************************** }]\n"
          "                                ^\n"
          "1 error");
}

TEST_CASE("key files are base64 or what BIND writes", "[config]") {
    const struct {
        const char* text;
        const char* name;
        const char* expected;  // name, algorithm, octets of the secret; or the error
    } rows[] = {
        {"c2VjcmV0", "plain", "- - 6"},
        {"\n c2VjcmV0 \n", "plain with blanks around", "- - 6"},
        {"key \"k1.\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n", "BIND",
         "k1. hmac-sha512 6"},
        {"# by hand\nkey k1 { secret c2VjcmV0; /* x */ algorithm \"HMAC-SHA256.\"; } // end\n",
         "BIND, loosely", "k1. hmac-sha256 6"},
        {"", "empty", "no key in it"},
        {"c2Vj cmV0", "two words", "line 1: neither base64 nor a key statement as BIND writes it"},
        {"c2VjcmV", "cut", "line 1: neither base64 nor a key statement as BIND writes it"},
        {"key { algorithm hmac-sha256; };", "no name", "line 1: expected '{' after the key's name"},
        {"key k { algorithm hmac-md5; secret c2VjcmV0; };", "an old algorithm",
         "line 1: unknown algorithm"},
        {"key k {\nsecret c2VjcmV0;\n};", "no algorithm",
         "line 1: a key needs an algorithm and a secret"},
        {"key k {\nalgorithm hmac-sha256\nsecret c2VjcmV0;\n};", "no semicolon",
         "line 3: expected ';' after the algorithm"},
        {"key k {\nalgorithm hmac-sha256;\nsecret x;\n};", "no base64",
         "line 3: the secret is not base64"},
        {"key k { algorithm hmac-sha256; secret c2VjcmV0; secret c2VjcmV0; };", "two secrets",
         "line 1: a second secret"},
        {"key k { algorithm hmac-sha256; secret c2VjcmV0; };\nkey l { };", "two keys",
         "line 2: more than one key in the file"},
        {"key k { algorithm hmac-sha256; secret \"c2VjcmV0", "cut in a quote",
         "line 1: expected ';' after the secret"},
        {"key k { frobnicate yes; };", "an unknown word",
         "line 1: expected 'algorithm', 'secret' or '}'"},
    };
    for (const auto& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const auto key = parse_key_text(row.text);
            const std::string found =
                key ? (key->name ? key->name->to_text() : "-") + " " +
                          (key->algorithm ? std::string{dns::to_text(*key->algorithm)} : "-") +
                          " " + std::to_string(key->secret.size())
                    : key.error().detail();
            CHECK(found == row.expected);
        }
    }
}

TEST_CASE("a key file has to agree with its entry", "[config]") {
    const test::TemporaryFolder folder;
    const std::string file = folder.file(
        "k1.key", "key \"k1\" { algorithm hmac-sha512; secret \"" + kSecret + "\"; };\n");
    const std::string entry = kHead + "keys: [{ secret-file: " + file + ", ";
    CHECK(error_of(entry + "name: k1 }]\n").empty());
    CHECK(error_of(entry + "name: K1., algorithm: hmac-sha512 }]\n").empty());
    CHECK(error_of(entry + "name: k2 }]\n").find("the file holds the key k1., not k2.") !=
          std::string::npos);
    CHECK(error_of(entry + "name: k1, algorithm: hmac-sha256 }]\n")
              .find("the key in the file is for hmac-sha512, not hmac-sha256") !=
          std::string::npos);
}

TEST_CASE("a secret that others can read is refused", "[config]") {
    const test::TemporaryFolder folder;
    const std::string key = folder.file("k.key", kSecret, 0644);
    const std::string by_file = kHead + "keys: [{ name: k1, secret-file: " + key + " }]\n";
    CHECK(error_of(by_file).find("can be read by others; chmod 0640") != std::string::npos);

    const std::string inside = kHead + "keys: [{ name: k1, secret: " + kSecret + " }]\n";
    const auto open = load_file(folder.file("open.yaml", inside, 0644), Role::secondary);
    REQUIRE_FALSE(open);
    CHECK(open.error().detail().find(
              ":4:20: a secret in a file that others can read; chmod 0640 the file, or use "
              "'secret-file'") != std::string::npos);
    CHECK(load_file(folder.file("closed.yaml", inside, 0640), Role::secondary));
    // Without a secret anybody may read it.
    CHECK(load_file(folder.file("harmless.yaml", kHead, 0644), Role::secondary));
}

TEST_CASE("a key that is wrong is reported once, not at each reference", "[config]") {
    CHECK(error_of(kHead + "keys: [{ name: k1, secret: '!' }]\n"
                           "remotes: [{ name: a, addresses: [::1], key: k1 }]\n") ==
          "t.yaml:4:28: secret: not base64\n"
          "  keys: [{ name: k1, secret: '!' }]\n"
          "                             ^\n"
          "1 error");
}

}  // namespace
}  // namespace twinzone::config
