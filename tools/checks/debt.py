"""Debt is visible: TODOs carry an issue, macros are few, and assertions are counted."""

import re

from source import Finding, blank, find_all, folder_of, is_cpp, is_test

MACROS_PER_1000_LINES_MAX = 2
# A young tree has its helpers (checks, annotations, Status) before it has lines to divide them by.
MACROS_ALWAYS_ALLOWED = 24
TODOS_PER_1000_LINES_MAX = 1

DEFINE = r"^\s*#\s*define\s+\w+"
ASSERTION = r"\b(D?CHECK|static_assert)\s*\("
MARK = r"\b(TODO\b(\([^)]*\))?|FIXME\b|XXX\b)"


def sources(tree):
    return {path: text for path, text in tree.items()
            if is_cpp(path) and path.startswith(("src/", "client/")) and not is_test(path)}


def lines_of(files):
    return sum(text.count("\n") for text in files.values())


def macros(files):
    # XXH_INLINE_ALL and its kind steer a foreign header; they are no macros of ours.
    return [(path, line, found) for path, text in files.items() for line, found in find_all(DEFINE + r"(?=[ \t(]\S|\()", blank(text))]


def check(tree):
    files = sources(tree)
    defined = macros(files)
    allowed = max(MACROS_ALWAYS_ALLOWED, lines_of(files) * MACROS_PER_1000_LINES_MAX // 1000)
    if len(defined) > allowed:
        for path, line, found in defined:
            if folder_of(path) != "base":
                yield Finding(path, line, f"`{found.strip()}`: {len(defined)} macros in the tree, {allowed} may be")
    todos = []
    for path, text in tree.items():
        if not path.endswith((".cc", ".h", ".py", ".sh", ".cmake", ".lua", ".js")) or path.startswith("tools/checks/"):
            continue
        for line, found in find_all(MARK, text):
            if is_cpp(path) or found.startswith("TODO("):
                if not re.fullmatch(r"TODO\(#\d+\)", found):
                    yield Finding(path, line, f"`{found}`: write TODO(#issue) and what would let us delete it")
                todos.append((path, line))
    if len(todos) > max(3, lines_of(files) * TODOS_PER_1000_LINES_MAX // 1000):
        for path, line in todos:
            yield Finding(path, line, f"one of {len(todos)} TODOs: at most {TODOS_PER_1000_LINES_MAX} per 1000 lines")


def report(tree):
    files = sources(tree)
    lines = lines_of(files)
    if not lines:
        return
    asserts = sum(1 for text in files.values() for _ in find_all(ASSERTION, blank(text)))
    commented = sum(1 for text in files.values() for line in text.splitlines() if line.lstrip().startswith("//"))
    yield f"lines: {lines}, comment lines {100 * commented // lines} %"
    yield f"assertions per 1000 lines: {1000 * asserts / lines:.1f} (aim 12 to 25)"
    yield f"macros per 1000 lines: {1000 * len(macros(files)) / lines:.1f} (most {MACROS_PER_1000_LINES_MAX})"
