// Any octets from a client of the control socket, in pieces: the first octet is their size. Every
// line is answered by one line that can be read.
#include "common/control/server.h"
#include "tests/fuzz/harness.h"

namespace {

using namespace twinzone;

control::Response echo(const control::Request& request) {
    control::Response response;
    for (const std::string& operand : request.operands) {
        response.output += operand;
    }
    return response;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    control::ControlServer server;
    server.on("status", control::at_once(echo));
    std::size_t answers = 0;
    std::size_t ended = 0;
    control::ControlSession session{
        server, control::Channel{
                    .send =
                        [&](const std::string& line, const std::function<void()>& on_written) {
                            TWINZONE_ASSERT(line.ends_with('\n'));
                            TWINZONE_ASSERT(control::decode_response(
                                                std::string_view{line}.substr(0, line.size() - 1))
                                                .has_value());
                            ++answers;
                            if (on_written) {
                                on_written();
                            }
                        },
                    .end = [&] { ++ended; }}};
    const std::size_t piece = 1 + std::size_t{bytes[0]} * 64;
    std::string_view rest = as_text(ByteView{bytes, size}.subspan(1));
    const auto lines = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n'));
    while (!rest.empty()) {
        session.handle_bytes(rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
    }
    TWINZONE_ASSERT(ended <= 1);
    TWINZONE_ASSERT(ended == 1 || answers == lines);
    return 0;
}
