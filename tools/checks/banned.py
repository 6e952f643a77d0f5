"""What this house does without. Each row: pattern, where it holds, what to do instead."""

import re

from source import Finding, blank, find_all, folder_of, is_cpp, is_test, line_of


def product(path):
    return is_cpp(path) and path.startswith(("src/", "client/")) and not is_test(path)


def below_main(path):
    return product(path) and folder_of(path) != "main" and path != "src/base/check.cc"


def above_ds(path):
    return product(path) and folder_of(path) not in ("base", "ds")


def cpp_test(path):
    return is_cpp(path) and is_test(path)


ROWS = [
    (r"\busing\s+namespace\b(?!\s+std::[\w:]*literals\b)", is_cpp, "no `using namespace`: a call site shows which layer it touches"),
    (r"\bstd::(cout|cerr|clog)\b|(?<![\w:])f?printf\s*\(|\bputs\s*\(", below_main,
     "layers do not print: log through the interface you were given, or return a Status"),
    (r"#\s*include\s*<(iostream|regex)>", product, "<iostream> and <regex> cost every build and start-up"),
    # `std::unique_ptr<T> t(new T(...))` is how a factory calls a private constructor.
    (r"^(?!.*unique_ptr<[^;]*[({]new\b).*\bnew\s+(?!\()[\w:<]", above_ds, "no naked new: a value, std::unique_ptr, or a container of ds/"),
    (r"(?<!=)(?<!= )\bdelete\b\s*(\[\s*\])?\s*[\w(*]", above_ds, "no naked delete: owners have destructors"),
    (r"(?<![\w:])throw\b|(?<![\w:])try\s*\{|(?<![\w:])catch\s*\(",
     lambda path: product(path) and path.startswith("src/"), "no exceptions in the server: return a Status"),
    (r"\b(sleep_for|sleep_until)\s*\(|(?<![\w.>])(usleep|nanosleep|sleep)\s*\(", cpp_test,
     "no sleeps in tests: a fake clock or an explicit event"),
    (r"\bDISABLED_|\bGTEST_SKIP\b", cpp_test, "a test that does not run tells nothing"),
    (r"\bvolatile\b(?!\s*\()", product, "volatile is no synchronisation: std::atomic with a named partner"),
]

ATOMIC_CALL = re.compile(r"\.(load|store|fetch_add|fetch_sub|fetch_or|fetch_and|exchange|compare_exchange_weak|"
                         r"compare_exchange_strong)\(")


def arguments(text, opened):
    depth = 0
    for at in range(opened, min(len(text), opened + 500)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[opened:at]
    return text[opened:opened + 500]


def unordered_atomics(code):
    """Lines that use an atomic without naming the memory order."""
    for match in ATOMIC_CALL.finditer(code):
        if "order" not in arguments(code, match.end() - 1):
            yield line_of(code, match.start()), match.group(1)


# Absolute paths of a developer's machine; written in pieces so that this file does not name one itself.
MACHINE_PATH = r"(?<![\w./~-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me"]) + r")/\w+"


def check(tree):
    for path, text in tree.items():
        for line, found in find_all(MACHINE_PATH, text):
            yield Finding(path, line, f"{found}: a path of one machine")
        if not is_cpp(path):
            continue
        code = blank(text)
        for pattern, holds, instead in ROWS:
            if holds(path):
                for line, found in find_all(pattern, code):
                    yield Finding(path, line, f"`{' '.join(found.split())}`: {instead}")
        if product(path) and "atomic" in code:
            for line, name in unordered_atomics(code):
                yield Finding(path, line, f".{name}() without a memory order: say which, and who its partner is")
