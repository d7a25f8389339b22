// What went wrong: a code that says whose fault it is, and detail in words for the operator. Normal
// outcomes (up to date, refused, needs a full transfer) are values of their own enumerations, never
// an Error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace twinzone {

enum class Errc : std::uint8_t {
    // The peer's fault.
    message_malformed,   // bytes that are no DNS message: bounds, counts, pointers, labels
    message_unexpected,  // a well-formed message that does not answer our question
    rcode,               // the peer answered with an error code; detail names it
    tsig_missing,  // a signed exchange got an unsigned message where RFC 8945 wants a signature
    tsig_bad_key,  // BADKEY: name or algorithm unknown, or not the one of the exchange
    tsig_bad_signature,   // BADSIG: the MAC does not match
    tsig_bad_time,        // BADTIME: signed outside the fudge
    tsig_bad_truncation,  // BADTRUNC: the MAC is shorter than allowed
    transfer_malformed,   // record order or content breaks RFC 5936 or RFC 1995
    transfer_diverged,    // a difference sequence does not fit the version we hold
    transfer_limit,       // larger, longer or slower than configured
    transfer_cut,         // cut, or silent, in the middle of its answer: the peer is there
    peer_unreachable,     // no connection, or no answer at all

    // The operator's input.
    zone_file_syntax,   // detail has file:line:column, the line and a caret
    zone_file_content,  // parses, but is no zone: no SOA, no apex NS, owner outside the zone
    zone_policy,        // a version that the configured policy does not let into service
    zone_held,          // a version that the change guard keeps until an operator decides
    zone_unverified,    // its ZONEMD or its signatures do not hold
    zone_frozen,        // an operator froze the zone: no new version until it is thawed
    config_invalid,     // detail has file:line:column, the line and a caret
    usage,              // command line

    // This machine's fault.
    not_found,        // file, zone or version is not here
    file_unreadable,  // open, read, write or rename failed; detail has path and reason
    disk_full,        // ENOSPC or EDQUOT
    store_full,       // the map's size limit is reached
    store_io,  // EIO or a failed sync: the store is reopened and verified, never retried blindly
    store_corrupt,  // content breaks the format; detail says where
    store_locked,   // another process holds the store; detail says who
    store_format,   // written by a newer version of this program
    network,        // socket, bind or resource error of this host
    limit,          // one of our named limits was reached
    cancelled,      // ended by shutdown or replaced by newer work
    internal,       // a library refused what it should take; detail names it
};

// Stable lower-case name of a code, as logs and status show it, for example "transfer_diverged".
[[nodiscard]] std::string_view to_string(Errc code) noexcept;

// True for what this machine is to blame for: no other peer or input would have ended better.
[[nodiscard]] constexpr bool is_local(Errc code) noexcept {
    return code >= Errc::not_found;
}

class [[nodiscard]] Error {
  public:
    Error(Errc code, std::string detail) : code_(code), detail_(std::move(detail)) {}

    [[nodiscard]] Errc code() const noexcept { return code_; }

    // One sentence without a full stop; never holds a secret.
    [[nodiscard]] const std::string& detail() const noexcept { return detail_; }

  private:
    Errc code_;
    std::string detail_;
};

}  // namespace twinzone
