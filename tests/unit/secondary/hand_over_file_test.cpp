// Hand-over by zone file and reload command: what is put back, and when.
#include "tests/support/catch.h"
#include "tests/unit/secondary/hand_over_bench.h"

namespace twinzone::secondary::test {
namespace {

using config::OutputMode;
using config::ReloadKind;
using State = HandOver::View::State;
using Server = HandOverBench::Server;

class Files : public HandOverBench {
  public:
    explicit Files(ReloadKind kind = ReloadKind::command) : HandOverBench(OutputMode::file, kind) {}

    // With version 1 written, reloaded and served.
    void settle() {
        start();
        publish(1);
        pass(seconds{1});
        REQUIRE(view().state == State::in_step);
        done();
        take_events();
    }
};

}  // namespace

TEST_CASE("a file is written, reloaded, verified, and then the previous one goes",
          "[secondary][hand-over]") {
    Files bench;
    bench.start();
    bench.publish(1);
    bench.pass(seconds{1});
    CHECK(bench.done() == "write-1 reload");
    bench.publish(2);
    CHECK(bench.previous == 1);
    bench.pass(seconds{1});
    CHECK(bench.done() == "write-2 reload drop");
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.serial_seen() == 2);
}

TEST_CASE(
    "a version that the server refuses is taken back, also where the command says all is well",
    "[secondary][hand-over]") {
    Files bench;
    bench.settle();
    bench.refuses = {2};
    SECTION("a server that keeps the old version has all its time") {
        bench.publish(2);
        bench.pass(seconds{29});
        CHECK(bench.done() == "write-2 reload");
        bench.pass(seconds{2});
        CHECK(bench.view().why ==
              "127.0.0.1@53 does not serve serial 2 after 30 s: it answers serial 1; `reload`: its "
              "words; the previous file is back in place");
    }
    SECTION("a server that throws it away gets it back soon") {
        bench.drops_old = true;
        bench.publish(2);
        bench.pass(seconds{5});
        CHECK(bench.view().why ==
              "127.0.0.1@53 does not serve serial 2 after 3 s: SOA query "
              "answered with SERVFAIL; `reload`: its words; the previous file "
              "is back in place");
        CHECK(bench.done() == "write-2 reload put-back-1 reload");
    }
    SECTION("a command that says so is believed when the server agrees") {
        bench.reload_reports = false;
        bench.publish(2);
        bench.pass(seconds{3});
        CHECK(bench.done() == "write-2 reload put-back-1 reload");
    }
    CHECK(bench.view().state == State::failed);
    CHECK(bench.file == 1);
    CHECK(bench.serial_seen() == 1);
    CHECK(bench.core.is_settled());
    CHECK(bench.view().lacks_since);

    // The next version mends it at once.
    bench.done();
    bench.reload_reports = true;
    bench.publish(3);
    bench.pass(seconds{1});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.done() == "write-3 reload drop");
}

TEST_CASE("a command's failure counts for nothing where the server answers the serial",
          "[secondary][hand-over]") {
    Files bench;
    bench.settle();
    bench.reload_reports = false;
    bench.publish(2);
    bench.pass(seconds{1});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.done() == "write-2 reload drop");
}

TEST_CASE("a version that failed is tried again, ever more rarely", "[secondary][hand-over]") {
    Files bench;
    bench.settle();
    bench.refuses = {2};
    bench.drops_old = true;
    bench.publish(2);
    bench.pass(hours{24});
    std::size_t tries = 0;
    const std::string done = bench.done();
    for (std::size_t at = done.find("write-2"); at != std::string::npos;
         at = done.find("write-2", at + 1)) {
        ++tries;
    }
    CHECK(tries > 20);
    CHECK(tries < 40);
    bench.refuses.clear();
    bench.pass(hours{1});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.file == 2);
}

TEST_CASE("a first version that is refused stays, as there is none to put back",
          "[secondary][hand-over]") {
    Files bench;
    bench.reload_works = false;
    bench.start();
    bench.publish(1);
    bench.pass(seconds{31});
    CHECK(bench.view().state == State::failed);
    CHECK(bench.done() == "write-1 reload");
    bench.reload_works = true;
    bench.pass(seconds{10});
    CHECK(bench.done() == "reload");
    CHECK(bench.view().state == State::in_step);
}

TEST_CASE("a file that cannot be written leaves the old one and is tried again",
          "[secondary][hand-over]") {
    Files bench;
    bench.settle();
    bench.write_fails = Error{Errc::disk_full, "no room"};
    bench.publish(2);
    CHECK(bench.view().state == State::failed);
    CHECK(bench.view().why == "zone file not written: no room");
    CHECK(bench.done().empty());
    CHECK(bench.file == 1);
    bench.write_fails.reset();
    bench.pass(seconds{6});
    CHECK(bench.done() == "write-2 reload drop");
    CHECK(bench.view().state == State::in_step);
}

TEST_CASE("versions that come during a hand-over are taken after it, the newest alone",
          "[secondary][hand-over]") {
    Files bench;
    bench.settle();
    SECTION("while the file is written: the newest is written already") {
        bench.write_time = seconds{2};
        bench.publish(2);
        bench.publish(3);
        bench.pass(seconds{3});
        CHECK(bench.done() == "write-3 reload drop");
    }
    SECTION("while the server is asked") {
        bench.reload_works = false;
        bench.publish(2);
        bench.pass(seconds{1});
        bench.publish(3);
        bench.publish(4);
        bench.reload_works = true;
        bench.served = 2;
        bench.pass(seconds{3});
        CHECK(bench.done() == "write-2 reload drop write-4 reload drop");
    }
    SECTION("while one is refused: it is taken back before the next") {
        bench.refuses = {2};
        bench.publish(2);
        bench.publish(3);
        bench.pass(seconds{40});
        CHECK(bench.done() == "write-2 reload put-back-1 reload write-3 reload drop");
    }
    CHECK(bench.view().state == State::in_step);
    CHECK_FALSE(bench.view().lacks_since);
}

TEST_CASE("other content under the same serial is written again", "[secondary][hand-over]") {
    Files bench;
    bench.settle();
    bench.publish(1);
    bench.pass(seconds{1});
    CHECK(bench.done() == "write-1 reload drop");
}

TEST_CASE("at start a file that is there is believed only by what the server answers",
          "[secondary][hand-over]") {
    Files bench;
    bench.store.put(2);
    SECTION("file and server are in step") {
        bench.file = 2;
        bench.served = 2;
        bench.start();
        CHECK(bench.done().empty());
    }
    SECTION("they are, and a crash came between that and the end") {
        bench.file = 2;
        bench.served = 2;
        bench.previous = 1;
        bench.start();
        CHECK(bench.done() == "drop");
    }
    SECTION("the server has not read it") {
        bench.file = 2;
        bench.served = 1;
        bench.start();
        bench.pass(seconds{1});
        CHECK(bench.done() == "reload");
    }
    SECTION("the file is of another version") {
        bench.file = 1;
        bench.served = 1;
        bench.start();
        bench.pass(seconds{1});
        CHECK(bench.done() == "write-2 reload drop");
    }
    SECTION("there is none") {
        bench.start();
        bench.pass(seconds{1});
        CHECK(bench.done() == "write-2 reload");
    }
    CHECK(bench.view().state == State::in_step);
}

TEST_CASE("a file that somebody else put in place is written again", "[secondary][hand-over]") {
    Files bench;
    bench.settle();
    bench.file = 9;
    bench.served = 9;
    bench.pass(minutes{1} + seconds{1});
    CHECK(bench.done() == "write-1 reload drop");
    CHECK(bench.view().state == State::in_step);
}

TEST_CASE("what a crash left is put back where the new file is refused", "[secondary][hand-over]") {
    Files bench;
    bench.store.put(2);
    bench.previous = 1;
    bench.refuses = {2};
    bench.drops_old = true;
    bench.server = Server::servfail;
    SECTION("after the new file was put in place") {
        bench.file = 2;
    }
    SECTION("before it was") {
        bench.file = 1;
    }
    bench.start();
    bench.pass(seconds{8});
    CHECK(bench.view().state == State::failed);
    CHECK(bench.file == 1);
    CHECK(bench.serial_seen() == 1);
}

TEST_CASE("without a server to ask the command's word is all there is", "[secondary][hand-over]") {
    Files bench;
    bench.zone.edit().output.verify = nullptr;
    bench.start();
    bench.publish(1);
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.view().reload_words == "`reload`: its words");
    CHECK_FALSE(bench.serial_seen());
    bench.reload_reports = false;
    bench.done();
    bench.publish(2);
    CHECK(bench.view().state == State::failed);
    CHECK(bench.done() == "write-2 reload put-back-1 reload");
    CHECK(bench.view().why ==
          "`reload`: its words; the previous file is back in place; then `reload`: its words");
    bench.reload_reports = true;
    bench.pass(seconds{6});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.done() == "write-2 reload drop");
}

TEST_CASE("a server that watches its files itself is only asked", "[secondary][hand-over]") {
    Files bench{ReloadKind::coredns};
    bench.start();
    bench.publish(1);
    bench.pass(seconds{5});
    CHECK(bench.done() == "write-1");
    CHECK(bench.view().state == State::handing_over);
    bench.served = 1;
    bench.pass(seconds{2});
    CHECK(bench.view().state == State::in_step);
}

TEST_CASE("a plain file without reload and server is in step when it is written",
          "[secondary][hand-over]") {
    Files bench{ReloadKind::none};
    bench.zone.edit().output.verify = nullptr;
    bench.start();
    bench.publish(1);
    bench.publish(2);
    CHECK(bench.done() == "write-1 write-2");
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.view().reload_words.empty());
}

}  // namespace twinzone::secondary::test
