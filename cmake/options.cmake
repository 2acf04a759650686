# Language, warnings, sanitizers. Binaries run on any x86-64-v2 machine; wider instruction sets are separate files.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(DESKHAND_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")

add_library(deskhand_options INTERFACE)
target_include_directories(deskhand_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(deskhand_options INTERFACE -Wall -Wextra -Wshadow -Werror -fno-math-errno)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(deskhand_options INTERFACE -march=x86-64-v2)
endif()
if(DESKHAND_SANITIZE)
  target_compile_options(deskhand_options INTERFACE -fsanitize=${DESKHAND_SANITIZE} -fno-omit-frame-pointer
                                                    -fno-sanitize-recover=all)
  target_link_options(deskhand_options INTERFACE -fsanitize=${DESKHAND_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 says so of sound code under the sanitizers, std::regex first; the sanitizers see the real cases.
    target_compile_options(deskhand_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

# deskhand_compile_quickly(TARGET): under the sanitizers, code that computes little is left unoptimised. The same checks
# run, and it compiles in half the time.
function(deskhand_compile_quickly target)
  if(DESKHAND_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
target_link_libraries(deskhand_options INTERFACE fmt::fmt Threads::Threads)

find_program(CCACHE ccache)
if(CCACHE)  # told that precompiled headers depend on nothing but their content
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    add_compile_options(-fpch-preprocess)
  endif()
endif()
