#include "common/zone/diff_stream.h"

#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

// Ends in an error behind the records of a list.
class BrokenStream final : public RecordStream {
  public:
    BrokenStream(const RecordList& list, Errc code) noexcept : stream_(list), code_(code) {}

    Result<std::optional<dns::RecordView>> next() override {
        Result<std::optional<dns::RecordView>> record = stream_.next();
        return record && !*record ? fail(code_, "broken") : record;
    }

  private:
    ListStream stream_;
    Errc code_;
};

Result<std::size_t> count(RecordStream& stream) {
    for (std::size_t records = 0;; ++records) {
        const Result<std::optional<dns::RecordView>> record = stream.next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            return records;
        }
    }
}

const RecordList& three() {
    static const RecordList list =
        list_of({a("a.example.", 1), a("b.example.", 1, 300), a("d.example.", 1)});
    return list;
}

const RecordList& four() {
    static const RecordList list = list_of(
        {a("a.example.", 1), a("b.example.", 1, 600), a("c.example.", 1), a("e.example.", 1)});
    return list;
}

}  // namespace

TEST_CASE("new content passes while the difference is found", "[zone][diff]") {
    ListStream before{three()};
    ListStream after{four()};
    DiffStream stream{soa(1), before, soa(2), after, SIZE_MAX};
    CHECK(*count(stream) == 4);
    CHECK(stream.met() == 3);
    const std::optional<Diff> diff = stream.take_diff();
    REQUIRE(diff);
    REQUIRE(diff->removed.size() == 2);
    REQUIRE(diff->added.size() == 3);
    CHECK(diff->removed[0].ttl.value() == 300);
    CHECK(same_content(diff->removed[1], three()[2]));
    CHECK(same_content(diff->added[1], four()[2]));
    CHECK(same_content(diff->added[2], four()[3]));
}

TEST_CASE("without a difference new content passes all the same", "[zone][diff]") {
    SECTION("too large") {
        ListStream before{three()};
        ListStream after{four()};
        DiffStream stream{soa(1), before, soa(2), after, 1};
        CHECK(*count(stream) == 4);
        CHECK_FALSE(stream.diff());
    }
    SECTION("the old content is damaged") {
        BrokenStream before{three(), Errc::store_corrupt};
        ListStream after{four()};
        DiffStream stream{soa(1), before, soa(2), after, SIZE_MAX};
        CHECK(*count(stream) == 4);
        CHECK_FALSE(stream.diff());
    }
}

TEST_CASE("what else befalls either stream is an error", "[zone][diff]") {
    BrokenStream broken{three(), Errc::store_io};
    ListStream whole{four()};
    DiffStream of_broken{soa(1), broken, soa(2), whole, SIZE_MAX};
    CHECK(count(of_broken).error().code() == Errc::store_io);
    BrokenStream damaged{three(), Errc::store_corrupt};
    ListStream before{four()};
    DiffStream to_damaged{soa(1), before, soa(2), damaged, SIZE_MAX};
    CHECK(count(to_damaged).error().code() == Errc::store_corrupt);
}

}  // namespace twinzone::zone::test
