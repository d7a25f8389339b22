// Why something was decided about a zone: a closed set, each with a name for programs, the words of
// its log line and one sentence for the operator. `why`, the log and hooks all speak from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/observe/level.h"

namespace twinzone::service {

enum class Reason : std::uint8_t {
    // Zone files.
    published_from_file,
    file_unchanged,
    file_refused,
    file_unreadable,
    file_kept_back,
    file_waits,
    file_settling,
    file_unfinished,
    file_changed_meanwhile,
    file_duplicates,
    commit_failed,
    // The history that several primaries share.
    history_published,
    history_snapshot,
    history_adopted,
    history_failed,
    // NOTIFY that comes in.
    notify_heard,
    notify_not_newer,
    notify_refused,
    notify_ignored,
    notify_unfound,
    // SOA checks of primaries.
    soa_current,
    soa_newer,
    soa_lower,
    soa_incomparable,
    soa_adopted,
    soa_failed,
    digest_differs,
    digest_kept,
    // What is asked for.
    ixfr_chosen,
    ixfr_own_history,
    axfr_foreign,
    axfr_first,
    axfr_expired,
    axfr_adopted,
    axfr_ordered,
    axfr_differs,
    axfr_after_ixfr,
    // How a transfer in went.
    transfer_progress,
    transfer_finished,
    transfer_whole_for_ixfr,
    transfer_unchanged,
    transfer_up_to_date,
    transfer_refused,
    transfer_unreachable,
    transfer_cut,
    transfer_malformed,
    transfer_diverged,
    transfer_signature,
    transfer_limit,
    transfer_policy,
    transfer_unverified,
    transfer_local,
    records_left_out,
    records_already_there,
    answer_not_authoritative,
    // Judging the content.
    zonemd_right,
    zonemd_unknown,
    zonemd_absent,
    zonemd_made,
    dnssec_right,
    dnssec_unsigned,
    dnssec_unknown,
    dnssec_ends_soon,
    // What became of it.
    committed,
    held,
    kept_back,
    approved,
    dropped,
    frozen,
    thawed,
    expired,
    source_lost,
    retry_scheduled,
    promoted,
    demoted,
    promotion_failed,
    record_damaged,
    hook_done,
    hook_failed,
    // Comparing the whole content.
    verified,
    verify_differs,
    verify_unanswered,
    mending,
    // Catalog zones.
    catalog_made,
    catalog_applied,
    catalog_clash,
    catalog_broken,
    catalog_held,
    member_added,
    member_changed,
    member_reset,
    member_moved,
    member_leaving,
    member_back,
    member_removed,
    // Telling peers, and what they hold.
    peer_told,
    peer_acknowledged,
    peer_refuses_notify,
    peer_not_answering,
    peer_postpones,
    peer_answer_bad,
    peer_in_step,
    peer_behind,
    peer_elsewhere,
    peer_unanswered,
    peer_address_unknown,
    // Transfers out.
    given_progress,
    given,
    given_whole_for_ixfr,
    given_up_to_date,
    client_ahead,
    not_taken,
    denied,
    turned_away,
    unavailable,
    // Handing over to the server beside us.
    handed_over,
    hand_over_failed,
    hand_over_taken_back,
    hand_over_lost,
    // The operator.
    ordered_refresh,
    ordered_retransfer,
    ordered_notify,
};

inline constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::ordered_notify) + 1;

struct ReasonWords {
    std::string_view name;      // "soa_current", for programs
    std::string_view what;      // the log line's beginning; ", incoming" for transfers, whose type
                                // stands before it
    std::string_view result;    // how it went, for the log line
    std::string_view sentence;  // without a full stop
    observe::Level level{};
    // Clients can cause it at will: few of a zone are kept, and their ports mean nothing.
    bool by_client = false;
};

[[nodiscard]] const ReasonWords& words_of(Reason reason) noexcept;
[[nodiscard]] std::optional<Reason> reason_from_name(std::string_view name) noexcept;

}  // namespace twinzone::service
