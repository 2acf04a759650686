# deskhand_table(TARGET FOLDER PREFIX TYPE HEADER FUNCTION)
#
# Writes the table of the things in a folder: every FOLDER/x.cpp defines `extern const TYPE PREFIX_x;` and
# `std::span<const TYPE* const> FUNCTION()`, declared in HEADER, returns them all, sorted by file name.
# A new family, tool, dialect or subcommand is one new file and nothing else.
function(deskhand_table target folder prefix type header function)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  list(SORT files)
  set(declarations "")
  set(entries "")
  foreach(file ${files})
    get_filename_component(base ${file} NAME_WE)
    string(APPEND declarations "extern const ${type} ${prefix}_${base};\n")
    string(APPEND entries "&${prefix}_${base}, ")
  endforeach()
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${function}_table.cpp)
  file(CONFIGURE OUTPUT ${out} CONTENT "// Written by cmake/table.cmake from ${folder}/.
#include <span>

#include \"${header}\"

namespace deskhand {
${declarations}
std::span<const ${type}* const> ${function}() {
  static constexpr const ${type}* table[] = {${entries}};
  return table;
}
}  // namespace deskhand
" @ONLY)
  target_sources(${target} PRIVATE ${out})
endfunction()
