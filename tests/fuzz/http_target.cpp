// Any octets as the target of an HTTP request: a path from the root and bounded fields, or nothing.
#include "common/net/http_target.h"

#include "tests/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace twinzone;
    const std::string_view text = as_text({bytes, size});
    const std::optional<net::HttpTarget> target = net::parse_http_target(text);
    if (!target) {
        return 0;
    }
    TWINZONE_ASSERT(target->path.starts_with('/'));
    TWINZONE_ASSERT(target->path.size() <= size);
    TWINZONE_ASSERT(target->query.size() <= net::kMaxQueryFields);
    for (const auto& [name, value] : target->query) {
        TWINZONE_ASSERT(name.size() + value.size() <= size);
    }
    return 0;
}
