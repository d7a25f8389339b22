#include "common/base/bytes.h"

#include "tests/support/catch.h"

namespace twinzone {

TEST_CASE("what a writer appends a reader gives back", "[base][bytes]") {
    Bytes out;
    ByteWriter writer{out};
    writer.u8(0x01);
    writer.u16(0x0203);
    writer.u32(0x04050607);
    writer.u48(0x08090a0b0c0d);
    writer.u64(0x0e0f101112131415);
    writer.bytes(as_bytes("end"));
    REQUIRE(out.size() == 24);
    CHECK(writer.size() == 24);
    for (std::size_t i = 0; i < 21; ++i) {
        CHECK(out[i] == i + 1);  // network order
    }
    ByteReader reader{out};
    CHECK(reader.u8() == 0x01);
    CHECK(reader.u16() == 0x0203);
    CHECK(reader.u32() == 0x04050607);
    CHECK(reader.u16() == 0x0809);
    CHECK(reader.u32() == 0x0a0b0c0d);
    CHECK(reader.u64() == 0x0e0f101112131415);
    CHECK(as_text(reader.rest()) == "end");
    CHECK(reader.remaining() == 0);
    CHECK_FALSE(reader.failed());
}

TEST_CASE("a reader that failed stays failed and gives nothing", "[base][bytes]") {
    const Bytes three = {1, 2, 3};
    ByteReader reader{three};
    CHECK(reader.u16() == 0x0102);
    CHECK(reader.u16() == 0);
    CHECK(reader.failed());
    CHECK(reader.u8() == 0);  // though one octet is left
    CHECK(reader.remaining() == 0);
    CHECK(reader.rest().empty());
    CHECK(reader.bytes(0).empty());
}

TEST_CASE("a reader of nothing reads runs of nothing", "[base][bytes]") {
    ByteReader reader{{}};
    CHECK(reader.bytes(0).empty());
    CHECK(reader.rest().empty());
    CHECK_FALSE(reader.failed());
    CHECK(reader.bytes(static_cast<std::size_t>(-1)).empty());
    CHECK(reader.failed());
}

}  // namespace twinzone
