# Builds the OpenAPI document (services/openapi.json) into tenure_services, so that the program needs no files beside it.
# events/model/embed.cmake, which is included before, has tenure_raw_literals and tenure_built_in.

function(tenure_embed_openapi)
  set(document ${CMAKE_CURRENT_SOURCE_DIR}/services/openapi.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${document})
  file(READ ${document} text)
  tenure_raw_literals("${text}" literals)
  set(code "// Written by services/embed.cmake.\n#include \"services/openapi.h\"\n\nnamespace tenure {\n")
  string(APPEND code "\nstd::string_view openapi_document() {\n  return${literals};\n}\n\n}  // namespace tenure\n")

  tenure_built_in(tenure_services openapi "${code}")
endfunction()

tenure_embed_openapi()
