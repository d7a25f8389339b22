// The database below the store, with calls that fail when told to.
#pragma once

#include <cstdint>

namespace twinzone::store::test {

// While alive, calls of LMDB that may fail for the disk's or the map's sake do so with `code`: all
// from number `first` on (counted from 0), or that one alone. What ends a transaction ends it then
// as well, with nothing committed.
class FailingEngine {
  public:
    enum class Calls : std::uint8_t { from_then_on, that_one };

    FailingEngine(std::uint64_t first, int code, Calls calls = Calls::from_then_on);
    ~FailingEngine();
    FailingEngine(const FailingEngine&) = delete;
    FailingEngine& operator=(const FailingEngine&) = delete;

    // Whether a call has failed.
    [[nodiscard]] static bool met() noexcept;
};

}  // namespace twinzone::store::test
