#include "common/service/difference_base.h"

#include <utility>
#include <vector>

#include "common/zone/condense.h"
#include "common/zone/diff_pages.h"

namespace twinzone::service {

namespace {

// The step `back` before the snapshot's version, the other way round.
Result<zone::Diff> undone(const zone::Snapshot& snapshot, std::size_t back) {
    Result<std::unique_ptr<zone::PageCursor>> pages = snapshot.step_pages(back);
    if (!pages) {
        return fail(std::move(pages).error());
    }
    zone::DiffReader reader{std::move(*pages)};
    Result<std::optional<zone::Diff>> step = reader.next();
    if (!step) {
        return fail(std::move(step).error());
    }
    if (!*step) {
        return fail(Errc::store_corrupt, "a step of the zone's history is empty");
    }
    std::swap((*step)->from, (*step)->to);
    std::swap((*step)->removed, (*step)->added);
    return std::move(**step);
}

// Whether the version `undo` steps before the snapshot's is the one that was proven: a serial alone
// may have come twice.
bool is_proven(const zone::Snapshot& snapshot, std::size_t undo, dns::Serial serial,
               const ProvenVersion* proven) {
    if (proven == nullptr || proven->serial != serial) {
        return false;
    }
    zone::Digest digest = snapshot.version().digest;
    for (std::size_t back = 0; back < undo; ++back) {
        const Result<zone::Diff> step = undone(snapshot, back);
        if (!step) {
            return false;
        }
        for (std::size_t i = 0; i < step->removed.size(); ++i) {
            digest.remove(step->removed[i]);
        }
        for (std::size_t i = 0; i < step->added.size(); ++i) {
            digest.add(step->added[i]);
        }
        digest.remove(step->from.record().view());
        digest.add(step->to.record().view());
    }
    return digest == proven->digest;
}

}  // namespace

Result<std::optional<DifferenceBase>> find_base(const zone::Snapshot& snapshot,
                                                std::string_view remote,
                                                const ProvenVersion* proven) {
    const std::string source = snapshot.source();
    const zone::Version& version = snapshot.version();
    if (source.empty() || source == remote) {
        return std::optional{DifferenceBase{.soa = version.soa, .undo = 0}};
    }
    if (proven != nullptr && proven->serial == version.serial() &&
        proven->digest == version.digest) {
        return std::optional{DifferenceBase{.soa = version.soa, .undo = 0}};
    }
    const Result<std::vector<zone::HistoryStep>> steps = snapshot.all_history();
    if (!steps) {
        return fail(steps.error());
    }
    std::uint64_t bytes = 0;
    std::size_t undo = 0;
    std::optional<dns::Serial> next;
    for (auto step = steps->rbegin(); step != steps->rend(); ++step, ++undo) {
        const dns::Serial serial = step->to.serial;
        if (next && !(dns::is_newer(*next, serial) && dns::is_newer(version.serial(), serial))) {
            break;  // serials came round
        }
        next = serial;
        if (step->source == remote || is_proven(snapshot, undo, serial, proven)) {
            return std::optional{DifferenceBase{.soa = step->to, .undo = undo}};
        }
        bytes += step->wire_bytes;
        if (bytes > kMaxUndoneBytes) {
            break;
        }
    }
    return std::optional<DifferenceBase>{};
}

Result<zone::Diff> rebase(const zone::Snapshot& snapshot, std::size_t undo,
                          std::vector<zone::Diff> chain) {
    std::vector<zone::Diff> way;
    way.reserve(undo + chain.size());
    for (std::size_t back = 0; back < undo; ++back) {
        Result<zone::Diff> step = undone(snapshot, back);
        if (!step) {
            return step;
        }
        way.push_back(std::move(*step));
    }
    for (zone::Diff& diff : chain) {
        way.push_back(std::move(diff));
    }
    return zone::condense(way);
}

}  // namespace twinzone::service
