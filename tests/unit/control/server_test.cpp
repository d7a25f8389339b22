// The daemon's side of a conversation: one request at a time, answers in their order, and clients
// that hang up.
#include "common/control/server.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/base/random.h"
#include "tests/support/catch.h"

namespace twinzone::control {
namespace {

// A client and what it was sent.
class Talk {
  public:
    explicit Talk(const ControlServer& server)
        : session_(std::make_unique<ControlSession>(
              server, Channel{.send =
                                  [this](const std::string& line, std::function<void()> written) {
                                      received_ += line;
                                      if (written) {
                                          written_.push_back(std::move(written));
                                      }
                                  },
                              .end = [this] { ended_ = true; }})) {}

    void say(std::string_view bytes) { session_->handle_bytes(bytes); }
    void hang_up() {
        session_.reset();
        written_.clear();
    }
    // The client's connection takes what was sent.
    void drain() {
        while (!written_.empty()) {
            const auto next = std::exchange(written_, {});
            for (const auto& written : next) {
                written();
            }
        }
    }
    [[nodiscard]] const std::string& received() const { return received_; }
    [[nodiscard]] std::string take() { return std::exchange(received_, {}); }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] std::size_t parts_on_their_way() const { return written_.size(); }

  private:
    std::string received_;
    std::vector<std::function<void()>> written_;
    bool ended_ = false;
    std::unique_ptr<ControlSession> session_;
};

// Echoes, fails, and answers `later` when the test says so.
class Server {
  public:
    Server() {
        server_.on("echo", at_once([](const Request& request) {
                       std::string text{request.option("text")};
                       for (const std::string& operand : request.operands) {
                           text += fmt::format("|{}", operand);
                       }
                       return Response{.exit = 0, .output = text, .error = {}};
                   }));
        server_.on("fail", at_once([](const Request&) {
                       return Response{.exit = 1, .output = "half", .error = "the other half"};
                   }));
        server_.on("later",
                   [this](const Request&, Reply reply) { owed_.push_back(std::move(reply)); });
        server_.on("count", [](const Request&, const Reply& reply) { count(reply, 1); });
    }

    // "1", "2" … "4", each when the one before is written.
    static void count(const Reply& reply, int number) {
        Response part{.exit = 0, .output = std::to_string(number), .error = {}};
        if (number < 4) {
            part.more = true;
            part.on_written = [reply, number] { count(reply, number + 1); };
        }
        reply(std::move(part));
    }

    [[nodiscard]] Talk talk() const { return Talk{server_}; }
    [[nodiscard]] std::vector<Reply>& owed() { return owed_; }

  private:
    ControlServer server_;
    std::vector<Reply> owed_;
};

std::string said(const std::string& output) {
    return encode(Response{.exit = 0, .output = output, .error = {}});
}

std::string part(const std::string& output) {
    return encode(Response{.exit = 0, .output = output, .error = {}, .more = true});
}

constexpr std::string_view kLater = "{\"verb\":\"later\"}\n";
constexpr std::string_view kEcho = "{\"verb\":\"echo\",\"args\":{\"text\":\"a\"}}\n";

TEST_CASE("the server answers each whole line, however it arrives", "[control]") {
    const Server server;
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
        Talk talk = server.talk();
        for (std::size_t at = 0; at < lines.size(); at += step) {
            talk.say(std::string_view{lines}.substr(at, step));
        }
        CHECK(talk.received() == expected);
    }
    Talk talk = server.talk();
    talk.say("{\"verb\":\"echo\"}");
    CHECK(talk.received().empty());
}

TEST_CASE("a request waits until the one before it is answered", "[control]") {
    Server server;
    Talk talk = server.talk();
    Talk other = server.talk();
    talk.say(std::string{kLater} + std::string{kEcho} + std::string{kLater} + std::string{kEcho});
    CHECK(talk.received().empty());
    REQUIRE(server.owed().size() == 1);
    other.say(kEcho);
    CHECK(other.received() == said("a"));  // clients do not wait for each other

    server.owed()[0]({.exit = 0, .output = "first", .error = {}});
    CHECK(talk.take() == said("first") + said("a"));
    REQUIRE(server.owed().size() == 2);
    server.owed()[0]({.exit = 0, .output = "again", .error = {}});
    CHECK(talk.take().empty());  // one answer a request
    server.owed()[1]({.exit = 0, .output = "second", .error = {}});
    CHECK(talk.take() == said("second") + said("a"));
}

TEST_CASE("a client that hangs up makes its reply harmless", "[control]") {
    Server server;
    Talk talk = server.talk();
    talk.say(kLater);
    talk.hang_up();
    server.owed()[0]({.exit = 0, .output = "late", .error = {}});
    CHECK(talk.received().empty());
}

TEST_CASE("the next part is made when the one before is written", "[control]") {
    const Server server;
    Talk talk = server.talk();
    talk.say("{\"verb\":\"count\"}\n" + std::string{kEcho});
    CHECK(talk.received() == part("1"));
    CHECK(talk.parts_on_their_way() == 1);
    talk.drain();
    CHECK(talk.received() == part("1") + part("2") + part("3") + said("4") + said("a"));

    Talk gone = server.talk();
    gone.say("{\"verb\":\"count\"}\n");
    gone.hang_up();
    CHECK(gone.received() == part("1"));
}

TEST_CASE("a request that its handler forgets is answered all the same", "[control]") {
    Server server;
    Talk talk = server.talk();
    talk.say(std::string{kLater} + std::string{kEcho});
    server.owed().clear();
    CHECK(talk.received() ==
          encode(Response{.exit = 1, .output = {}, .error = "the daemon dropped the request"}) +
              said("a"));
}

TEST_CASE("a request that never ends breaks its session, not the daemon", "[control]") {
    const Server server;
    Talk talk = server.talk();
    for (int i = 0; i < 7; ++i) {
        talk.say(std::string(10'000, ' '));
    }
    CHECK(talk.ended());
    CHECK(talk.received().find("the request is too long") != std::string::npos);

    Talk at_once = server.talk();
    at_once.say("{\"verb\":\"fail\"}\n" + std::string(70'000, 'x') + "\n{\"verb\":\"fail\"}\n");
    CHECK(at_once.ended());
    CHECK(std::count(at_once.received().begin(), at_once.received().end(), '\n') == 2);
}

TEST_CASE("too many requests that wait end their session behind what is owed", "[control]") {
    Server server;
    Talk talk = server.talk();
    talk.say(kLater);
    const std::string many(60'000, '\n');
    for (std::size_t sent = 0; sent <= kMaxWaitingBytes; sent += many.size()) {
        talk.say(many);
    }
    CHECK_FALSE(talk.ended());
    server.owed()[0]({.exit = 0, .output = "first", .error = {}});
    CHECK(talk.ended());
    CHECK(talk.received().starts_with(said("first")));
}

// Valid lines with a few octets changed, cut or doubled, in pieces of any size.
TEST_CASE("no bytes upset the server", "[control]") {
    const Server server;
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
        Talk talk = server.talk();
        std::string_view rest = bytes;
        while (!rest.empty()) {
            const std::size_t step = 1 + random.below(rest.size());
            talk.say(rest.substr(0, step));
            rest.remove_prefix(step);
        }
        CHECK(std::count(talk.received().begin(), talk.received().end(), '\n') ==
              std::count(bytes.begin(), bytes.end(), '\n'));
    }
}

}  // namespace
}  // namespace twinzone::control
