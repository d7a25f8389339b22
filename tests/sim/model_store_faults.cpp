// How the model disk fails.

#include "tests/sim/model_store.h"

namespace twinzone::sim {

Result<zone::Committed> ModelStore::attempt(zone::Commit& commit) {
    if (broken_) {
        return fail(Errc::store_io, "the store waits to be opened again after a disk error");
    }
    if (world_.chance(faults_.failure_percent)) {
        world_.count("disk full");
        return fail(Errc::disk_full, "no space left");
    }
    if (world_.chance(faults_.io_percent)) {
        break_disk(commit);
        return fail(Errc::store_io, "input/output error");
    }
    return apply(commit);
}

// The sync failed: what was to be synced may be on the disk or not (store.h tells the rule).
void ModelStore::break_disk(zone::Commit& commit) {
    world_.count("disk error");
    broken_ = true;
    unsure_.insert(commit.zone.to_text());
    if (world_.chance(50)) {
        static_cast<void>(apply(commit));
    }
    world_.after(world_.between(milliseconds{10}, seconds{20}), [weak = weak_from_this()] {
        if (const std::shared_ptr<ModelStore> self = weak.lock()) {
            self->mend_disk();
        }
    });
}

// As the store does it: what a commit under way, or one of which nobody knows, may owe anew is not
// forgotten before that is known.
void ModelStore::forget_owed(dns::NameView zone, std::string_view remote) {
    const std::string text = zone.to_text();
    forgotten_.emplace(text, std::string{remote});
    if (!broken_ && in_flight_[text] == 0) {
        settle_owed(text, false);
    }
}

void ModelStore::settle_owed(const std::string& zone, bool owes_anew) {
    if (broken_) {
        return;
    }
    std::erase_if(forgotten_, [&](const std::pair<std::string, std::string>& owed) {
        if (owed.first == zone && !owes_anew) {
            disk_.owed.erase(owed);
        }
        return owed.first == zone;
    });
}

void ModelStore::mend_disk() {
    broken_ = false;
    for (const std::string& text : std::exchange(unsure_, {})) {
        const dns::Name zone = *dns::Name::from_text(text);
        const std::shared_ptr<const StoredVersion> before = served(zone);
        if (!disk_.zones.contains(text)) {
            continue;
        }
        show(zone);
        const std::shared_ptr<const StoredVersion> after = served(zone);
        const bool found = after && (!before || after->version.digest != before->version.digest);
        settle_owed(text, found);
        if (found) {
            events_.on_found(zone, after->version);
        }
    }
    const auto forgotten = forgotten_;
    for (const auto& [zone, remote] : forgotten) {
        if (in_flight_[zone] == 0) {
            settle_owed(zone, false);
        }
    }
}

void ModelStore::crash() {
    const bool unagreed =
        busy_ && !queue_.empty() && queue_.front().commit.shared && events_.agree && !agreed_;
    if (agreeing_ || unagreed) {
        world_.count("crash with a commit on its way, not agreed to");
    } else if (busy_ && !broken_ && !queue_.empty() && world_.chance(50)) {
        world_.count("crash with a commit on its way, whole");
        static_cast<void>(apply(queue_.front().commit));
    } else if (busy_) {
        world_.count("crash with a commit on its way, lost");
    }
}

}  // namespace twinzone::sim
