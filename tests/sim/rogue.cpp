#include "tests/sim/rogue.h"

#include <array>

namespace twinzone::sim {

namespace {

// An answer under way: the SOA of a version that does not exist yet, and half of this one's
// records.
struct Draft {
    dns::Message answer;
    dns::SoaRecord next;
    const StoredVersion& version;
    std::optional<dns::SoaRecord> theirs;  // the asker's, of an IXFR

    void add_half() {
        for (std::size_t i = 0; i < version.records.size() / 2; ++i) {
            answer.answer.emplace_back(version.records[i]);
        }
    }
    void add_soa(const dns::SoaRecord& soa) { answer.answer.push_back(soa.record()); }
};

dns::Record absent_record(const dns::Name& zone) {
    dns::Record record;
    record.owner = zone;
    record.type = dns::RrType::txt;
    record.rdata = {6, 'a', 'b', 's', 'e', 'n', 't'};
    return record;
}

// The version before its SOA went on: two versions in one answer.
void glue(Draft& draft) {
    draft.add_half();
    draft.add_soa(draft.version.version.soa);
}

void leave_out_closing_soa(Draft& draft) {
    draft.add_half();
}

void change_closing_soa(Draft& draft) {
    draft.add_half();
    dns::SoaRecord other = draft.next;
    other.refresh += seconds{1};
    draft.add_soa(other);
}

void close_with_another_owner(Draft& draft) {
    draft.add_half();
    dns::SoaRecord other = draft.next;
    other.owner = *dns::Name::from_text("elsewhere.invalid.");
    draft.add_soa(other);
}

void change_id(Draft& draft) {
    draft.answer.header.id ^= 1U;
    draft.add_half();
    draft.add_soa(draft.next);
}

void change_class(Draft& draft) {
    draft.add_half();
    dns::Record chaos = absent_record(draft.next.owner);
    chaos.rr_class = static_cast<dns::RrClass>(3);
    draft.answer.answer.push_back(chaos);
    draft.add_soa(draft.next);
}

// A difference from a version that the asker does not have.
void start_elsewhere(Draft& draft) {
    dns::SoaRecord from = draft.theirs.value_or(draft.version.version.soa);
    from.serial = dns::Serial{from.serial.value() - 1};
    draft.add_soa(from);
    draft.add_soa(draft.next);
    draft.answer.answer.push_back(absent_record(draft.next.owner));
    draft.add_soa(draft.next);
}

// A difference that takes away what is not there.
void remove_what_is_absent(Draft& draft) {
    draft.add_soa(draft.theirs.value_or(draft.version.version.soa));
    draft.answer.answer.push_back(absent_record(draft.next.owner));
    draft.add_soa(draft.next);
    draft.add_soa(draft.next);
}

struct Fault {
    const char* name;
    void (*make)(Draft&);
    bool hangs_up;
};

constexpr std::array kFaults{
    Fault{"rogue: two versions glued", glue, false},
    Fault{"rogue: no closing SOA", leave_out_closing_soa, true},
    Fault{"rogue: closing SOA changed", change_closing_soa, false},
    Fault{"rogue: SOA of another owner", close_with_another_owner, false},
    Fault{"rogue: another ID", change_id, true},
    Fault{"rogue: another class", change_class, false},
    Fault{"rogue: difference from elsewhere", start_elsewhere, true},
    Fault{"rogue: absent record removed", remove_what_is_absent, false},
};

}  // namespace

RogueAnswer rogue_answer(World& world, const dns::Message& query, const StoredVersion& version) {
    Draft draft{.answer = {}, .next = version.version.soa, .version = version, .theirs = {}};
    draft.next.serial = dns::Serial{draft.next.serial.value() + 1};
    if (!query.authority.empty()) {
        if (Result<dns::SoaRecord> soa = dns::SoaRecord::parse(query.authority.front().view())) {
            draft.theirs = *std::move(soa);
        }
    }
    draft.answer.header = {.id = query.header.id, .qr = true, .aa = true};
    draft.answer.question = query.question;
    draft.add_soa(draft.next);
    const Fault& fault = kFaults[world.random().below(kFaults.size())];
    world.count(fault.name);
    fault.make(draft);
    return {.message = draft.answer.to_wire(), .hangs_up = fault.hangs_up};
}

}  // namespace twinzone::sim
