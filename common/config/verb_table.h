// Every verb of both programs in one table: its word, operands, options and help. A verb that only
// asks the daemon needs a row here and a handler in the daemon (control::ControlServer::on).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/time.h"
#include "common/config/config.h"

namespace twinzone::config {

enum class Verb : std::uint8_t {
    help,
    version,
    serve,
    check,
    status,
    why,
    history,
    diff,
    wait,
    notify,
    reload,
    freeze,
    thaw,
    approve,
    reject,
    export_zone,
    key,
    init,
    completion,
    backup,
    restore,
    sync,
    refresh,
    retransfer,
    verify,
    promote
};

// What an option's value is.
enum class ValueKind : std::uint8_t {
    flag,      // none
    text,      // anything but nothing
    serial,    // 0 to 4294967295
    duration,  // 30s 5m 2h 1d
    endpoint   // ADDRESS@PORT, port 53 if left out
};

// An option of some verbs, beside those that every verb takes.
struct VerbOption {
    std::string_view name;  // without "--"
    ValueKind kind = ValueKind::flag;
    std::string_view value;  // for help: "SERIAL"; empty for a flag
    std::string_view help;
    std::string_view letter{};  // "o" for "-o"; empty: none
};

struct OperandShape {
    std::size_t least = 0;
    std::size_t most = 0;
    bool are_zones = true;
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order the table is read in
struct VerbRow {
    Verb verb{};
    std::string_view word;
    std::string_view aliases;  // of rndc, nsd-control and knotc; separated by spaces
    std::string_view usage;    // operands and options
    std::string_view help;
    std::string_view examples;  // lines without the program's name
    OperandShape operands;
    std::span<const VerbOption> options;
    bool secondary_only = false;
    bool asks_daemon = false;  // it is nothing but a question to the daemon
    // How long the daemon may take to answer; nullopt: as long as the work takes.
    std::optional<seconds> patience = std::nullopt;
};

// All but help and version, in the order in which help tells them.
[[nodiscard]] std::span<const VerbRow> verb_table() noexcept;

[[nodiscard]] constexpr bool is_offered(const VerbRow& row, Role role) noexcept {
    return role == Role::secondary || !row.secondary_only;
}

// By word or alias, whichever program it belongs to. Null where there is none.
[[nodiscard]] const VerbRow* find_verb(std::string_view word) noexcept;

// Requires: in the table.
[[nodiscard]] const VerbRow& row_of(Verb verb) noexcept;

// Null where the verb has no such option.
[[nodiscard]] const VerbOption* find_option(const VerbRow& row, std::string_view name) noexcept;

}  // namespace twinzone::config
