// Result<T>: a T or an Error, in the shape of std::expected (which GCC 12 has only in C++23).
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/assert.h"
#include "common/base/error.h"

namespace twinzone {

// What fail() returns; turns into the error of any Result.
class [[nodiscard]] Failure {
  public:
    explicit Failure(Error error) : error_(std::move(error)) {}
    [[nodiscard]] Error take() && { return std::move(error_); }

  private:
    Error error_;
};

[[nodiscard]] inline Failure fail(Errc code, std::string detail) {
    return Failure{Error{code, std::move(detail)}};
}
[[nodiscard]] inline Failure fail(Error error) {
    return Failure{std::move(error)};
}

template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    // Implicit on purpose: `return value;` and `return fail(...)` read as what they are.
    template <class U = T>
    requires(std::is_constructible_v<T, U&&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>,
                             Failure>)
        Result(U&& value)  // NOLINT: neither copies nor moves a Result
        : state_(std::in_place_index<0>, std::forward<U>(value)) {}
    Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure).take()) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    // Requires: has_value().
    [[nodiscard]] T& operator*() & { return checked(); }
    [[nodiscard]] const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
    [[nodiscard]] T&& operator*() && { return std::move(checked()); }
    [[nodiscard]] T* operator->() { return &checked(); }
    [[nodiscard]] const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

    // Requires: !has_value().
    [[nodiscard]] const Error& error() const& {
        TWINZONE_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        TWINZONE_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    T& checked() {
        TWINZONE_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }

    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Failure failure) : error_(std::move(failure).take()) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    // Requires: !has_value().
    [[nodiscard]] const Error& error() const& {
        TWINZONE_ASSERT(error_.has_value());
        return *error_;
    }
    [[nodiscard]] Error&& error() && {
        TWINZONE_ASSERT(error_.has_value());
        return std::move(*error_);
    }

  private:
    std::optional<Error> error_;
};

}  // namespace twinzone
