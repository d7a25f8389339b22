// The asking side, against a socket in a folder of its own.
#include "common/control/client.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/control/status_verb.h"
#include "tests/support/catch.h"
#include "tests/unit/control/samples.h"

namespace twinzone::control {
namespace {

constexpr milliseconds kLong{10'000};

// Listens, and serves one client with the bytes of a script.
class OneAnswer {
  public:
    OneAnswer() {
        std::string pattern = (std::filesystem::temp_directory_path() / "twinzone-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        path_ = folder_ + "/c.sock";
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener_, 1) == 0);
    }
    ~OneAnswer() {
        if (thread_.joinable()) {
            thread_.join();
        }
        ::close(listener_);
        std::filesystem::remove_all(folder_);
    }
    OneAnswer(const OneAnswer&) = delete;
    OneAnswer& operator=(const OneAnswer&) = delete;

    // Reads one line, writes `answer`, hangs up.
    void answer(const std::string& answer) {
        thread_ = std::thread{[this, answer] {
            const int client = ::accept(listener_, nullptr, nullptr);
            for (char c = 0; c != '\n' && ::read(client, &c, 1) == 1;) {
                request_.push_back(c);
            }
            std::size_t sent = 0;
            while (sent < answer.size()) {
                const ssize_t count =
                    ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
                if (count <= 0) {
                    break;
                }
                sent += static_cast<std::size_t>(count);
            }
            ::close(client);
        }};
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    // What the client sent. Joins.
    [[nodiscard]] std::string request() {
        thread_.join();
        return request_;
    }

  private:
    std::string folder_;
    std::string path_;
    int listener_ = -1;
    std::thread thread_;
    std::string request_;
};

const Request kRequest{.verb = "echo", .operands = {}, .options = {}};

TEST_CASE("the client asks and gets the answer", "[control]") {
    OneAnswer daemon;
    const Response expected{.exit = 4, .output = std::string(1'000'000, 'x'), .error = "held"};
    daemon.answer(encode(expected));
    const auto response = ask(daemon.path(), kRequest, kLong);
    REQUIRE(response);
    CHECK(*response == expected);
    CHECK(daemon.request() == encode(kRequest));
}

TEST_CASE("the client takes a long answer part by part", "[control]") {
    OneAnswer daemon;
    const Response last{.exit = 1, .output = "c", .error = "cut short"};
    daemon.answer(encode(Response{.exit = 0, .output = "a\n", .error = {}, .more = true}) +
                  encode(Response{.exit = 0, .output = "b", .error = {}, .more = true}) +
                  encode(last));
    std::string printed;
    const auto response = ask(daemon.path(), kRequest, std::nullopt,
                              [&](const Response& part) { printed += part.output; });
    REQUIRE(response);
    CHECK(*response == last);
    CHECK(printed == "a\nb");
}

TEST_CASE("a daemon that hangs up between parts did not answer", "[control]") {
    OneAnswer daemon;
    daemon.answer(encode(Response{.exit = 0, .output = "a", .error = {}, .more = true}));
    CHECK(ask(daemon.path(), kRequest, kLong).error().code() == Errc::peer_unreachable);
}

TEST_CASE("a daemon that is not running is told from one that fails", "[control]") {
    CHECK(ask("/nowhere/c.sock", kRequest, kLong).error().code() == Errc::not_found);
    CHECK(ask("/nowhere/c.sock", kRequest, kLong).error().detail() ==
          "no daemon is running at /nowhere/c.sock");
    CHECK(ask(std::string(200, 'x'), kRequest, kLong).error().code() == Errc::usage);
    {
        OneAnswer silent;  // accepts nothing
        CHECK(ask(silent.path(), kRequest, milliseconds{20}).error().code() ==
              Errc::peer_unreachable);
    }
    {
        OneAnswer gone;
        gone.answer("");
        CHECK(ask(gone.path(), kRequest, kLong).error().code() == Errc::peer_unreachable);
    }
    {
        OneAnswer other;
        other.answer("HTTP/1.1 400 Bad Request\r\n\r\n");
        CHECK(ask(other.path(), kRequest, kLong).error().code() == Errc::message_malformed);
    }
}

TEST_CASE("a socket left behind by a dead daemon is no daemon", "[control]") {
    OneAnswer daemon;
    const std::string left = daemon.path() + "2";
    const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    left.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::close(dead);
    CHECK(ask(left, kRequest, kLong).error().code() == Errc::not_found);
}

std::string printed_status(const Response& response, const StatusView& view, bool& is_current) {
    OneAnswer daemon;
    daemon.answer(encode(response));
    std::FILE* out = std::tmpfile();
    const auto shown = show_status(daemon.path(), {}, view, out);
    std::string text(4096, '\0');
    std::rewind(out);
    text.resize(std::fread(text.data(), 1, text.size(), out));
    std::fclose(out);
    is_current = shown && *shown;
    return shown ? text : shown.error().detail();
}

TEST_CASE("the verb status prints what the daemon answers", "[control]") {
    bool is_current = true;
    const Response good = answer_status(to_request({}), test::two_zones());
    CHECK(printed_status(good, {.json = true}, is_current) == to_json(test::two_zones()) + "\n");
    CHECK_FALSE(is_current);
    CHECK(printed_status(good, {}, is_current).find("ZONE ") == 0);
    Status calm = test::two_zones();
    keep_not_current(calm);
    calm.zones.clear();
    (void)printed_status(answer_status(to_request({}), calm), {}, is_current);
    CHECK(is_current);
    CHECK(printed_status({.exit = 1, .output = {}, .error = "no zone x. here"}, {}, is_current) ==
          "no zone x. here");
}

}  // namespace
}  // namespace twinzone::control
