// What the shared library shows to programs; all else in it is hidden, so that it cannot meet a program's own names.
// Threads: any. Owns: nothing.
#pragma once

#define TUSK_API __attribute__((visibility("default")))
