# How the house builds: one static library per folder, its tests beside it, a fixed order of floors.

option(KOLBEN_BUILD_TESTS "unit tests" OFF)
option(KOLBEN_BUILD_EXAMPLES "the To-Do app" ON)
option(KOLBEN_BUILD_BENCH "benchmarks" OFF)
option(KOLBEN_BUILD_FUZZ "fuzz harnesses (clang)" OFF)
option(KOLBEN_PCH "precompiled headers of the standard library" OFF)
option(KOLBEN_HARDENING "hardening of release builds" OFF)
set(KOLBEN_SANITIZE "" CACHE STRING "address,undefined or thread")

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -Wformat=2 -Wvla -Wundef -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wduplicated-cond $<$<COMPILE_LANGUAGE:CXX>:-Wsuggest-override>)
else()
  # libstdc++'s own stable_sort calls what it has declared deprecated.
  add_compile_options(-Wthread-safety -Wno-deprecated-declarations)
endif()

if(KOLBEN_SANITIZE)
  add_compile_options(-fsanitize=${KOLBEN_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KOLBEN_SANITIZE})
  if(KOLBEN_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences: GCC 12 warns at each (asio#1007)
  endif()
elseif(KOLBEN_HARDENING)
  add_compile_options(-D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong
                      -fstack-clash-protection -fcf-protection=full)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_link_options(-pie)
endif()

# kolben_library(base SRCS a.cc DEPS wire LINK zstd)
#   SRCS: sources of this folder; DEPS: other folders' libraries, seen by whoever uses this one;
#   LINK: third-party libraries, seen by this folder alone.
# The library of src/net/http is called net_http; the target kolben_net_http. Components (by the first
# word of their name) are collected in the global property KOLBEN_COMPONENTS, which the program links.
function(kolben_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LINK" ${ARGN})
  set(target kolben_${name})
  add_library(${target} STATIC ${ARG_SRCS})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src
                                              ${PROJECT_SOURCE_DIR}/include)
  foreach(dep IN LISTS ARG_DEPS)
    if(NOT TARGET kolben_${dep})
      message(FATAL_ERROR "${name} needs ${dep}, which stands on no lower floor (src/CMakeLists.txt)")
    endif()
    target_link_libraries(${target} PUBLIC kolben_${dep})
  endforeach()
  target_link_libraries(${target} PRIVATE ${ARG_LINK})
  if(name MATCHES "^(receivers|processors|exporters|connectors|extensions)_")
    set_property(GLOBAL APPEND PROPERTY KOLBEN_COMPONENTS ${target})
  endif()
  kolben_precompile(${target} kolben_base
    <algorithm> <atomic> <chrono> <cstdint> <functional> <map> <memory> <optional> <span>
    <string> <string_view> <utility> <variant> <vector>)
endfunction()

# Precompiles headers for a target, once for all: the first target (`owner`) of a kind has them.
function(kolben_precompile target owner)
  if(NOT KOLBEN_PCH)
    return()
  endif()
  target_compile_options(${target} PRIVATE -pthread)  # some libraries bring it; all must be alike
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# kolben_test(base SRCS a_test.cc DEPS ... LINK ...): the unit tests of a folder, one binary.
function(kolben_test name)
  if(NOT KOLBEN_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LINK" ${ARGN})
  set(target kolben_${name}_test)
  add_executable(${target} ${ARG_SRCS})
  target_link_libraries(${target} PRIVATE kolben_${name} GTest::gmock_main ${ARG_LINK})
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${target} PRIVATE kolben_${dep})
  endforeach()
  target_compile_definitions(${target} PRIVATE
    KOLBEN_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  if(KOLBEN_SANITIZE MATCHES "undefined")
    # GoogleTest's macros are half of the compile time with these, and they judge the tests only.
    target_compile_options(${target} PRIVATE -fno-sanitize=null,vptr,alignment,object-size)
  endif()
  if(KOLBEN_SANITIZE)
    # Between sanitizers' checks GCC 12 takes short strings for their inner buffer.
    target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
  endif()
  kolben_precompile(${target} kolben_base_test <gtest/gtest.h> <gmock/gmock.h> <string> <vector>)
  add_test(NAME ${name} COMMAND ${target} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
