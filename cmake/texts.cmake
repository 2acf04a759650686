# deskhand_texts(TARGET FOLDER TYPE HEADER FUNCTION)
#
# Compiles the texts of a folder in: `std::span<const TYPE> FUNCTION()`, declared in HEADER, returns {name, text} for
# every FOLDER/name.txt, byte by byte.
function(deskhand_texts target folder type header function)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.txt)
  list(SORT files)
  set(entries "")
  foreach(file ${files})
    get_filename_component(base ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND entries "    {\"${base}\", R\"text(${text})text\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${out} CONTENT "// Written by cmake/texts.cmake from ${folder}/.
#include <span>

#include \"${header}\"

namespace deskhand {
std::span<const ${type}> ${function}() {
  static constexpr ${type} table[] = {
${entries}  };
  return table;
}
}  // namespace deskhand
" @ONLY)
  target_sources(${target} PRIVATE ${out})
endfunction()
