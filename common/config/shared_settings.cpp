// The history that several primaries share: `shared` of `store`.

#include <array>

#include <unistd.h>

#include "common/config/loading.h"
#include "common/config/schema.h"
#include "common/config/values.h"

namespace twinzone::config {

namespace {

constexpr seconds kMinTakeOver{1};
constexpr seconds kMaxTakeOver{600};
constexpr std::size_t kMaxNameBytes = 64;

Result<seconds> take_over_from_text(std::string_view text) {
    Result<seconds> span = duration_from_text(text);
    if (span && (*span < kMinTakeOver || *span > kMaxTakeOver)) {
        return fail(Errc::usage, "between 1s and 10m");
    }
    return span;
}

Result<std::uint64_t> kept_from_text(std::string_view text) {
    Result<std::uint64_t> count = count_from_text(text);
    if (count && *count == 0) {
        return fail(Errc::usage, "at least 1");
    }
    return count;
}

Result<std::uint64_t> kept_size_from_text(std::string_view text) {
    constexpr std::uint64_t least = std::uint64_t{64} * 1024;
    Result<std::uint64_t> size = size_from_text(text);
    if (size && *size < least) {
        return fail(Errc::usage, "at least 64K");
    }
    return size;
}

Result<std::string> shared_name_from_text(std::string_view text) {
    if (text.empty() || text.size() > kMaxNameBytes || text.find('/') != std::string_view::npos) {
        return fail(Errc::usage, fmt::format("1 to {} octets without /", kMaxNameBytes));
    }
    return std::string{text};
}

std::string host_name() {
    std::array<char, kMaxNameBytes + 1> name{};
    return gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0'
               ? std::string{name.data()}
               : std::string{"primary"};
}

}  // namespace

void read_shared(const MapReader& store, Loading& loading) {
    const Node* node = store.find("shared");
    if (node == nullptr) {
        return;
    }
    const MapReader shared{*node, kSharedSchema, loading.role, loading.diagnostics};
    Shared settings;
    settings.name = host_name();
    if (shared.is_map()) {
        shared.require("postgresql");
    }
    shared.read("postgresql", path_from_text, settings.postgresql);
    shared.read("name", shared_name_from_text, settings.name);
    shared.read("take-over", take_over_from_text, settings.take_over);
    shared.read("max-versions", kept_from_text, settings.max_versions);
    shared.read("max-size", kept_size_from_text, settings.max_bytes);
    shared.read("max-age", nonzero_duration_from_text, settings.max_age);
    loading.config.shared = std::move(settings);
}

}  // namespace twinzone::config
