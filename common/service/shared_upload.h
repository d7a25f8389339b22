// The whole content of a version on its way into the shared history, a run of pages at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/shared/history.h"
#include "common/shared/link.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// Stages all pages of the snapshot in a blob of their own. `done` gets the entry that names them,
// or what went wrong, once. The link outlives it, or drops it.
void upload_content(shared::Link& link, const dns::Name& zone,
                    std::shared_ptr<const zone::Snapshot> snapshot,
                    std::function<void(Result<shared::Entry>)> done);

}  // namespace twinzone::service
