// Single fields of a store's file set wrong: each is seen, and told for what it is.
#include "common/store/file_check.h"

#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

// Offsets of LMDB 0.9 with pages of 4096 octets: told at the head of file_check.cpp.
constexpr std::size_t kPage = 4096;
constexpr std::size_t kHeader = 16;
constexpr std::size_t kFreeTree = kHeader + 24;
constexpr std::size_t kMainTree = kFreeTree + 48;
constexpr std::size_t kLastPage = kMainTree + 48;
constexpr std::size_t kTransaction = kLastPage + 8;
constexpr std::size_t kDepthInTree = 6;
constexpr std::size_t kRootInTree = 40;

// The octets of a store's file.
class Octets {
  public:
    explicit Octets(std::string path) : path_(std::move(path)) {
        std::ifstream file{path_, std::ios::binary};
        text_.assign(std::istreambuf_iterator<char>{file}, {});
        REQUIRE(text_.size() > 2 * kPage);
    }

    void write() const { std::ofstream{path_, std::ios::binary | std::ios::trunc} << text_; }

    template <class T>
    [[nodiscard]] T get(std::size_t at) const {
        T value{};
        REQUIRE(at + sizeof value <= text_.size());
        std::memcpy(&value, text_.data() + at, sizeof value);
        return value;
    }

    template <class T>
    void set(std::size_t at, T value) {
        REQUIRE(at + sizeof value <= text_.size());
        std::memcpy(text_.data() + at, &value, sizeof value);
    }

    // Of the meta page in use.
    [[nodiscard]] std::size_t meta() const {
        const auto first = get<std::uint64_t>(kTransaction);
        return first > get<std::uint64_t>(kPage + kTransaction) ? 0 : kPage;
    }

    [[nodiscard]] std::size_t root(std::size_t tree) const {
        return get<std::uint64_t>(tree + kRootInTree) * kPage;
    }

    // Where a page's node number `index` stands.
    [[nodiscard]] std::size_t node(std::size_t page, std::size_t index) const {
        return page + get<std::uint16_t>(page + kHeader + 2 * index);
    }

    // What stands behind a node's key.
    [[nodiscard]] std::size_t value(std::size_t node) const {
        return node + 8 + get<std::uint16_t>(node + 6);
    }

    // The node of a table in the main tree, which is a single leaf.
    [[nodiscard]] std::size_t table(const std::string& name) const {
        const std::size_t page = root(meta() + kMainTree);
        const std::size_t nodes = (get<std::uint16_t>(page + 12) - kHeader) / 2;
        for (std::size_t i = 0; i < nodes; ++i) {
            const std::size_t at = node(page, i);
            if (text_.compare(at + 8, get<std::uint16_t>(at + 6), name) == 0) {
                return at;
            }
        }
        FAIL("no table " << name);
        return 0;
    }

    [[nodiscard]] std::size_t pages_root() const { return root(value(table("pages"))); }
    [[nodiscard]] std::size_t free_node() const { return node(root(meta() + kFreeTree), 0); }

  private:
    std::string path_;
    std::string text_;
};

struct Damage {
    const char* is;
    const char* told;
    std::function<void(Octets&)> make;
};

std::vector<Damage> damages_of_trees() {
    return {
        {"a file shorter than its meta page says", "the file is cut short",
         [](Octets& file) { file.set(file.meta() + kLastPage, std::uint64_t{100'000}); }},
        {"a tree of endless depth", "a tree is too deep",
         [](Octets& file) {
             file.set(file.value(file.table("pages")) + kDepthInTree, std::uint16_t{33});
         }},
        {"a table that is none", "an entry is of an unknown kind",
         [](Octets& file) { file.set(file.table("pages") + 4, std::uint16_t{0}); }},
        {"a table of other keys", "a table is of an unknown kind",
         [](Octets& file) { file.set(file.value(file.table("pages")) + 4, std::uint16_t{8}); }},
        {"a branch with an odd end", "a branch is damaged",
         [](Octets& file) {
             const std::size_t at = file.pages_root() + 12;
             file.set(at, static_cast<std::uint16_t>(file.get<std::uint16_t>(at) | 1U));
         }},
        {"a branch whose second key is less than what the first has", "a branch is out of order",
         [](Octets& file) { file.set(file.node(file.pages_root(), 1) + 8, std::uint32_t{0}); }},
        {"two branches to one leaf", "a page is used twice",
         [](Octets& file) {
             const std::size_t first = file.node(file.pages_root(), 0);
             const std::size_t second = file.node(file.pages_root(), 1);
             file.set(second, file.get<std::uint32_t>(first));
         }},
        {"a value beyond the end", "a page is not in the file",
         [](Octets& file) {
             const std::size_t child = file.node(file.pages_root(), 0);
             const std::size_t leaf = file.get<std::uint32_t>(child) * kPage;
             const std::size_t node = file.node(leaf, 0);
             REQUIRE(file.get<std::uint16_t>(node + 4) == 1);
             file.set(file.value(node), std::uint64_t{1'000'000});
         }},
    };
}

std::vector<Damage> damages_of_free_list() {
    constexpr const char* kTold = "the free list is damaged";
    return {
        {"a key that is no transaction", kTold,
         [](Octets& file) {
             const std::size_t node = file.free_node();  // eight octets more of key, less of value
             file.set(node, static_cast<std::uint16_t>(file.get<std::uint16_t>(node) - 8));
             file.set(node + 6, std::uint16_t{16});
         }},
        {"half a number", kTold,
         [](Octets& file) {
             const std::size_t node = file.free_node();
             file.set(node, static_cast<std::uint16_t>(file.get<std::uint16_t>(node) - 1));
         }},
        {"more numbers than there are", kTold,
         [](Octets& file) { file.set(file.value(file.free_node()), std::uint64_t{100'000}); }},
        {"a meta page", kTold,
         [](Octets& file) {
             file.set(file.value(file.free_node()), std::uint64_t{1});
             file.set(file.value(file.free_node()) + 8, std::uint64_t{1});
         }},
        {"a page in use", "a page is both used and free",
         [](Octets& file) {
             file.set(file.value(file.free_node()), std::uint64_t{1});
             file.set(file.value(file.free_node()) + 8,
                      std::uint64_t{file.root(file.meta() + kMainTree) / kPage});
         }},
    };
}

}  // namespace

TEST_CASE("a wrong field in the store's file is seen and told", "[store][damage]") {
    StoreFixture f;
    REQUIRE(f.replace(name("example.test"), 1, big_model(20'000, std::string(100, 'x'))));
    REQUIRE(f.replace(name("other.test"), 1, {{"www", "one"}}));
    f.close();
    const std::string path = f.options.directory + "/data.mdb";
    REQUIRE(check_file(path, CheckDepth::whole));
    const Octets good{path};
    std::vector<Damage> all = damages_of_trees();
    for (Damage& damage : damages_of_free_list()) {
        all.push_back(std::move(damage));
    }
    for (const Damage& damage : all) {
        INFO(damage.is);
        Octets bad = good;
        damage.make(bad);
        bad.write();
        const Result<void> checked = check_file(path, CheckDepth::whole);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code() == Errc::store_corrupt);
        CHECK(checked.error().detail() == damage.told);
    }
    good.write();
    f.open();
    CHECK(f.store->opening().set_aside.empty());
}

}  // namespace twinzone::store::test
