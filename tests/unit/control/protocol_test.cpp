// The control protocol: requests and responses as lines of JSON.
#include "common/control/protocol.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "tests/support/catch.h"

namespace twinzone::control {
namespace {

TEST_CASE("requests and responses are one line of JSON each", "[control]") {
    const Request request{.verb = "echo", .operands = {"a.test."}, .options = {{"text", "x\ny"}}};
    CHECK(encode(request) ==
          "{\"verb\":\"echo\",\"args\":{\"operands\":[\"a.test.\"],\"text\":\"x\\ny\"}}\n");
    CHECK(encode(Response{.exit = 0, .output = "x\n", .error = {}}) ==
          "{\"ok\":true,\"exit\":0,\"output\":\"x\\n\"}\n");
    CHECK(encode(Response{.exit = 0, .output = "x", .error = {}, .more = true}) ==
          "{\"ok\":true,\"exit\":0,\"more\":true,\"output\":\"x\"}\n");
    CHECK(encode(Response{.exit = 1, .output = "", .error = "no"}) ==
          "{\"ok\":false,\"exit\":1,\"error\":\"no\",\"output\":\"\"}\n");
}

TEST_CASE("requests and responses come back from their lines", "[control]") {
    const bool requests = rc::check("requests", [](std::string verb,
                                                   std::vector<std::string> operands,
                                                   const std::vector<std::string>& values) {
        Request request{.verb = std::move(verb), .operands = std::move(operands), .options = {}};
        for (const std::string& value : values) {
            request.options.emplace(fmt::format("o{}", request.options.size()), value);
        }
        const std::string line = encode(request);
        RC_ASSERT(line.find('\n') == line.size() - 1);
        const auto back = decode_request(std::string_view{line}.substr(0, line.size() - 1));
        RC_ASSERT(back.has_value());
        // Bytes that are no UTF-8 are replaced once and then stay as they are.
        RC_ASSERT(encode(*back) == line);
    });
    CHECK(requests);
    for (const Response& response :
         {Response{.exit = 0, .output = "out\n", .error = {}},
          Response{.exit = 0, .output = "part", .error = {}, .more = true},
          Response{.exit = 4, .output = "", .error = "held"}}) {
        const std::string line = encode(response);
        CHECK(*decode_response(std::string_view{line}.substr(0, line.size() - 1)) == response);
    }
}

TEST_CASE("what is no request is refused", "[control]") {
    const std::vector<std::string> lines = {
        "",
        "{}",
        "[]",
        "null",
        "7",
        "\"verb\"",
        "{\"verb\":1}",
        "{\"verb\":null}",
        "{\"verb\":\"a\"",
        "{\"verb\":\"a\",\"args\":[]}",
        "{\"verb\":\"a\",\"args\":null}",
        "{\"verb\":\"a\",\"args\":{\"x\":1}}",
        "{\"verb\":\"a\",\"args\":{\"operands\":\"x\"}}",
        "{\"verb\":\"a\",\"args\":{\"operands\":[1]}}",
        "{\"verb\":\"a\"}{\"verb\":\"b\"}",
        "{\"verb\":\"\xff\"}",
        std::string(10'000, '['),
        "{\"verb\":\"a\",\"args\":{\"operands\":[" + std::string(2002, '"') + "]}}",
    };
    for (const std::string& line : lines) {
        DYNAMIC_SECTION(line.substr(0, 40)) {
            const auto request = decode_request(line);
            REQUIRE_FALSE(request);
            CHECK(request.error().code() == Errc::message_malformed);
        }
    }
    std::string many = "{\"verb\":\"a\",\"args\":{\"operands\":[\"\"";
    for (std::size_t i = 0; i < kMaxArguments; ++i) {
        many += ",\"\"";
    }
    CHECK_FALSE(decode_request(many + "]}}"));
}

TEST_CASE("an answer that is too large becomes an error that asks for less", "[control]") {
    const std::string line =
        encode(Response{.exit = 0, .output = std::string(kMaxResponseBytes, 'x'), .error = {}});
    CHECK(line.size() < 200);
    CHECK(line.find("ask for one zone") != std::string::npos);
}

TEST_CASE("what is no response of ours is refused", "[control]") {
    for (const char* line :
         {"", "{}", "[]", "{\"ok\":true}", "{\"ok\":1,\"exit\":0}", "{\"ok\":true,\"exit\":\"0\"}",
          "{\"ok\":true,\"exit\":-1}", "{\"ok\":true,\"exit\":256}", "{\"ok\":true,\"exit\":0"}) {
        DYNAMIC_SECTION(line) {
            CHECK_FALSE(decode_response(line));
        }
    }
    const auto wordless = decode_response("{\"ok\":false,\"exit\":1}");
    REQUIRE(wordless);
    CHECK_FALSE(wordless->ok());
}

}  // namespace
}  // namespace twinzone::control
