# Compiler settings that hold for every target, and the packages that layers may name as dependencies.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(TUSK_SANITIZE "" CACHE STRING "Sanitizers to build with: address, thread, undefined or a comma list")
option(TUSK_TESTS "Build the unit tests" ON)
option(TUSK_LTO "Link-time optimisation" OFF)
option(TUSK_ANALYZE "Offer the target `analyze`; needs Clang 19" OFF)
option(TUSK_FUZZ "Build the *_fuzz.cc programs; needs Clang" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -fno-omit-frame-pointer)
# Everything is linked into programs: nobody replaces a function at run time, so calls within a file may be inlined though
# the code is position-independent.
set(TUSK_RELEASE_FLAGS "-O2 -g1 -DNDEBUG -fno-semantic-interposition -fno-plt")
set(CMAKE_CXX_FLAGS_RELEASE "${TUSK_RELEASE_FLAGS}" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_RELEASE "${TUSK_RELEASE_FLAGS}" CACHE STRING "" FORCE)
# Line tables only: full debug information doubles the time that a two-core machine takes to build and link the tests.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_DEBUG "-O1 -g1" CACHE STRING "" FORCE)

if(TUSK_SANITIZE)
  add_compile_options(-fsanitize=${TUSK_SANITIZE} -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${TUSK_SANITIZE})
  add_compile_definitions(TUSK_SANITIZED=1)
  if(TUSK_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # GCC warns of every fence; ours have partners that TSan does see.
  endif()
endif()
if(TUSK_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_custom_target(fuzz_programs)
endif()
if(TUSK_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

find_program(LLD ld.lld)
if(LLD)
  add_link_options(-fuse-ld=lld)
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
if(TUSK_TESTS)
  find_package(GTest REQUIRED)
endif()
