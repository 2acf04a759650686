# deskhand_room(NAME ROOMS…): a static library deskhand_NAME of every .cpp below this folder that may use ROOMS.
# A file named absent.cpp, or below an optional folder, is added by the room's own CMakeLists.txt, not by the glob.
function(deskhand_room name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/optional/|/main\\.cpp$")
  add_library(deskhand_${name} STATIC ${sources})
  set_target_properties(deskhand_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(deskhand_${name} PUBLIC deskhand_options)
  foreach(room ${ARGN})
    target_link_libraries(deskhand_${name} PUBLIC deskhand_${room})
  endforeach()
  if(name MATCHES "^(agent|apps)$")
    deskhand_compile_quickly(deskhand_${name})
    deskhand_precompile(deskhand_${name} quick)
  elseif(NOT name MATCHES "^(kernels|vision)$")  # with flags of their own: instruction sets, OpenMP for Tesseract
    deskhand_precompile(deskhand_${name} library)
  endif()
endfunction()

# deskhand_test(ROOM FILE LIBRARIES…): one test program per file, registered with ctest as room.name.
function(deskhand_test room file)
  get_filename_component(base ${file} NAME_WE)
  set(target test_${room}_${base})
  add_executable(${target} ${file})
  target_link_libraries(${target} PRIVATE ${ARGN} deskhand_test_support GTest::gtest GTest::gmock)
  if(NOT room MATCHES "^(kernels|vision)$")  # these compare with slow loops of their own
    target_compile_options(${target} PRIVATE -O0)  # what is tested is optimised, the test compiles in half the time
    deskhand_precompile(${target} test)
  endif()
  add_test(NAME ${room}.${base} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${room}.${base} PROPERTIES TIMEOUT 600)
endfunction()
