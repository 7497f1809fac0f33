# Builds the JSON Schema of review definitions into tenure_events. Needs events/model/embed.cmake.
function(tenure_embed_definition_schema)
  set(file ${CMAKE_CURRENT_SOURCE_DIR}/events/review/definition.schema.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  tenure_raw_literals("${text}" literals)
  set(code "// Written by events/review/embed.cmake.\n#include \"events/review/definition.h\"\n\nnamespace tenure::review {\n")
  string(APPEND code "\nstd::string_view definition_schema() {\n  return${literals};\n}\n\n}  // namespace tenure::review\n")
  tenure_built_in(tenure_events definition_schema "${code}")
endfunction()

tenure_embed_definition_schema()
