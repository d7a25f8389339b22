#include "common/base/error.h"

#include "common/base/assert.h"

namespace twinzone {

std::string_view to_string(Errc code) noexcept {
    switch (code) {
        case Errc::message_malformed: return "message_malformed";
        case Errc::message_unexpected: return "message_unexpected";
        case Errc::rcode: return "rcode";
        case Errc::tsig_missing: return "tsig_missing";
        case Errc::tsig_bad_key: return "tsig_bad_key";
        case Errc::tsig_bad_signature: return "tsig_bad_signature";
        case Errc::tsig_bad_time: return "tsig_bad_time";
        case Errc::tsig_bad_truncation: return "tsig_bad_truncation";
        case Errc::transfer_malformed: return "transfer_malformed";
        case Errc::transfer_diverged: return "transfer_diverged";
        case Errc::transfer_limit: return "transfer_limit";
        case Errc::transfer_cut: return "transfer_cut";
        case Errc::peer_unreachable: return "peer_unreachable";
        case Errc::zone_file_syntax: return "zone_file_syntax";
        case Errc::zone_file_content: return "zone_file_content";
        case Errc::zone_policy: return "zone_policy";
        case Errc::zone_held: return "zone_held";
        case Errc::zone_unverified: return "zone_unverified";
        case Errc::zone_frozen: return "zone_frozen";
        case Errc::config_invalid: return "config_invalid";
        case Errc::usage: return "usage";
        case Errc::not_found: return "not_found";
        case Errc::file_unreadable: return "file_unreadable";
        case Errc::disk_full: return "disk_full";
        case Errc::store_full: return "store_full";
        case Errc::store_io: return "store_io";
        case Errc::store_corrupt: return "store_corrupt";
        case Errc::store_locked: return "store_locked";
        case Errc::store_format: return "store_format";
        case Errc::network: return "network";
        case Errc::limit: return "limit";
        case Errc::cancelled: return "cancelled";
        case Errc::internal: return "internal";
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace twinzone
