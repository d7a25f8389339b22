#include "common/net/resolver.h"

#include <algorithm>
#include <memory>

#include "tests/unit/net/loopback.h"

namespace twinzone::net {

using test::run_to_stop;

TEST_CASE("names of the hosts file are found, with and without the closing dot", "[net]") {
    for (const char* host : {"localhost", "localhost."}) {
        Loop loop;
        Resolver resolver{loop};
        Resolver::Addresses found = fail(Errc::internal, "not called");
        resolver.resolve(host, [&](const Resolver::Addresses& addresses) {
            found = addresses;
            loop.stop();
        });
        CHECK_FALSE(found);  // never from within the call
        run_to_stop(loop);
        REQUIRE(found);
        CHECK(std::count(found->begin(), found->end(), IpAddress::v4({127, 0, 0, 1})) == 1);
    }
}

TEST_CASE("who asks for the same name at one time is told the same", "[net]") {
    Loop loop;
    Resolver resolver{loop};
    int told = 0;
    const auto count = [&](const Resolver::Addresses& addresses) {
        CHECK(addresses);
        if (++told == 3) {
            resolver.resolve("localhost", [&](const Resolver::Addresses&) { loop.stop(); });
        }
    };
    for (int i = 0; i < 3; ++i) {
        resolver.resolve("localhost", count);
    }
    run_to_stop(loop);
    CHECK(told == 3);
}

TEST_CASE("a name that nobody has is an error in words", "[net]") {
    Loop loop;
    Resolver resolver{loop};
    resolver.resolve("nobody\\.has this.invalid.", [&](const Resolver::Addresses& addresses) {
        REQUIRE_FALSE(addresses);
        CHECK(addresses.error().code() == Errc::not_found);
        CHECK_FALSE(addresses.error().detail().empty());
        loop.stop();
    });
    run_to_stop(loop);
}

TEST_CASE("a resolver that goes tells nobody and waits for nobody", "[net]") {
    Loop loop;
    auto resolver = std::make_unique<Resolver>(loop);
    for (const char* host : {"localhost", "one.invalid.", "two.invalid.", "three.invalid."}) {
        resolver->resolve(host, [](const Resolver::Addresses&) { FAIL("told"); });
    }
    resolver.reset();
    Timer end{loop};
    end.arm_after(milliseconds{50}, [&] { loop.stop(); });
    run_to_stop(loop);
}

}  // namespace twinzone::net
