// The one place that names the test framework's header: moving to Catch2 v3 changes this line (and main.cpp's).
#pragma once

#include <catch2/catch.hpp>
