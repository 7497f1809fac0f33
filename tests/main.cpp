// The entry of every test program. Compiled once and linked into each.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
