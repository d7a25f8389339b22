#include "common/observe/metrics.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "common/base/assert.h"

namespace twinzone::observe {

namespace {

CounterFamily::Values owned(std::initializer_list<std::string_view> values) {
    return {values.begin(), values.end()};
}

// As RFC 8945 §3 writes them, in lower case.
std::optional<std::string_view> tsig_label(Errc code) noexcept {
    switch (code) {
        case Errc::tsig_missing: return "missing";
        case Errc::tsig_bad_key: return "badkey";
        case Errc::tsig_bad_signature: return "badsig";
        case Errc::tsig_bad_time: return "badtime";
        case Errc::tsig_bad_truncation: return "badtrunc";
        default: return std::nullopt;
    }
}

}  // namespace

void CounterFamily::add(std::initializer_list<std::string_view> values, std::uint64_t by) {
    TWINZONE_ASSERT(values.size() == labels_.size());
    series_[owned(values)] += by;
}

std::uint64_t CounterFamily::value(std::initializer_list<std::string_view> values) const {
    const auto found = series_.find(owned(values));
    return found == series_.end() ? 0 : found->second;
}

void Histogram::observe(Duration time) {
    const double in_seconds = std::chrono::duration<double>(time).count();
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), in_seconds);
    ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    ++count_;
    sum_seconds_ += in_seconds;
}

Metrics::Metrics()
    : transfers("twinzone_transfers_total", "Zone transfers that ended.",
                {"direction", "type", "result"}),
      transfer_bytes("twinzone_transfer_bytes_total", "Octets of the messages of zone transfers.",
                     {"direction", "type"}),
      ixfr_fallbacks("twinzone_ixfr_fallbacks_total",
                     "Incremental transfers that failed and were followed by a full one.",
                     {"reason"}),
      notifies("twinzone_notifies_total", "NOTIFY messages, by what came of them.",
               {"direction", "result"}),
      soa_checks("twinzone_soa_checks_total", "SOA checks at primaries, by what they found.",
                 {"result"}),
      tsig_errors("twinzone_tsig_errors_total", "Signatures that were missing or did not hold.",
                  {"error"}),
      tls_errors("twinzone_tls_errors_total", "TLS connections that failed.", {"reason"}),
      guard_holds("twinzone_guard_holds_total", "Versions that the change guard held.", {"reason"}),
      zone_checks("twinzone_zone_checks_total",
                  "Versions judged by their content before they were published.",
                  {"check", "result"}),
      digest_checks(
          "twinzone_digest_checks_total",
          "Digests of a primary compared with ours under one serial; and versions mended.",
          {"result"}),
      verifications("twinzone_verifications_total",
                    "Whole comparisons with a server, by what they found; and versions mended.",
                    {"result"}),
      transfer_duration("twinzone_transfer_duration_seconds",
                        "Time of zone transfers that finished, in and out.",
                        {0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 7200}),
      commit("twinzone_commit_seconds",
             "Time from handing a commit to the store until it is synced.",
             {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60}) {
    for (const char* direction : {"in", "out"}) {
        for (const char* type : {"axfr", "ixfr"}) {
            for (const char* result : {"finished", "up_to_date", "failed"}) {
                transfers.add({direction, type, result}, 0);
            }
            transfer_bytes.add({direction, type}, 0);
        }
    }
    for (const char* result : {"accepted", "refused"}) {
        notifies.add({"in", result}, 0);
    }
    for (const char* result : {"answered", "refused", "retrying", "bad_answer"}) {
        notifies.add({"out", result}, 0);
    }
    for (const char* result : {"current", "newer", "lower", "failed"}) {
        soa_checks.add({result}, 0);
    }
    for (const char* result : {"same", "differs", "mended"}) {
        digest_checks.add({result}, 0);
    }
    for (const char* result : {"valid", "absent", "unsupported", "failed"}) {
        zone_checks.add({"zonemd", result}, 0);
    }
    for (const char* result : {"valid", "unsigned", "unsupported", "failed"}) {
        zone_checks.add({"dnssec", result}, 0);
    }
    for (const char* reason : {"deletions", "apex-ns"}) {
        guard_holds.add({reason}, 0);
    }
    for (const Errc code : {Errc::message_malformed, Errc::message_unexpected, Errc::rcode,
                            Errc::transfer_malformed, Errc::transfer_diverged, Errc::transfer_cut,
                            Errc::peer_unreachable, Errc::zone_unverified}) {
        ixfr_fallbacks.add({to_string(code)}, 0);
    }
    for (const char* error : {"badkey", "badsig", "badtime", "badtrunc", "missing"}) {
        tsig_errors.add({error}, 0);
    }
}

void Metrics::count_tsig_error(Errc code) {
    if (const auto label = tsig_label(code)) {
        tsig_errors.add({*label});
    }
}

}  // namespace twinzone::observe
