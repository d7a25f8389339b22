// Assertions for bugs: what the program itself guarantees. They stay on in release builds. Never
// for input from outside.
#pragma once

namespace twinzone {

// Prints the place and the broken expectation to stderr, then aborts. Any thread.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace twinzone

#define TWINZONE_ASSERT(expression)                                        \
    do {                                                                   \
        if (!(expression)) [[unlikely]] {                                  \
            ::twinzone::assertion_failed(#expression, __FILE__, __LINE__); \
        }                                                                  \
    } while (false)

#define TWINZONE_UNREACHABLE() ::twinzone::assertion_failed("unreachable", __FILE__, __LINE__)
