#include "common/service/difference_base.h"

#include "tests/support/catch.h"
#include "tests/support/memory_snapshot.h"

namespace twinzone::service {

namespace {

using test::a;
using test::diff;

constexpr std::string_view kOther = "192.0.2.2@53";

zone::Digest digest_of(std::uint32_t serial, const std::vector<dns::Record>& records) {
    zone::Digest digest;
    digest.add(test::soa(serial).view());
    for (const dns::Record& record : records) {
        digest.add(record.view());
    }
    return digest;
}

// Serials 1 to 4, a host more with each, all from another primary than kOther.
class FromOnePrimary : public test::MemorySnapshot {
  public:
    FromOnePrimary()
        : MemorySnapshot(test::soa_record(4), test::list_of({a("h1"), a("h2"), a("h3"), a("h4")}),
                         {diff(1, 2, {}, {a("h2")}), diff(2, 3, {a("old")}, {a("h3")}),
                          diff(3, 4, {}, {a("h4")})}),
          version_(MemorySnapshot::version()) {
        version_.digest = digest_of(4, {a("h1"), a("h2"), a("h3"), a("h4")});
    }

    [[nodiscard]] const zone::Version& version() const noexcept override { return version_; }
    [[nodiscard]] std::string source() const override { return "192.0.2.1@53"; }

  private:
    zone::Version version_;
};

// Versions that came in this order, from these primaries; the first from nobody known.
class OfSerials : public test::MemorySnapshot {
  public:
    struct Came {
        std::uint32_t serial = 0;
        std::string_view source;
    };
    explicit OfSerials(const std::vector<Came>& all)
        : MemorySnapshot(test::soa_record(all.back().serial), test::list_of({}), steps_of(all)),
          all_(all) {}

    [[nodiscard]] std::string source() const override { return std::string{all_.back().source}; }
    [[nodiscard]] Result<std::vector<zone::HistoryStep>> all_history() const override {
        Result<std::vector<zone::HistoryStep>> steps = MemorySnapshot::all_history();
        for (std::size_t i = 0; i < steps->size(); ++i) {
            (*steps)[i].source = all_[i + 1].source;
        }
        return steps;
    }

  private:
    static std::vector<zone::Diff> steps_of(const std::vector<Came>& all) {
        std::vector<zone::Diff> steps;
        steps.reserve(all.size());
        for (std::size_t i = 1; i < all.size(); ++i) {
            steps.push_back(diff(all[i - 1].serial, all[i].serial, {}, {}));
        }
        return steps;
    }

    std::vector<Came> all_;
};

}  // namespace

TEST_CASE("an older version is a base only while serials fall back to it", "[service]") {
    constexpr std::string_view kFirst = "192.0.2.1@53";
    struct Case {
        const char* name = "";
        std::vector<OfSerials::Came> came;
        std::optional<std::uint32_t> from;
        std::size_t undo = 0;
    };
    const Case cases[] = {
        {"the last that came from it",
         {{1, kFirst}, {5, kOther}, {7, kOther}, {8, kFirst}, {9, kFirst}},
         7,
         2},
        {"past the end of 32 bits",
         {{1, kFirst}, {4294967290, kOther}, {3, kFirst}},
         4294967290,
         1},
        // The primary went on from the serial in service to that of its older version.
        {"serials came round to below it",
         {{71, kFirst}, {72, kOther}, {2147483719, kFirst}, {70, kFirst}, {71, kFirst}},
         {},
         0},
        {"serials came round to it",
         {{71, kFirst}, {72, kOther}, {2147483719, kFirst}, {70, kFirst}, {72, kFirst}},
         {},
         0},
        {"serials came round beyond it",
         {{71, kFirst}, {72, kOther}, {2147483719, kFirst}, {70, kFirst}, {73, kFirst}},
         {},
         0},
        {"a serial was adopted that is lower", {{4, kFirst}, {6, kOther}, {5, kFirst}}, {}, 0},
    };
    for (const Case& each : cases) {
        DYNAMIC_SECTION(each.name) {
            const OfSerials snapshot{each.came};
            const Result<std::optional<DifferenceBase>> base = find_base(snapshot, kOther);
            REQUIRE(base);
            REQUIRE(base->has_value() == each.from.has_value());
            if (*base) {
                CHECK((*base)->soa.serial == dns::Serial{*each.from});
                CHECK((*base)->undo == each.undo);
            }
        }
    }
}

TEST_CASE("differences of a primary that holds our version by its digest are believed",
          "[service]") {
    const FromOnePrimary snapshot;
    struct Case {
        const char* name = "";
        std::optional<ProvenVersion> proven;
        std::optional<std::uint32_t> from;
        std::size_t undo = 0;
    };
    const Case cases[] = {
        {"nothing is proven", {}, {}, 0},
        {"the version in service",
         ProvenVersion{.serial = dns::Serial{4}, .digest = snapshot.version().digest}, 4, 0},
        {"its serial with other content",
         ProvenVersion{.serial = dns::Serial{4}, .digest = digest_of(4, {a("h1")})},
         {},
         0},
        {"an older version",
         ProvenVersion{.serial = dns::Serial{2},
                       .digest = digest_of(2, {a("h1"), a("h2"), a("old")})},
         2, 2},
        {"an older serial with other content",
         ProvenVersion{.serial = dns::Serial{2}, .digest = digest_of(2, {a("h1"), a("h2")})},
         {},
         0},
        {"a version that is kept no more",
         ProvenVersion{.serial = dns::Serial{9}, .digest = digest_of(9, {})},
         {},
         0},
    };
    for (const Case& each : cases) {
        DYNAMIC_SECTION(each.name) {
            const Result<std::optional<DifferenceBase>> base =
                find_base(snapshot, kOther, each.proven ? &*each.proven : nullptr);
            REQUIRE(base);
            REQUIRE(base->has_value() == each.from.has_value());
            if (*base) {
                CHECK((*base)->soa.serial == dns::Serial{*each.from});
                CHECK((*base)->undo == each.undo);
            }
        }
    }
}

}  // namespace twinzone::service
