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

}  // namespace

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
