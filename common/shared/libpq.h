// libpq, loaded when it is first needed: who shares no history needs none. Only for this folder.
#pragma once

#include <libpq-fe.h>

#include "common/base/result.h"

namespace twinzone::shared {

// The functions we call, with libpq's own types.
struct Libpq {
    decltype(&PQconnectdbParams) connectdb_params = nullptr;
    decltype(&PQconninfoParse) conninfo_parse = nullptr;
    decltype(&PQconninfoFree) conninfo_free = nullptr;
    decltype(&PQfreemem) freemem = nullptr;
    decltype(&PQstatus) status = nullptr;
    decltype(&PQerrorMessage) error_message = nullptr;
    decltype(&PQfinish) finish = nullptr;
    decltype(&PQsocket) socket = nullptr;
    decltype(&PQsetnonblocking) set_nonblocking = nullptr;
    decltype(&PQserverVersion) server_version = nullptr;
    decltype(&PQsendQuery) send_query = nullptr;
    decltype(&PQsendQueryParams) send_query_params = nullptr;
    decltype(&PQflush) flush = nullptr;
    decltype(&PQconsumeInput) consume_input = nullptr;
    decltype(&PQisBusy) is_busy = nullptr;
    decltype(&PQgetResult) get_result = nullptr;
    decltype(&PQnotifies) notifies = nullptr;
    decltype(&PQresultStatus) result_status = nullptr;
    decltype(&PQresultErrorField) result_error_field = nullptr;
    decltype(&PQresultErrorMessage) result_error_message = nullptr;
    decltype(&PQntuples) ntuples = nullptr;
    decltype(&PQnfields) nfields = nullptr;
    decltype(&PQgetvalue) getvalue = nullptr;
    decltype(&PQgetlength) getlength = nullptr;
    decltype(&PQgetisnull) getisnull = nullptr;
    decltype(&PQclear) clear = nullptr;
    decltype(&PQsetNoticeProcessor) set_notice_processor = nullptr;
};

// Stays loaded. Errc::config_invalid where the library is not installed, with the way out in words.
[[nodiscard]] Result<Libpq> load_libpq();

}  // namespace twinzone::shared
