#include "common/net/http_server.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/net/loopback.h"

namespace twinzone::net {

using test::bytes_of;
using test::loopback;
using test::run_to_stop;

namespace {

HttpResponse text(std::string body) {
    return {.status = 200,
            .headers = {{"Content-Type", "text/plain"}},
            .body = std::make_shared<const std::string>(std::move(body))};
}

void answer_path(const HttpTarget& target, const HttpServer::Respond& respond) {
    respond(text("path " + target.path));
}

// A server and clients that speak to it octet by octet.
class HttpFixture {
  public:
    explicit HttpFixture(HttpServer::Handler handler = answer_path, const HttpLimits& limits = {}) {
        auto listening = HttpServer::listen(loop, loopback(), limits, std::move(handler));
        REQUIRE(listening.has_value());
        server = std::move(*listening);
    }

    // Sends and returns what came until the server closed, or until `until` is in it.
    std::string exchange(std::string_view request, std::string_view until = {}) {
        std::string got;
        auto stream = connect(request, got, until);
        run_to_stop(loop);
        return got;
    }

    std::unique_ptr<TcpStream> connect(std::string_view request, std::string& got,
                                       std::string_view until = {}) {
        auto holder = std::make_shared<TcpStream*>(nullptr);
        auto stream = TcpStream::connect(
            loop, server->local(), {}, [this, holder, &got, until](const Result<void>& connected) {
                REQUIRE(connected.has_value());
                start(**holder, got, until);
            });
        *holder = stream.get();
        stream->write(bytes_of(request));
        return stream;
    }

    Loop loop;
    std::unique_ptr<HttpServer> server;

  private:
    void start(TcpStream& stream, std::string& got, std::string_view until) {
        stream.start(
            [this, &got, until](std::span<std::uint8_t> bytes) {
                got.append(as_text(bytes));
                if (!until.empty() && got.find(until) != std::string::npos) {
                    loop.stop();
                }
            },
            [this](const Result<void>&) { loop.stop(); });
    }
};

constexpr std::string_view kClose = "Host: x\r\nConnection: close\r\n\r\n";

std::string get(std::string_view target) {
    std::string request = "GET ";
    request.append(target).append(" HTTP/1.1\r\n").append(kClose);
    return request;
}

}  // namespace

TEST_CASE("GET is answered with status, headers and body", "[http]") {
    HttpFixture http;
    const std::string got = http.exchange(get("/livez?a=b"));
    CHECK(got.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(got.find("Content-Type: text/plain\r\n") != std::string::npos);
    CHECK(got.ends_with("\r\n\r\npath /livez"));
}

TEST_CASE("HEAD is answered as GET, without the body", "[http]") {
    HttpFixture http;
    std::string request = "HEAD /abc HTTP/1.1\r\n";
    const std::string got = http.exchange(request.append(kClose));
    CHECK(got.find("Content-Length: 9\r\n") != std::string::npos);
    CHECK(got.ends_with("\r\n\r\n"));
}

TEST_CASE("what is no GET of ours is refused, and the server lives on", "[http]") {
    struct Row {
        const char* name;
        std::string request;
        const char* status;
    };
    const Row rows[] = {
        {"POST with a body", "POST / HTTP/1.1\r\nContent-Length: 3\r\nHost: x\r\n\r\nabc", "405"},
        {"DELETE", "DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"},
        {"bad percent-encoding", get("/%zz"), "400"},
        {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
        {"no HTTP", "hello\r\n\r\n", ""},  // closed without a word
        {"a huge target", get("/" + std::string(40000, 'a')), "414"},
        {"huge headers", "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(40000, 'a') + "\r\n\r\n",
         "431"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            HttpFixture http;
            const std::string got = http.exchange(row.request);
            CAPTURE(got.substr(0, 200));
            CHECK((got.empty() ? got : got.substr(9, 3)) == row.status);
            CHECK(http.exchange(get("/after")).ends_with("path /after"));
        }
    }
}

TEST_CASE("405 says what is allowed", "[http]") {
    HttpFixture http;
    std::string request = "PUT / HTTP/1.1\r\n";
    CHECK(http.exchange(request.append(kClose)).find("Allow: GET, HEAD\r\n") != std::string::npos);
}

TEST_CASE("one connection carries requests one after the other", "[http]") {
    HttpFixture http;
    const std::string got = http.exchange("GET /a HTTP/1.1\r\nHost: x\r\n\r\n" + get("/b"));
    CHECK(got.find("path /a") != std::string::npos);
    CHECK(got.ends_with("path /b"));
}

TEST_CASE("an answer may come later, and others are served meanwhile", "[http]") {
    std::vector<HttpServer::Respond> waiting;
    HttpFixture http{[&](const HttpTarget& target, HttpServer::Respond respond) {
        if (target.path == "/later") {
            waiting.push_back(std::move(respond));
        } else {
            answer_path(target, respond);
        }
    }};
    std::string late;
    const auto stream = http.connect(get("/later"), late);
    CHECK(http.exchange(get("/now")).ends_with("path /now"));
    REQUIRE(waiting.size() == 1);
    CHECK(late.empty());
    waiting.front()(text("at last"));
    waiting.front()(text("once is enough"));
    run_to_stop(http.loop);
    CHECK(late.ends_with("at last"));
}

TEST_CASE("an answer that comes after the server has gone harms nobody", "[http]") {
    HttpServer::Respond kept;
    HttpFixture http;
    http.server.reset();
    auto again = HttpServer::listen(http.loop, loopback(), {},
                                    [&](const HttpTarget&, HttpServer::Respond respond) {
                                        kept = std::move(respond);
                                        http.loop.stop();
                                    });
    REQUIRE(again.has_value());
    http.server = std::move(*again);
    std::string got;
    const auto stream = http.connect(get("/"), got);
    run_to_stop(http.loop);
    REQUIRE(kept);
    http.server.reset();
    kept(text("too late"));
    run_to_stop(http.loop);
    CHECK(got.empty());
}

TEST_CASE("a large body is shared and comes whole", "[http]") {
    const auto body = std::make_shared<const std::string>(std::string(5'000'000, 'z'));
    HttpFixture http{[&](const HttpTarget&, const HttpServer::Respond& respond) {
        respond({.status = 200, .headers = {}, .body = body});
    }};
    const std::string got = http.exchange(get("/"));
    CHECK(got.size() > body->size());
    CHECK(got.ends_with(*body));
    http.server.reset();
    CHECK(body.use_count() == 1);
}

TEST_CASE("who sends a request octet by octet is cut off in the end", "[http][R9]") {
    HttpFixture http{answer_path, {.idle = seconds{60}, .request_time = seconds{1}}};
    std::string got;
    const auto stream = http.connect("GET / HTTP/1.1\r\nHost: x\r\n", got);
    Timer drip{http.loop};
    std::function<void()> send_one = [&] {
        stream->write(bytes_of("X: y\r\n"));
        drip.arm_after(milliseconds{100}, send_one);
    };
    send_one();
    run_to_stop(http.loop);
    CHECK(got.find(" 200 ") == std::string::npos);
}

TEST_CASE("no more connections than allowed are served at one time", "[http][R9]") {
    HttpFixture http{answer_path, {.connections = 2, .idle = seconds{1}}};
    std::string none;
    const auto first = http.connect("GET", none);
    const auto second = http.connect("GET", none);
    // Served when one of the idle ones has been cut.
    std::string got;
    std::unique_ptr<TcpStream> third = http.connect(get("/third"), got, "path /third");
    while (got.find("path /third") == std::string::npos) {
        run_to_stop(http.loop);
    }
    CHECK(got.ends_with("path /third"));
}

TEST_CASE("an address in use is an error with the address", "[http]") {
    HttpFixture http;
    const auto again = HttpServer::listen(http.loop, http.server->local(), {}, answer_path);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().detail().find(http.server->local().to_text()) != std::string::npos);
}

}  // namespace twinzone::net
