#include "common/shared/libpq.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace twinzone::shared {

namespace {

constexpr const char* kLibrary = "libpq.so.5";

class Loading {
  public:
    Loading() noexcept : library_(dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL)) {}

    template <class Function>
    void find(const char* name, Function& function) noexcept {
        function =
            library_ == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(library_, name));
        is_whole_ = is_whole_ && function != nullptr;
    }

    [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }

  private:
    void* library_;  // never closed
    bool is_whole_ = true;
};

}  // namespace

Result<Libpq> load_libpq() {
    Libpq pq;
    Loading loading;
    loading.find("PQconnectdbParams", pq.connectdb_params);
    loading.find("PQconninfoParse", pq.conninfo_parse);
    loading.find("PQconninfoFree", pq.conninfo_free);
    loading.find("PQfreemem", pq.freemem);
    loading.find("PQstatus", pq.status);
    loading.find("PQerrorMessage", pq.error_message);
    loading.find("PQfinish", pq.finish);
    loading.find("PQsocket", pq.socket);
    loading.find("PQsetnonblocking", pq.set_nonblocking);
    loading.find("PQserverVersion", pq.server_version);
    loading.find("PQsendQuery", pq.send_query);
    loading.find("PQsendQueryParams", pq.send_query_params);
    loading.find("PQflush", pq.flush);
    loading.find("PQconsumeInput", pq.consume_input);
    loading.find("PQisBusy", pq.is_busy);
    loading.find("PQgetResult", pq.get_result);
    loading.find("PQnotifies", pq.notifies);
    loading.find("PQresultStatus", pq.result_status);
    loading.find("PQresultErrorField", pq.result_error_field);
    loading.find("PQresultErrorMessage", pq.result_error_message);
    loading.find("PQntuples", pq.ntuples);
    loading.find("PQnfields", pq.nfields);
    loading.find("PQgetvalue", pq.getvalue);
    loading.find("PQgetlength", pq.getlength);
    loading.find("PQgetisnull", pq.getisnull);
    loading.find("PQclear", pq.clear);
    loading.find("PQsetNoticeProcessor", pq.set_notice_processor);
    if (!loading.is_whole()) {
        return fail(Errc::config_invalid,
                    fmt::format("a shared history needs PostgreSQL's client library {}; on Debian "
                                "install the package twinzone-postgresql, or libpq5",
                                kLibrary));
    }
    return pq;
}

}  // namespace twinzone::shared
