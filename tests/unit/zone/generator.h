// Zones and changes of zones from a seed: names with escapes, wildcards and mixed case, types with
// and without names in them, owners with thousands of records, records larger than a page.
#pragma once

#include <cstdint>
#include <random>

#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

class Generator {
  public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    // 0 to below - 1.
    [[nodiscard]] std::uint32_t number(std::uint32_t below);
    [[nodiscard]] bool one_in(std::uint32_t count) { return number(count) == 0; }

    [[nodiscard]] dns::Name owner();
    [[nodiscard]] dns::Record record();

    // `count` random records, now and then with a crowd at one owner. Canonical order.
    [[nodiscard]] RecordList zone(std::uint32_t count);

    // `from` with about `edits` records taken out, put in, or given another TTL or rdata case.
    [[nodiscard]] RecordList changed(const RecordList& from, std::uint32_t edits);

  private:
    [[nodiscard]] Bytes rdata(dns::RrType type);
    [[nodiscard]] Bytes octets(std::size_t count);
    void append_crowd(RecordList& list, std::uint32_t count);

    std::mt19937_64 random_;
};

}  // namespace twinzone::zone::test
