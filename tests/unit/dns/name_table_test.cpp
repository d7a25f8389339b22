#include "common/dns/name_table.h"

#include <string>

#include "tests/support/catch.h"

namespace twinzone::dns {

namespace {

Name name(const std::string& text) {
    return *Name::from_text(text);
}

}  // namespace

TEST_CASE("each name has one number, case apart", "[dns][names]") {
    NameTable names;
    CHECK_FALSE(names.find(name("a.test.")));
    CHECK(names.add(name("a.test.")) == 0);
    CHECK(names.add(name("b.test.")) == 1);
    CHECK(names.add(name("A.Test.")) == 0);
    CHECK(names.add(name(".")) == 2);
    CHECK(names.find(name("B.TEST.")) == 1);
    CHECK(names.size() == 3);
}

TEST_CASE("numbers and octets stay while a table grows", "[dns][names]") {
    constexpr std::uint32_t kMany = 20'000;  // octets of several blocks
    NameTable names;
    const NameView first = names.name(names.add(name("first.test.")));
    for (std::uint32_t i = 1; i < kMany; ++i) {
        REQUIRE(names.add(name("zone-" + std::to_string(i) + ".test.")) == i);
    }
    CHECK(first.to_text() == "first.test.");
    for (std::uint32_t i = 1; i < kMany; ++i) {
        const Name wanted = name("zone-" + std::to_string(i) + ".test.");
        REQUIRE(names.find(wanted) == i);
        REQUIRE(names.name(i) == wanted);
    }
    CHECK_FALSE(names.find(name("zone-0.test.")));
}

TEST_CASE("a name may be written anew", "[dns][names]") {
    NameTable names;
    names.add(name("a.test."));
    names.respell(name("A.Test."));
    CHECK(names.name(0).to_text() == "A.Test.");
    CHECK(names.find(name("a.test.")) == 0);
}

TEST_CASE("by number there is nothing until something is put there", "[dns][names]") {
    ByNumber<int> numbers;
    CHECK(numbers[7] == 0);
    numbers.at(7) = 3;
    CHECK(numbers[7] == 3);
    CHECK(numbers[6] == 0);
    CHECK(numbers.size() == 8);
}

TEST_CASE("what many names share is there until the last has another", "[dns][names]") {
    SharedByNumber<int> numbers;
    CHECK(numbers[7] == nullptr);
    auto three = std::make_shared<const int>(3);
    const std::weak_ptr<const int> seen = three;
    CHECK(numbers.set(7, three) == nullptr);
    CHECK(numbers.set(2, three) == nullptr);
    CHECK(numbers[2] == three);
    CHECK(numbers[6] == nullptr);
    CHECK(numbers.set(7, std::make_shared<const int>(4)) == three);
    CHECK(*numbers[7] == 4);
    CHECK(numbers.set(2, three) == three);
    three.reset();
    CHECK(*numbers[2] == 3);
    numbers.set(2, nullptr);
    CHECK(numbers[2] == nullptr);
    CHECK(seen.expired());
    numbers.set(3, std::make_shared<const int>(5));  // in the place that is free again
    CHECK(*numbers[3] == 5);
    CHECK(*numbers[7] == 4);
}

}  // namespace twinzone::dns
