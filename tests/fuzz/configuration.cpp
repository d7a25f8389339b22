// Any octets as a configuration file. The first octet: the program. It is taken, or
// refused with a place in it.
#include "common/config/loader.h"
#include "tests/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace twinzone;
    if (size == 0) {
        return 0;
    }
    const config::Role role =
        (bytes[0] & 1U) != 0 ? config::Role::primary : config::Role::secondary;
    const std::string text{as_text(ByteView{bytes, size}.subspan(1))};
    const Result<config::Config> config = config::load_text(text, "input.yaml", role);
    if (!config) {
        TWINZONE_ASSERT(config.error().detail().starts_with("input.yaml:"));
    }
    return 0;
}
