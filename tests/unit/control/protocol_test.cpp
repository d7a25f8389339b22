// The control protocol: lines in, lines out, whatever the bytes.
#include "common/control/protocol.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "common/base/random.h"
#include "tests/support/catch.h"

namespace twinzone::control {
namespace {

ControlServer echo_server() {
    ControlServer server;
    server.on("echo", [](const Request& request) {
        std::string text{request.option("text")};
        for (const std::string& operand : request.operands) {
            text += "|" + operand;
        }
        return Response{.exit = 0, .output = text, .error = {}};
    });
    server.on("fail", [](const Request&) {
        return Response{.exit = 1, .output = "half", .error = "the other half"};
    });
    return server;
}

TEST_CASE("requests and responses are one line of JSON each", "[control]") {
    const Request request{.verb = "echo", .operands = {"a.test."}, .options = {{"text", "x\ny"}}};
    CHECK(encode(request) ==
          "{\"verb\":\"echo\",\"args\":{\"operands\":[\"a.test.\"],\"text\":\"x\\ny\"}}\n");
    CHECK(encode(Response{.exit = 0, .output = "x\n", .error = {}}) ==
          "{\"ok\":true,\"exit\":0,\"output\":\"x\\n\"}\n");
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
    for (const Response& response : {Response{.exit = 0, .output = "out\n", .error = {}},
                                     Response{.exit = 4, .output = "", .error = "held"}}) {
        const std::string line = encode(response);
        CHECK(*decode_response(std::string_view{line}.substr(0, line.size() - 1)) == response);
    }
}

TEST_CASE("the server answers each whole line, however it arrives", "[control]") {
    const ControlServer server = echo_server();
    const std::string lines =
        "{\"verb\":\"echo\",\"args\":{\"text\":\"a\",\"operands\":[\"b\",\"c\"]}}\n"
        "{\"verb\":\"fail\"}\n"
        "{\"verb\":\"nothing\"}\n"
        "not json\n";
    const std::string expected =
        "{\"ok\":true,\"exit\":0,\"output\":\"a|b|c\"}\n"
        "{\"ok\":false,\"exit\":1,\"error\":\"the other half\",\"output\":\"half\"}\n"
        "{\"ok\":false,\"exit\":2,\"error\":\"this daemon has no verb "
        "'nothing'\",\"output\":\"\"}\n"
        "{\"ok\":false,\"exit\":2,\"error\":\"a request is a JSON object with a 'verb'\","
        "\"output\":\"\"}\n";
    for (std::size_t step = 1; step <= lines.size(); step = step * 2 + 1) {
        ControlSession session;
        std::string answers;
        for (std::size_t at = 0; at < lines.size(); at += step) {
            answers += server.handle_bytes(session, std::string_view{lines}.substr(at, step));
        }
        CHECK(answers == expected);
    }
    ControlSession session;
    CHECK(server.handle_bytes(session, "{\"verb\":\"echo\"}").empty());
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

TEST_CASE("a request that never ends breaks its session, not the daemon", "[control]") {
    const ControlServer server = echo_server();
    ControlSession session;
    const std::string part(10'000, ' ');
    std::string answer;
    for (int i = 0; i < 7 && !session.broken(); ++i) {
        answer += server.handle_bytes(session, part);
    }
    CHECK(session.broken());
    CHECK(answer.find("the request is too long") != std::string::npos);

    ControlSession at_once;
    answer = server.handle_bytes(
        at_once, "{\"verb\":\"fail\"}\n" + std::string(70'000, 'x') + "\n{\"verb\":\"fail\"}\n");
    CHECK(at_once.broken());
    CHECK(std::count(answer.begin(), answer.end(), '\n') == 2);
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

// Valid lines with a few octets changed, cut or doubled, in pieces of any size.
TEST_CASE("no bytes upset the server", "[control]") {
    const ControlServer server = echo_server();
    Random random{20260301};
    const std::string valid =
        "{\"verb\":\"echo\",\"args\":{\"text\":\"a\",\"operands\":[\"b\"]}}\n";
    for (int round = 0; round < 3000; ++round) {
        std::string bytes = valid + valid;
        for (std::uint64_t edits = random.below(6); edits > 0; --edits) {
            const std::size_t at = random.below(bytes.size());
            switch (random.below(3)) {
                case 0: bytes[at] = static_cast<char>(random.next()); break;
                case 1: bytes.erase(at, random.below(5)); break;
                default:
                    bytes.insert(at, bytes.substr(random.below(bytes.size()), random.below(20)));
            }
        }
        ControlSession session;
        std::string answers;
        std::string_view rest = bytes;
        while (!rest.empty()) {
            const std::size_t step = 1 + random.below(rest.size());
            answers += server.handle_bytes(session, rest.substr(0, step));
            rest.remove_prefix(step);
        }
        CHECK(std::count(answers.begin(), answers.end(), '\n') ==
              std::count(bytes.begin(), bytes.end(), '\n'));
    }
}

}  // namespace
}  // namespace twinzone::control
