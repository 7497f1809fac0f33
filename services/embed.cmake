# Builds the OpenAPI document (services/openapi.json) into tenure_services, so that the program needs no files beside it.
# events/model/embed.cmake, which is included before, has tenure_raw_literals.

function(tenure_embed_openapi)
  set(document ${CMAKE_CURRENT_SOURCE_DIR}/services/openapi.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${document})
  file(READ ${document} text)
  tenure_raw_literals("${text}" literals)
  set(code "// Written by services/embed.cmake.\n#include \"services/openapi.h\"\n\nnamespace tenure {\n")
  string(APPEND code "\nstd::string_view openapi_document() {\n  return${literals};\n}\n\n}  // namespace tenure\n")

  # Left alone where nothing changed, so that configuring again compiles nothing.
  set(built_in ${CMAKE_CURRENT_BINARY_DIR}/built_in/openapi.cpp)
  set(before "")
  if(EXISTS ${built_in})
    file(READ ${built_in} before)
  endif()
  if(NOT before STREQUAL code)
    file(WRITE ${built_in} "${code}")
  endif()
  target_sources(tenure_services PRIVATE ${built_in})
endfunction()

tenure_embed_openapi()
