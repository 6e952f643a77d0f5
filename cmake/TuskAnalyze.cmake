# The target `analyze` (preset of the same name) runs Clang 19's thread-safety analysis over every file that this build
# would compile. Nothing is compiled: GCC stays the compiler, Clang only reads.
if(TUSK_ANALYZE)
  find_program(CLANG19 clang++-19 REQUIRED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  add_custom_target(analyze
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/analyze.py --clang ${CLANG19} --build ${CMAKE_BINARY_DIR}
    USES_TERMINAL)
endif()
