#include "common/transfer/transfer_reader.h"

#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::transfer {

namespace {

using test::a;
using test::ns;
using test::record;
using test::soa;
using test::soa_record;

using Records = std::vector<dns::Record>;

// A SOA with the serial that differs in nothing else but a timer.
dns::Record other_soa(std::uint32_t serial) {
    return soa_record(serial, seconds{7777}).record();
}

dns::Record child_soa(std::uint32_t serial) {
    dns::Record made = soa(serial);
    made.owner = test::name("child.example.test.");
    return made;
}

dns::Record chaos() {
    dns::Record made = a("www");
    made.rr_class = dns::RrClass::ch;
    return made;
}

dns::Record short_soa() {
    dns::Record made = soa(3);
    made.rdata.resize(4);
    return made;
}

std::optional<dns::SoaRecord> ours(std::optional<std::uint32_t> serial) {
    return serial ? std::optional{soa_record(*serial)} : std::nullopt;
}

TransferReader make_reader(std::optional<std::uint32_t> serial) {
    return TransferReader{test::apex(), ours(serial), TransferLimits{}};
}

// One letter a step: begin (F full, D diff, A additions) then effect (+ - p publish, o left out,
// . nothing).
std::string steps_of(TransferReader& reader, const Records& records) {
    std::string text;
    for (const dns::Record& each : records) {
        const Result<Step> step = reader.step(each.view());
        if (!step) {
            return text + " " + std::string{to_string(step.error().code())};
        }
        constexpr const char* begins[] = {"", "F", "D", "A"};
        constexpr char effects[] = {'.', '-', '+', 'o', 'p'};
        text += begins[static_cast<std::size_t>(step->begin)];
        text += effects[static_cast<std::size_t>(step->effect)];
    }
    return text;
}

}  // namespace

TEST_CASE("transfer reader says what each record means", "[transfer]") {
    struct Row {
        const char* name;
        std::optional<std::uint32_t> ours;
        Records records;
        const char* steps;
    };
    const Row rows[] = {
        {"AXFR", {}, {soa(3), ns(), a("www"), soa(3)}, ".F++p"},
        {"AXFR of a zone that is only its SOA", {}, {soa(3), soa(3)}, ".Fp"},
        {"IXFR answered in full", 1, {soa(3), ns(), a("www"), soa(3)}, ".F++p"},
        {"IXFR answered in full, only the SOA", 1, {soa(3), soa(3)}, ".Fp"},
        {"IXFR answered in full by an older version", 9, {soa(3), ns(), soa(3)}, ".F+p"},
        {"one difference", 1, {soa(3), soa(1), a("x"), soa(3), a("y"), soa(3)}, ".D.-A.+p"},
        {"two differences",
         1,
         {soa(3), soa(1), a("x"), soa(2), a("y"), soa(2), a("y"), soa(3), soa(3)},
         ".D.-A.+D.-A.p"},
        {"only removals", 1, {soa(2), soa(1), a("x"), soa(2), soa(2)}, ".D.-A.p"},
        {"only the SOA changes", 1, {soa(2), soa(1), soa(2), soa(2)}, ".D.A.p"},
        {"out of zone in full",
         {},
         {soa(3), record("x.", dns::RrType::a, {1, 2, 3, 4}), soa(3)},
         ".Fop"},
        {"out of zone in a difference",
         1,
         {soa(3), soa(1), record("x.", dns::RrType::a, {1, 2, 3, 4}), soa(3), soa(3)},
         ".D.oA.p"},
        {"serials 2^32-1, 0, 3",
         0xffffffffU,
         {soa(3), soa(0xffffffffU), soa(0), soa(0), a("x"), soa(3), soa(3)},
         ".D.A.D.-A.p"},
        {"from 0 over 2^31-1",
         0,
         {soa(0x7fffffffU), soa(0), soa(0x7fffffffU), soa(0x7fffffffU)},
         ".D.A.p"},
        {"apex of another case",
         {},
         {soa(3), record("EXAMPLE.TEST.", dns::RrType::ns, {0}), soa(3)},
         ".F+p"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            TransferReader reader = make_reader(row.ours);
            CHECK(steps_of(reader, row.records) == row.steps);
            CHECK(reader.done());
            CHECK(reader.at_message_end() == AnswerState::done);
        }
    }
}

TEST_CASE("transfer reader refuses a broken record order", "[transfer][R27]") {
    constexpr Errc malformed = Errc::transfer_malformed;
    constexpr Errc diverged = Errc::transfer_diverged;
    struct Row {
        const char* name;
        std::optional<std::uint32_t> ours;
        Records records;  // the last one is refused
        Errc expected;
    };
    const Row rows[] = {
        {"no opening SOA", 1, {a("www")}, malformed},
        {"opening SOA too short", {}, {short_soa()}, malformed},
        {"full: closing serial differs", {}, {soa(3), a("www"), soa(4)}, malformed},
        {"full: closing SOA differs in a timer", {}, {soa(3), a("www"), other_soa(3)}, malformed},
        {"full: SOA in the middle", {}, {soa(3), a("www"), soa(2)}, malformed},
        {"full: SOA of another owner", {}, {soa(3), a("www"), child_soa(3)}, malformed},
        {"opening SOA of another owner", {}, {child_soa(3)}, malformed},
        {"record after the end", {}, {soa(3), a("www"), soa(3), a("x")}, malformed},
        {"SOA after the end", {}, {soa(3), a("www"), soa(3), soa(3)}, malformed},
        {"another class", {}, {soa(3), chaos()}, malformed},
        {"meta type", {}, {soa(3), record("example.test.", dns::RrType::any, {})}, malformed},
        {"OPT", {}, {soa(3), record(".", dns::RrType::opt, {})}, malformed},
        {"type 0", {}, {soa(3), record("example.test.", dns::RrType{0}, {})}, malformed},
        {"TSIG type", {}, {soa(3), record("example.test.", dns::RrType::tsig, {})}, malformed},
        {"AXFR: second SOA is another", {}, {soa(3), soa(1)}, malformed},
        {"differences start elsewhere", 1, {soa(5), soa(2)}, diverged},
        {"our serial, another SOA", 1, {soa(5), other_soa(1)}, diverged},
        {"differences lead back", 9, {soa(5), soa(9)}, diverged},
        {"differences to 2^31 away", 0, {soa(0x80000000U), soa(0)}, diverged},
        {"gap", 1, {soa(5), soa(1), soa(2), soa(3)}, diverged},
        {"gap after records", 1, {soa(5), soa(1), a("x"), soa(2), a("y"), soa(4)}, diverged},
        {"end before the target", 1, {soa(5), soa(1), soa(2), soa(5)}, diverged},
        {"step to itself", 1, {soa(5), soa(1), a("x"), soa(1)}, diverged},
        {"step back", 5, {soa(9), soa(5), soa(7), soa(7), soa(6)}, diverged},
        {"step beyond the target", 1, {soa(5), soa(1), soa(6)}, diverged},
        {"serial twice in the chain", 1, {soa(5), soa(1), soa(2), soa(2), soa(2)}, diverged},
        {"two SOAs of one serial", 1, {soa(5), soa(1), soa(2), other_soa(2)}, diverged},
        {"last difference to another SOA", 1, {soa(5), soa(1), other_soa(5)}, malformed},
        {"closing SOA of differences differs",
         1,
         {soa(5), soa(1), soa(5), other_soa(5)},
         malformed},
        {"after the end of differences", 1, {soa(2), soa(1), soa(2), soa(2), a("x")}, malformed},
        {"SOA of another owner in a difference", 1, {soa(5), soa(1), child_soa(5)}, malformed},
        {"another class in a difference", 1, {soa(5), soa(1), chaos()}, malformed},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            TransferReader reader = make_reader(row.ours);
            for (std::size_t i = 0; i + 1 < row.records.size(); ++i) {
                REQUIRE(reader.step(row.records[i].view()));
            }
            const Result<Step> last = reader.step(row.records.back().view());
            REQUIRE_FALSE(last);
            CHECK(last.error().code() == row.expected);
            CHECK_FALSE(last.error().detail().empty());
        }
    }
}

TEST_CASE("transfer reader tells what a lone SOA in answer to IXFR says", "[transfer]") {
    struct Row {
        std::optional<std::uint32_t> ours;
        std::uint32_t primary = 0;
        AnswerState expected{};
    };
    const Row rows[] = {
        {7, 7, AnswerState::up_to_date},
        {7, 8, AnswerState::newer_exists},
        {7, 6, AnswerState::behind},
        {0, 0x80000000U, AnswerState::behind},  // incomparable
        {0, 0x7fffffffU, AnswerState::newer_exists},
        {0xffffffffU, 0, AnswerState::newer_exists},
        {0xffffffffU, 3, AnswerState::newer_exists},
        {3, 0xffffffffU, AnswerState::behind},
        {1, 0x80000001U, AnswerState::behind},
        {std::nullopt, 7, AnswerState::unfinished},  // AXFR: more must come
    };
    for (const Row& row : rows) {
        TransferReader reader = make_reader(row.ours);
        REQUIRE(reader.step(soa(row.primary).view()));
        CHECK(reader.at_message_end() == row.expected);
        CHECK(reader.target()->serial == dns::Serial{row.primary});
    }
    CHECK(make_reader(1).at_message_end() == AnswerState::unfinished);
}

TEST_CASE("transfer reader keeps to its limits and counts what came", "[transfer][R1]") {
    const Records records = {soa(3), soa(1), a("x"), soa(3), a("y"), a("z"), soa(3)};
    std::uint64_t bytes = 0;
    for (const dns::Record& each : records) {
        bytes += each.view().wire_bytes();
    }
    TransferLimits limits;
    limits.max_records = records.size();
    limits.max_bytes = bytes;
    TransferReader fits{test::apex(), ours(1), limits};
    CHECK(steps_of(fits, records) == ".D.-A.++p");
    CHECK(fits.counts().records == 7);
    CHECK(fits.counts().removed == 1);
    CHECK(fits.counts().added == 2);
    CHECK(fits.counts().diffs == 1);
    CHECK(fits.counts().bytes == bytes);

    limits.max_records = records.size() - 1;
    TransferReader too_many{test::apex(), ours(1), limits};
    CHECK(steps_of(too_many, records) == ".D.-A.++ transfer_limit");

    limits.max_records = 0;  // none
    limits.max_bytes = bytes - 1;
    TransferReader too_large{test::apex(), ours(1), limits};
    CHECK(steps_of(too_large, records) == ".D.-A.++ transfer_limit");
}

}  // namespace twinzone::transfer
