#include "common/net/connection.h"

#include <utility>

namespace twinzone::net {

void Connection::write(Bytes bytes, OnWritten on_written) {
    auto owned = std::make_shared<const Bytes>(std::move(bytes));
    const ByteView whole{*owned};
    write({&whole, 1}, std::move(owned), std::move(on_written));
}

}  // namespace twinzone::net
