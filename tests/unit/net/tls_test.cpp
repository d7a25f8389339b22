#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/net/tls_session.h"
#include "common/net/tls_stream.h"
#include "tests/unit/net/certificates.h"
#include "tests/unit/net/loopback.h"

namespace twinzone::net::test {

namespace {

using ContextPtr = std::shared_ptr<const TlsContext>;

TlsTrust trust(const Authority& authority, const std::string& host) {
    return {.name = host, .ca_file = authority.ca_file(), .host = host, .pins = {}};
}

ContextPtr server_of(const TlsCredentials& credentials, const std::vector<TlsTrust>& clients = {}) {
    auto context = TlsContext::server(credentials, clients);
    REQUIRE(context);
    return *context;
}

ContextPtr client_of(const TlsTrust& trust, const TlsCredentials& credentials = {}) {
    auto context = TlsContext::client(credentials, trust);
    REQUIRE(context);
    return *context;
}

// A asks, Z answers; what one puts out the other takes in, until nothing moves.
struct Handshake {
    TlsSession a;
    TlsSession z;
    std::string a_error;
    std::string z_error;

    Handshake(const ContextPtr& asking, const ContextPtr& answering) : a(asking), z(answering) {
        step(a, {}, a_error);
        for (bool moved = true; moved;) {
            const Bytes to_z = a.take_output();
            step(z, to_z, z_error);
            const Bytes to_a = z.take_output();
            step(a, to_a, a_error);
            moved = !to_z.empty() || !to_a.empty();
        }
    }

    static void step(TlsSession& session, const Bytes& wire, std::string& error) {
        if (error.empty()) {
            const Result<void> received = session.receive(wire);
            error = received ? "" : received.error().detail();
            if (error.empty() && session.is_open()) {
                std::array<std::uint8_t, 64> octets{};
                const Result<std::size_t> read = session.read(octets);  // alerts and tickets
                error = read ? "" : read.error().detail();
            }
        }
    }
};

}  // namespace

TEST_CASE("a server is believed only for what its certificate proves", "[net][tls]") {
    const Authority authority{"tests"};
    const Authority other{"others"};
    const TlsCredentials good = authority.issue("ns1.example.net");
    const TlsCredentials old = authority.issue("old.example.net", std::chrono::seconds{-3600});
    const ContextPtr server = server_of(good);
    const auto pinned = [](const TlsPin& pin) {
        return TlsTrust{.name = "pinned", .ca_file = {}, .host = {}, .pins = {pin}};
    };
    struct Row {
        const char* name;
        TlsTrust trust;
        ContextPtr server;
        std::string expected;  // a part of the reason; empty: it is believed
    };
    const Row rows[] = {
        {"authority and name", trust(authority, "ns1.example.net"), server, ""},
        {"another name", trust(authority, "ns2.example.net"), server, "hostname mismatch"},
        {"another authority", trust(other, "ns1.example.net"), server,
         "unable to get local issuer"},
        {"expired", trust(authority, "old.example.net"), server_of(old), "expired"},
        {"its key alone", pinned(Authority::pin_of(good)), server, ""},
        {"another key", pinned(Authority::pin_of(old)), server, "not a pinned one"},
        {"the right name with another key",
         {.name = "both",
          .ca_file = authority.ca_file(),
          .host = "ns1.example.net",
          .pins = {Authority::pin_of(old)}},
         server,
         "not a pinned one"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Handshake pair{client_of(row.trust), row.server};
            CHECK(pair.a.is_open() == row.expected.empty());
            CHECK_THAT(pair.a_error, Catch::Contains(row.expected));
            CHECK(pair.a_error.empty() == row.expected.empty());
            CHECK(pair.z_error.empty() == row.expected.empty());  // an alert tells it
        }
    }
}

TEST_CASE("a client is what its certificate proves, and may have none", "[net][tls]") {
    const Authority authority{"tests"};
    const Authority other{"others"};
    const TlsCredentials server_files = authority.issue("ns1.example.net");
    const TlsCredentials ns2 = authority.issue("ns2.example.net");
    const TlsCredentials false_ns2 = other.issue("ns2.example.net");
    TlsTrust by_pin{
        .name = "by pin", .ca_file = {}, .host = {}, .pins = {Authority::pin_of(false_ns2)}};
    const ContextPtr server = server_of(
        server_files,
        {trust(authority, "ns2.example.net"), trust(authority, "ns3.example.net"), by_pin});
    const TlsTrust to_server = trust(authority, "ns1.example.net");
    using Names = std::vector<std::string>;

    const Handshake known{client_of(to_server, ns2), server};
    REQUIRE(known.z.is_open());
    CHECK(known.z.peer().identities == Names{"ns2.example.net"});

    const Handshake pinned{client_of(to_server, false_ns2), server};
    REQUIRE(pinned.z.is_open());
    CHECK(pinned.z.peer().identities == Names{"by pin"});
    CHECK(pinned.z.peer().objections.size() == 2);

    const Handshake nobody{client_of(to_server), server};
    REQUIRE(nobody.z.is_open());
    CHECK(nobody.z.peer().identities.empty());
    CHECK(nobody.z.peer().objections.empty());
}

TEST_CASE("a handshake cut at any octet, or with any octet changed, opens nothing",
          "[net][tls][R24]") {
    const Authority authority{"tests"};
    const ContextPtr server = server_of(authority.issue("ns1.example.net"));
    const ContextPtr client = client_of(trust(authority, "ns1.example.net"));
    TlsSession a{client};
    REQUIRE(a.receive({}));
    const Bytes hello = a.take_output();
    for (std::size_t i = 0; i < hello.size(); ++i) {
        TlsSession cut{server};
        CHECK(cut.receive(ByteView{hello}.first(i)));
        CHECK_FALSE(cut.is_open());
        Bytes changed = hello;
        changed[i] ^= 0x41;
        TlsSession confused{server};
        static_cast<void>(confused.receive(changed).has_value());
        CHECK_FALSE(confused.is_open());
    }
}

TEST_CASE("a second connection resumes the first one's session and knows the client still",
          "[net][tls]") {
    const Authority authority{"tests"};
    const ContextPtr server =
        server_of(authority.issue("ns1.example.net"), {trust(authority, "ns2.example.net")});
    const ContextPtr client =
        client_of(trust(authority, "ns1.example.net"), authority.issue("ns2.example.net"));
    const Handshake first{client, server};
    REQUIRE(first.a.is_open());
    const Handshake second{client, server};
    REQUIRE(second.z.is_open());
    CHECK(second.a.is_resumed());
    CHECK(second.z.peer().identities == std::vector<std::string>{"ns2.example.net"});
}

TEST_CASE("files that are no certificate are named", "[net][tls]") {
    const twinzone::test::TemporaryFolder folder;
    const std::string empty = folder.write("empty.pem", "");
    const Authority authority{"tests"};
    const TlsCredentials good = authority.issue("ns1.example.net");
    const auto detail = [](const auto& result) { return result ? "" : result.error().detail(); };
    CHECK_THAT(detail(TlsContext::server({empty, good.key_file}, {})), Catch::Contains(empty));
    CHECK_THAT(detail(TlsContext::server({good.certificate_file, empty}, {})),
               Catch::Contains(empty));
    CHECK_THAT(
        detail(TlsContext::client({}, {.name = "x", .ca_file = empty, .host = "h", .pins = {}})),
        Catch::Contains(empty));
    const TlsCredentials other = authority.issue("ns2.example.net");
    CHECK_THAT(detail(TlsContext::server({good.certificate_file, other.key_file}, {})),
               Catch::Contains(other.key_file));
}

TEST_CASE("5 MB come back from an echo over TLS as they went", "[net][tls]") {
    constexpr std::size_t total = 5'000'000;
    const Authority authority{"tests"};
    const ContextPtr context = server_of(authority.issue("ns1.example.net"));
    Loop loop;
    std::unique_ptr<TlsStream> z;
    auto listener =
        TcpListener::listen(loop, loopback(), 16,
                            {.on_accept =
                                 [&](std::unique_ptr<TcpStream> stream) {
                                     z = TlsStream::accept(loop, std::move(stream), context);
                                     z->start(
                                         [&](std::span<std::uint8_t> octets) {
                                             z->write(Bytes(octets.begin(), octets.end()));
                                         },
                                         [](const Result<void>&) {});
                                 },
                             .on_error = {}});
    REQUIRE(listener);
    std::size_t got = 0;
    bool good = true;
    std::unique_ptr<TlsStream> a = TlsStream::connect(
        loop, (*listener)->local(), {}, client_of(trust(authority, "ns1.example.net")),
        [&](const Result<void>& connected) {
            REQUIRE(connected);
            a->start(
                [&](std::span<std::uint8_t> octets) {
                    for (const std::uint8_t octet : octets) {
                        good = good && octet == pattern_at(got++);
                    }
                    if (got == total) {
                        loop.stop();
                    }
                },
                [](const Result<void>&) {});
        });
    for (std::size_t at = 0; at < total;) {
        const std::size_t size = std::min<std::size_t>(total - at, 70'001);
        Bytes chunk(size);
        for (std::size_t i = 0; i < size; ++i) {
            chunk[i] = pattern_at(at + i);
        }
        a->write(std::move(chunk));  // before the handshake is over
        at += size;
    }
    run_to_stop(loop);
    CHECK(good);
    CHECK(got == total);
    CHECK(z->tls_peer() != nullptr);
}

TEST_CASE("a connection that ends says how", "[net][tls]") {
    const Authority authority{"tests"};
    const ContextPtr context = server_of(authority.issue("ns1.example.net"));
    const bool orderly = GENERATE(true, false);
    Loop loop;
    std::unique_ptr<TlsStream> z;
    std::string told = "nothing";
    auto listener =
        TcpListener::listen(loop, loopback(), 16,
                            {.on_accept =
                                 [&](std::unique_ptr<TcpStream> stream) {
                                     z = TlsStream::accept(loop, std::move(stream), context);
                                     z->start([](std::span<std::uint8_t>) {},
                                              [&](const Result<void>& end) {
                                                  told = end ? "ended" : end.error().detail();
                                                  loop.stop();
                                              });
                                 },
                             .on_error = {}});
    std::unique_ptr<TlsStream> a = TlsStream::connect(
        loop, (*listener)->local(), {}, client_of(trust(authority, "ns1.example.net")),
        [&](const Result<void>& connected) {
            REQUIRE(connected);
            a->start([](std::span<std::uint8_t>) {}, [](const Result<void>&) {});
            a->write(Bytes(10, 1), [&] { orderly ? a->shutdown() : a->close(); });
        });
    run_to_stop(loop);
    CHECK(told == (orderly ? "ended" : "TLS: the connection was cut"));
}

}  // namespace twinzone::net::test
