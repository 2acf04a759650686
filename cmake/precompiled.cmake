# deskhand_precompile(TARGET KIND): what nearly every file includes is read once per kind of compiler flags: `library`,
# `quick` (deskhand_compile_quickly) or `test`. Sources include what they use all the same: builds with
# CMAKE_DISABLE_PRECOMPILE_HEADERS=ON, which is better for ccache across several checkouts, show what is missing.
set(precompiled_headers <algorithm> <chrono> <filesystem> <functional> <map> <memory> <optional> <set> <span> <stop_token>
                        <string> <string_view> <vector> <fmt/format.h> <nlohmann/json.hpp>)

function(deskhand_precompiled kind)
  if(TARGET deskhand_precompiled_${kind})
    return()
  endif()
  set(source ${CMAKE_BINARY_DIR}/precompiled_${kind}.cpp)
  if(kind STREQUAL test)  # a program: other flags than a library's
    file(CONFIGURE OUTPUT ${source} CONTENT "int main() {}\n")
    add_executable(deskhand_precompiled_${kind} ${source})
    target_compile_options(deskhand_precompiled_${kind} PRIVATE -O0)
    target_link_libraries(deskhand_precompiled_${kind} PRIVATE GTest::gtest GTest::gmock)
    list(APPEND precompiled_headers <gmock/gmock.h> <gtest/gtest.h>)
  else()
    file(CONFIGURE OUTPUT ${source} CONTENT "namespace deskhand {}\n")
    add_library(deskhand_precompiled_${kind} STATIC ${source})
  endif()
  target_link_libraries(deskhand_precompiled_${kind} PRIVATE deskhand_options nlohmann_json::nlohmann_json)
  if(kind STREQUAL quick)
    deskhand_compile_quickly(deskhand_precompiled_${kind})
  endif()
  target_precompile_headers(deskhand_precompiled_${kind} PRIVATE ${precompiled_headers})
endfunction()

function(deskhand_precompile target kind)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # clang wants flags to be the same to the letter
    deskhand_precompiled(${kind})
    target_precompile_headers(${target} REUSE_FROM deskhand_precompiled_${kind})
    target_compile_options(${target} PRIVATE -Wno-error=invalid-pch)  # a header that does not fit is read as ever
  endif()
endfunction()
