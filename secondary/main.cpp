// twinzone-secondary: follows zones from their primaries, serves them on and hands them over.

#include <string>
#include <vector>

#include "common/service/program.h"
#include "secondary/promote.h"
#include "secondary/secondary.h"
#include "secondary/sync.h"

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return twinzone::service::run_program(twinzone::config::Role::secondary, arguments,
                                          {.serve = twinzone::secondary::serve,
                                           .sync = twinzone::secondary::sync,
                                           .promote = twinzone::secondary::promote,
                                           .check = twinzone::secondary::check});
}
