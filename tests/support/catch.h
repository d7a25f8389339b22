// The one place that includes Catch2, so that a change of its version is a change of one file.
#pragma once

#include <catch2/catch.hpp>
