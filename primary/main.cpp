// twinzone-primary: announces and serves versions of zones.

#include <string>
#include <vector>

#include "common/service/program.h"
#include "primary/primary.h"

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return twinzone::service::run_program(twinzone::config::Role::primary, arguments,
                                          {.serve = twinzone::primary::serve,
                                           .sync = {},
                                           .promote = {},
                                           .check = twinzone::primary::check});
}
