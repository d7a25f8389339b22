// One statement for PostgreSQL and what comes back, as plain values: what is asked and how answers
// are read can be looked at without a server.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace twinzone::shared {

// A parameter $1, $2, …
struct Parameter {
    std::optional<std::string> value;  // nullopt: NULL
    bool is_page_list = false;         // page_list(): bytea[] in binary form
};

// Octets as PostgreSQL takes an array of bytea.
[[nodiscard]] Parameter page_list(std::span<const Bytes> pages);

struct Statement {
    std::string text;
    std::vector<Parameter> parameters{};
    // Sent as one simple query: PostgreSQL commits at its end without hearing from us again, so
    // that a process that is stopped holds no lock. Has no parameters then.
    bool is_simple = false;
    bool wants_octets = false;  // all columns come in binary form
};

// Rows of columns; nullopt is NULL.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

// The number in a column's text. Errc::internal where there is none.
[[nodiscard]] Result<std::int64_t> number_at(const Row& row, std::size_t column);
// The text in a column; empty for NULL.
[[nodiscard]] std::string text_at(const Row& row, std::size_t column);

[[nodiscard]] std::string to_hex(ByteView octets);
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

}  // namespace twinzone::shared
