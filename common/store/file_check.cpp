// The format, as far as it matters here; numbers in the machine's own order.
//   page    16 octets of header: u64 own number, u16 unused, u16 flags, then u16 lower, u16 upper
//   or,
//           for the first of an overflow run, u32 pages of the run. From lower down to the header
//           stand u16 offsets of nodes, from upper up the nodes themselves, without gaps.
//   node    u16 low, u16 high, u16 flags, u16 octets of key, key, value; padded to an even size.
//           In a branch low, high and flags are the child's number and there is no value; in a leaf
//           low and high are the value's size. Flag 1: the value is the number of an overflow run.
//   tree    u32 unused, u16 flags, u16 depth, u64 branch, leaf and overflow pages, u64 entries,
//           u64 root. Two are in each of the meta pages 0 and 1: the free list (whose "unused" is
//           the page size) and the main tree, whose values are the trees of the named tables.
#include "common/store/file_check.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/bytes.h"
#include "common/zone/sort_key.h"

namespace twinzone::store {

namespace {

constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr std::uint64_t kMetaPages = 2;
constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kNodeBytes = 8;
constexpr std::size_t kTreeBytes = 48;
constexpr std::size_t kMetaBytes = 136;
constexpr std::size_t kMaxKey = 511;
constexpr unsigned kMaxDepth = 32;

// More than one transaction leaves free at the end.
constexpr std::uint64_t kMaxMissingBytes = std::uint64_t{64} << 20;

constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kLmdbVersion = 1;

constexpr std::uint16_t kBranchPage = 0x01;
constexpr std::uint16_t kLeafPage = 0x02;
constexpr std::uint16_t kOverflowPage = 0x04;
constexpr std::uint16_t kMetaPage = 0x08;
constexpr std::uint16_t kBigNode = 0x01;
constexpr std::uint16_t kTreeNode = 0x02;
constexpr std::uint16_t kIntegerKeys = 0x08;

template <class T>
T load(const std::uint8_t* at) {
    T value{};
    std::memcpy(&value, at, sizeof value);
    return value;
}

struct Tree {
    std::uint16_t flags = 0;
    std::uint16_t depth = 0;
    std::uint64_t branch_pages = 0;
    std::uint64_t leaf_pages = 0;
    std::uint64_t overflow_pages = 0;
    std::uint64_t entries = 0;
    std::uint64_t root = kNoPage;
};

Tree load_tree(const std::uint8_t* at) {
    return {load<std::uint16_t>(at + 4),  load<std::uint16_t>(at + 6),
            load<std::uint64_t>(at + 8),  load<std::uint64_t>(at + 16),
            load<std::uint64_t>(at + 24), load<std::uint64_t>(at + 32),
            load<std::uint64_t>(at + 40)};
}

struct Meta {
    std::uint32_t page_bytes = 0;
    Tree free_list;
    Tree main;
    std::uint64_t last_page = 0;
    std::uint64_t transaction = 0;
};

struct Node {
    ByteView key;
    ByteView value;           // of a leaf: what stands in the node
    std::uint64_t child = 0;  // of a branch
    std::uint32_t value_bytes = 0;
    std::uint16_t flags = 0;
};

class FileChecker {
  public:
    explicit FileChecker(const std::string& path) noexcept
        : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~FileChecker() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    FileChecker(const FileChecker&) = delete;
    FileChecker& operator=(const FileChecker&) = delete;

    Result<void> check(CheckDepth depth);

  private:
    // What a walk keeps of one tree.
    struct Walk {
        explicit Walk(const Tree& as_told) noexcept : tree(as_told) {}

        Tree tree;       // as it says it is
        Tree found;      // counted
        Bytes last_key;  // of the last leaf node met; empty before the first
        Bytes at_least;  // what the branch above says of the next leaf's first key
        bool roots_only = false;
    };

    [[nodiscard]] bool read(std::uint64_t offset, std::uint8_t* to, std::size_t count) const;
    [[nodiscard]] std::optional<Meta> read_meta(std::uint64_t offset) const;
    bool check_main();
    bool check_end();
    bool check_tables(CheckDepth depth);
    bool check_tree(Walk& walk);
    bool check_page(Walk& walk, std::uint64_t number, unsigned level);
    bool check_branch(Walk& walk, const Bytes& page, unsigned level);
    bool check_leaf(Walk& walk, const Bytes& page);
    bool check_value(Walk& walk, const Node& node);
    bool check_free_key(const Walk& walk, ByteView key);
    bool check_free_pages(ByteView list);
    bool check_overflow(Walk& walk, const Node& node, Bytes& value);
    [[nodiscard]] std::optional<std::vector<Node>> nodes_of(const Bytes& page, bool leaf) const;
    bool take_page(std::uint64_t number, std::uint64_t count);
    bool wrong(std::string_view what) {
        wrong_ = wrong_.empty() ? what : wrong_;
        return false;
    }

    int descriptor_;
    std::uint64_t file_bytes_ = 0;
    Meta meta_;
    std::uint64_t missing_free_ = 0;  // pages of the free list that are not in the file
    std::vector<bool> taken_;         // pages that something uses
    std::vector<std::pair<std::string, Tree>> tables_;
    std::string_view wrong_;  // the first thing found
};

bool FileChecker::read(std::uint64_t offset, std::uint8_t* to, std::size_t count) const {
    return pread(descriptor_, to, count, static_cast<off_t>(offset)) == static_cast<ssize_t>(count);
}

std::optional<Meta> FileChecker::read_meta(std::uint64_t offset) const {
    std::array<std::uint8_t, kHeaderBytes + kMetaBytes> page{};
    if (!read(offset, page.data(), page.size())) {
        return std::nullopt;
    }
    const std::uint8_t* const at = page.data() + kHeaderBytes;
    Meta meta;
    meta.page_bytes = load<std::uint32_t>(at + 24);
    meta.free_list = load_tree(at + 24);
    meta.main = load_tree(at + 24 + kTreeBytes);
    meta.last_page = load<std::uint64_t>(at + 120);
    meta.transaction = load<std::uint64_t>(at + 128);
    const bool power_of_two = (meta.page_bytes & (meta.page_bytes - 1)) == 0;
    if (load<std::uint16_t>(page.data() + 10) != kMetaPage || load<std::uint32_t>(at) != kMagic ||
        load<std::uint32_t>(at + 4) != kLmdbVersion || !power_of_two || meta.page_bytes < 512 ||
        meta.page_bytes > 32768 || meta.last_page < kMetaPages - 1 ||
        meta.last_page > (std::uint64_t{1} << 47) || meta.transaction > (std::uint64_t{1} << 62) ||
        meta.free_list.flags != kIntegerKeys || meta.main.flags != 0) {
        return std::nullopt;
    }
    return meta;
}

Result<void> FileChecker::check(CheckDepth depth) {
    if (descriptor_ < 0) {
        return errno == ENOENT ? Result<void>{} : fail(Errc::file_unreadable, std::strerror(errno));
    }
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) {
        return fail(Errc::file_unreadable, std::strerror(errno));
    }
    file_bytes_ = static_cast<std::uint64_t>(status.st_size);
    if (file_bytes_ == 0) {
        return {};
    }
    const std::optional<Meta> first = read_meta(0);
    const std::optional<Meta> second = first ? read_meta(first->page_bytes) : std::nullopt;
    if (!second || first->page_bytes != second->page_bytes) {
        return fail(Errc::store_corrupt, "it does not begin as a store does");
    }
    meta_ = first->transaction > second->transaction ? *first : *second;
    // Free pages at the end may be missing from the file: LMDB need not have written them. What is
    // used must be there, which take_page() sees to.
    if (meta_.last_page * meta_.page_bytes > file_bytes_ + kMaxMissingBytes) {
        return fail(Errc::store_corrupt, "the file is cut short");
    }
    taken_.resize(std::min(meta_.last_page, file_bytes_ / meta_.page_bytes) + 1);
    if (!check_main() || !check_tables(depth)) {
        return fail(Errc::store_corrupt, std::string{wrong_});
    }
    return {};
}

bool FileChecker::check_main() {
    Walk main{meta_.main};
    Walk free_list{meta_.free_list};
    return check_tree(main) && check_tree(free_list) && check_end();
}

// What lies beyond the file's end was never written, so it must be free: else content was cut off,
// and reading it through the map would end the process.
bool FileChecker::check_end() {
    const std::uint64_t there = file_bytes_ / meta_.page_bytes;
    const std::uint64_t missing = meta_.last_page < there ? 0 : meta_.last_page + 1 - there;
    return missing == missing_free_ || wrong("the file is cut short");
}

bool FileChecker::check_tables(CheckDepth depth) {
    for (const auto& [name, tree] : tables_) {
        Walk walk{tree};
        walk.roots_only = depth == CheckDepth::quick && (name == "pages" || name == "journal");
        if (!check_tree(walk)) {
            return false;
        }
    }
    return true;
}

bool FileChecker::check_tree(Walk& walk) {
    const Tree& tree = walk.tree;
    if (tree.root == kNoPage) {
        return (tree.entries == 0 && tree.depth == 0) || wrong("an empty tree has entries");
    }
    if (tree.depth == 0 || tree.depth > kMaxDepth) {
        return wrong("a tree is too deep");
    }
    if (!check_page(walk, tree.root, 1)) {
        return false;
    }
    const Tree& found = walk.found;
    return walk.roots_only ||
           (found.entries == tree.entries && found.branch_pages == tree.branch_pages &&
            found.leaf_pages == tree.leaf_pages && found.overflow_pages == tree.overflow_pages) ||
           wrong("a tree is not as large as it should be");
}

// Pages are used once, and lie within the file.
bool FileChecker::take_page(std::uint64_t number, std::uint64_t count) {
    if (number < kMetaPages || number > meta_.last_page || count > meta_.last_page + 1 - number ||
        (number + count) * meta_.page_bytes > file_bytes_) {
        return wrong("a page is not in the file");
    }
    for (std::uint64_t i = number; i < number + count; ++i) {
        if (taken_[i]) {
            return wrong("a page is used twice");
        }
        taken_[i] = true;
    }
    return true;
}

bool FileChecker::check_page(Walk& walk, std::uint64_t number, unsigned level) {
    if (!take_page(number, 1)) {
        return false;
    }
    Bytes page(meta_.page_bytes);
    const bool leaf = level == walk.tree.depth;
    if (!read(number * meta_.page_bytes, page.data(), page.size()) ||
        load<std::uint64_t>(page.data()) != number ||
        load<std::uint16_t>(page.data() + 10) != (leaf ? kLeafPage : kBranchPage)) {
        return wrong("a page is not what it should be");
    }
    return leaf ? check_leaf(walk, page) : check_branch(walk, page, level);
}

// nullopt where a node is not whole within the page, or nodes and page do not add up.
std::optional<std::vector<Node>> FileChecker::nodes_of(const Bytes& page, bool leaf) const {
    const std::size_t lower = load<std::uint16_t>(page.data() + 12);
    const std::size_t upper = load<std::uint16_t>(page.data() + 14);
    if (lower <= kHeaderBytes || lower % 2 != 0 || lower > upper || upper > page.size()) {
        return std::nullopt;
    }
    std::vector<Node> nodes;
    std::size_t used = 0;
    for (std::size_t at = kHeaderBytes; at < lower; at += 2) {
        const std::size_t offset = load<std::uint16_t>(page.data() + at);
        if (offset < upper || offset % 2 != 0 || offset + kNodeBytes > page.size()) {
            return std::nullopt;
        }
        const std::uint8_t* const node = page.data() + offset;
        const std::uint32_t low = load<std::uint16_t>(node);
        const std::uint32_t high = load<std::uint16_t>(node + 2);
        const std::uint16_t flags = load<std::uint16_t>(node + 4);
        const std::size_t key_bytes = load<std::uint16_t>(node + 6);
        const std::uint32_t size = low | (high << 16);
        const std::size_t in_node = !leaf ? 0 : (flags & kBigNode) != 0 ? 8 : size;
        const std::size_t total = kNodeBytes + key_bytes + in_node;
        if (key_bytes > kMaxKey || in_node > page.size() || offset + total > page.size()) {
            return std::nullopt;
        }
        used += total + total % 2;
        nodes.push_back({{node + kNodeBytes, key_bytes},
                         {node + kNodeBytes + key_bytes, in_node},
                         size | (std::uint64_t{flags} << 32),
                         size,
                         flags});
    }
    return used == page.size() - upper ? std::optional{std::move(nodes)} : std::nullopt;
}

bool FileChecker::check_branch(Walk& walk, const Bytes& page, unsigned level) {
    ++walk.found.branch_pages;
    const std::optional<std::vector<Node>> nodes = nodes_of(page, false);
    if (!nodes || nodes->size() < 2) {
        return wrong("a branch is damaged");
    }
    if (walk.roots_only) {
        return true;
    }
    const bool ordered = (walk.tree.flags & kIntegerKeys) == 0;
    for (std::size_t i = 0; i < nodes->size(); ++i) {
        const Node& node = (*nodes)[i];
        if (i > 0 && ordered) {
            if (zone::compare_keys(walk.last_key, node.key) >= 0) {
                return wrong("a branch is out of order");
            }
            walk.at_least.assign(node.key.begin(), node.key.end());
        }
        if (!check_page(walk, node.child, level + 1)) {
            return false;
        }
    }
    return true;
}

bool FileChecker::check_leaf(Walk& walk, const Bytes& page) {
    ++walk.found.leaf_pages;
    const std::optional<std::vector<Node>> nodes = nodes_of(page, true);
    if (!nodes) {
        return wrong("a leaf is damaged");
    }
    const bool ordered = (walk.tree.flags & kIntegerKeys) == 0;
    for (const Node& node : *nodes) {
        ++walk.found.entries;
        if (ordered && (zone::compare_keys(walk.last_key, node.key) >= 0 ||
                        zone::compare_keys(walk.at_least, node.key) > 0)) {
            return wrong("a leaf is out of order");
        }
        if (!ordered && !check_free_key(walk, node.key)) {
            return false;
        }
        if (!walk.roots_only && !check_value(walk, node)) {
            return false;
        }
        walk.last_key.assign(node.key.begin(), node.key.end());
    }
    return true;
}

bool FileChecker::check_value(Walk& walk, const Node& node) {
    const bool is_free_list = (walk.tree.flags & kIntegerKeys) != 0;
    const bool is_main = !is_free_list && walk.tree.root == meta_.main.root;
    if ((node.flags & ~kBigNode) != (is_main ? kTreeNode : 0)) {
        return wrong("an entry is of an unknown kind");
    }
    Bytes run;
    if ((node.flags & kBigNode) != 0 && !check_overflow(walk, node, run)) {
        return false;
    }
    if (is_free_list) {
        return check_free_pages(run.empty() ? node.value : ByteView{run});
    }
    if (is_main) {
        if (node.value.size() != kTreeBytes || load_tree(node.value.data()).flags != 0) {
            return wrong("a table is of an unknown kind");
        }
        tables_.emplace_back(as_text(node.key), load_tree(node.value.data()));
    }
    return true;
}

// `value` is filled for the free list only: others are protected by their sums.
bool FileChecker::check_overflow(Walk& walk, const Node& node, Bytes& value) {
    const auto first = load<std::uint64_t>(node.value.data());
    const std::uint64_t count =
        (kHeaderBytes + std::uint64_t{node.value_bytes} + meta_.page_bytes - 1) / meta_.page_bytes;
    if (!take_page(first, count)) {
        return false;
    }
    std::array<std::uint8_t, kHeaderBytes> header{};
    if (!read(first * meta_.page_bytes, header.data(), header.size()) ||
        load<std::uint64_t>(header.data()) != first ||
        load<std::uint16_t>(header.data() + 10) != kOverflowPage ||
        load<std::uint32_t>(header.data() + 12) != count) {
        return wrong("an overflow page is damaged");
    }
    walk.found.overflow_pages += count;
    if ((walk.tree.flags & kIntegerKeys) != 0) {
        value.resize(node.value_bytes);
        return read(first * meta_.page_bytes + kHeaderBytes, value.data(), value.size()) ||
               wrong("the free list is damaged");
    }
    return true;
}

// Keys of the free list are the transactions that freed the pages.
bool FileChecker::check_free_key(const Walk& walk, ByteView key) {
    if (key.size() != kNumberBytes) {
        return wrong("the free list is damaged");
    }
    const auto transaction = load<std::uint64_t>(key.data());
    const bool ascending =
        walk.last_key.empty() || transaction > load<std::uint64_t>(walk.last_key.data());
    return (ascending && transaction <= meta_.transaction) || wrong("the free list is damaged");
}

// A count, and that many page numbers from high to low: LMDB takes them for its own without a look.
bool FileChecker::check_free_pages(ByteView list) {
    if (list.size() < kNumberBytes || list.size() % kNumberBytes != 0) {
        return wrong("the free list is damaged");
    }
    const auto count = load<std::uint64_t>(list.data());
    if (count > list.size() / kNumberBytes - 1) {
        return wrong("the free list is damaged");
    }
    std::uint64_t before = kNoPage;
    for (std::uint64_t i = 1; i <= count; ++i) {
        const auto number = load<std::uint64_t>(list.data() + i * kNumberBytes);
        if (number < kMetaPages || number > meta_.last_page || number >= before) {
            return wrong("the free list is damaged");
        }
        // Beyond the file's end there is nothing that could use it as well.
        if ((number + 1) * meta_.page_bytes > file_bytes_) {
            ++missing_free_;
        }
        if (number < taken_.size()) {
            if (taken_[number]) {
                return wrong("a page is both used and free");
            }
            taken_[number] = true;
        }
        before = number;
    }
    return true;
}

}  // namespace

Result<void> check_file(const std::string& path, CheckDepth depth) {
    return FileChecker{path}.check(depth);
}

}  // namespace twinzone::store
