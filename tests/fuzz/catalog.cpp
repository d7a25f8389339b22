// The answer section of a message as the records of a catalog zone. What is not broken has each
// member once, below a limit, and none of them the catalog itself.
#include "common/zone/catalog.h"

#include <set>

#include "common/dns/message_reader.h"
#include "tests/fuzz/harness.h"

namespace {

using namespace twinzone;

class MessageStream final : public zone::RecordStream {
  public:
    explicit MessageStream(dns::MessageReader& reader) : reader_(reader) {}

    Result<std::optional<dns::RecordView>> next() override {
        const Result<std::optional<dns::SectionRecord>> found = reader_.next();
        if (!found) {
            return fail(found.error());
        }
        return *found ? std::optional{(*found)->record} : std::nullopt;
    }

  private:
    dns::MessageReader& reader_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const Bytes message(bytes, bytes + size);
    Result<dns::MessageReader> reader = dns::MessageReader::open(message);
    if (!reader || !reader->question()) {
        return 0;
    }
    const dns::Name apex = *dns::Name::from_text("catalog.test.");
    MessageStream records{*reader};
    const Result<zone::CatalogContent> content = zone::read_catalog(apex, records);
    if (!content) {
        return 0;
    }
    TWINZONE_ASSERT(content->broken.empty() ||
                    (content->members.empty() && content->primaries.empty()));
    std::set<std::string> zones;
    for (const zone::CatalogMember& member : content->members) {
        TWINZONE_ASSERT(zones.insert(member.zone.lowered().to_text()).second);
        TWINZONE_ASSERT(!member.id.empty());
    }
    return 0;
}
