// Clang's thread-safety attributes under short names; empty for other compilers. The `analyze` preset checks them.
// Threads: none. Owns: nothing.
#pragma once

#if defined(__clang__)
#define TUSK_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define TUSK_THREAD_ATTRIBUTE(x)
#endif

#define CAPABILITY(name) TUSK_THREAD_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY TUSK_THREAD_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) TUSK_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) TUSK_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) TUSK_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) TUSK_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) TUSK_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define EXCLUDES(...) TUSK_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) TUSK_THREAD_ATTRIBUTE(assert_capability(x))
#define NO_THREAD_SAFETY_ANALYSIS TUSK_THREAD_ATTRIBUTE(no_thread_safety_analysis)
