#include "common/base/result.h"

#include <memory>
#include <set>

#include "tests/support/catch.h"

namespace twinzone {

namespace {

Result<std::unique_ptr<int>> half(int number) {
    if (number % 2 != 0) {
        return fail(Errc::limit, "odd");
    }
    return std::make_unique<int>(number / 2);
}

Result<void> check_even(int number) {
    Result<std::unique_ptr<int>> halved = half(number);
    if (!halved) {
        return fail(std::move(halved).error());
    }
    return {};
}

Result<std::optional<int>> maybe(bool there) {
    return there ? std::optional{1} : std::nullopt;
}

}  // namespace

TEST_CASE("a result is a value or an error", "[base][result]") {
    CHECK(**half(4) == 2);
    const Result<std::unique_ptr<int>> odd = half(3);
    REQUIRE_FALSE(odd);
    CHECK(odd.error().code() == Errc::limit);
    CHECK(odd.error().detail() == "odd");
    CHECK(std::unique_ptr<int>{*half(6)} != nullptr);  // the value can be moved out
}

TEST_CASE("a result without value passes an error on", "[base][result]") {
    CHECK(check_even(2));
    CHECK(check_even(1).error().detail() == "odd");
}

TEST_CASE("an empty optional is a value", "[base][result]") {
    CHECK(maybe(false).has_value());
    CHECK_FALSE(maybe(false)->has_value());
    CHECK(**maybe(true) == 1);
}

TEST_CASE("each error code has a name of its own", "[base][error]") {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
        names.insert(to_string(static_cast<Errc>(code)));
    }
    CHECK(names.size() == static_cast<std::size_t>(Errc::internal) + 1);
}

}  // namespace twinzone
