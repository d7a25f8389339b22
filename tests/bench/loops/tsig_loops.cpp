// What a signed transfer costs above a plain one: a MAC over each page, made and checked.
#include <array>

#include <benchmark/benchmark.h>

#include "common/dns/tsig.h"
#include "common/zone/page.h"
#include "tests/bench/loops/sample_zone.h"

namespace twinzone::bench {

namespace {

constexpr UnixTime kNow{1'800'000'000};

dns::TsigKeyPtr key() {
    const dns::Name name = *dns::Name::from_text("bench.test.");
    return *dns::TsigKey::create(name, dns::TsigAlgorithm::hmac_sha256, Bytes(32, 7));
}

// A signed question for the zone.
Bytes question(dns::TsigClient& client) {
    Bytes request{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    const dns::Name apex = sample_soa(1).owner;
    const ByteView wire = apex.view().wire();
    request.insert(request.end(), wire.begin(), wire.end());
    request.insert(request.end(), {0, 252, 0, 1});
    (void)client.sign_request(request, kNow);
    return request;
}

void sign_page(benchmark::State& state) {
    dns::TsigKeyring keys;
    keys.add(key());
    dns::TsigClient client{key()};
    Bytes request = question(client);
    Result<dns::TsigServer> server = dns::TsigServer::check(request, keys, kNow);
    if (!server || server->verdict() != dns::TsigServer::Verdict::valid) {
        state.SkipWithError("the question was refused");
        return;
    }
    const Bytes page(zone::kPageBytes, 9);
    const std::array<ByteView, 1> parts{page};
    for (auto _ : state) {
        benchmark::DoNotOptimize(server->sign(parts, kNow));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(page.size()));
}

void hmac_page(benchmark::State& state) {
    const dns::TsigKeyPtr shared = key();
    const Bytes page(zone::kPageBytes, 9);
    for (auto _ : state) {
        dns::TsigDigest digest{*shared};
        digest.add(page);
        benchmark::DoNotOptimize(digest.finish());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(page.size()));
}

BENCHMARK(sign_page)->Unit(benchmark::kMicrosecond);
BENCHMARK(hmac_page)->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace twinzone::bench
