// The whole content of a version on its way into the shared history, a run of pages at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/service/shared_questions.h"
#include "common/shared/history.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// Stages all pages of the snapshot in a blob of their own. `done` gets the entry that names them,
// or what went wrong, once.
void upload_content(SharedQuestions& questions, Now now, const dns::Name& zone,
                    std::shared_ptr<const zone::Snapshot> snapshot,
                    std::function<void(Now now, Result<shared::Entry> entry)> done);

}  // namespace twinzone::service
