"""Rooms of human size: lines per file and per function."""

import re

from source import Finding, blank, is_cpp, is_test, line_of

FILE_LINES_MAX = 800
TEST_FILE_LINES_MAX = 1000
FUNCTION_LINES_AIM = 70
FUNCTION_LINES_MAX = 150
LONG_FUNCTION_SHARE_MAX = 0.01

SCOPE = re.compile(r"\b(namespace|class|struct|union|enum)\b")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def opens_function(head):
    """Whether the text before a `{` at namespace or class level reads like a function's signature."""
    head = head.strip()
    if "(" not in head or head.endswith(("=", ",", "(")):
        return False
    before = head.split("(", 1)[0]
    return not re.search(r"=\s*$", before) and not (SCOPE.search(before) and "operator" not in head and ")" not in head)


def opens_member_initialiser(text, brace, head):
    """`Foo() : a_{1}, b_{2} {`: the braces after a name in a constructor's list are no bodies."""
    previous = text[:brace].rstrip()[-1:]
    return (previous.isalnum() or previous in "_>") and re.search(r"\)\s*(noexcept)?\s*:\s*(?!:)", head) is not None \
        and not re.search(r"\b(const|noexcept|override|final|mutable|try)$", head.rstrip())


def functions(text):
    """(first line, last line, signature) of every function body outside other functions."""
    text = blank(text)
    text = DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)
    stack, start, found = [], 0, []
    for match in re.finditer(r"[{};]", text):
        at, char = match.start(), match.group(0)
        inside = stack and stack[-1][0] in ("function", "value", "list")
        if char == "{":
            head = text[start:at]
            if inside:
                stack.append(("value", at, head))
            elif opens_member_initialiser(text, at, head):
                stack.append(("list", at, head))
                continue
            elif re.search(r"\bnamespace\b|\bextern\b", head.split("(", 1)[0]):
                stack.append(("scope", at, head))
            elif opens_function(head):
                stack.append(("function", at, head))
            elif SCOPE.search(head):
                stack.append(("scope", at, head))
            else:
                stack.append(("value", at, head))
        elif char == "}":
            if not stack:
                return found  # Braces that preprocessor branches unbalance: the rest of the file is not judged.
            kind, opened, head = stack.pop()
            if kind == "function":
                found.append((line_of(text, opened), line_of(text, at), " ".join(head.split())[-90:]))
            if kind == "list":
                continue
        if not (stack and stack[-1][0] in ("function", "value", "list")):
            start = match.end()
    return found


def measured(tree):
    """(path, lines, first line, signature) of every function of the product."""
    for path, text in tree.items():
        if is_cpp(path) and path.startswith(("src/", "client/")) and not is_test(path):
            for first, last, head in functions(text):
                yield path, last - first + 1, first, head


def check(tree):
    for path, text in tree.items():
        if not is_cpp(path) and not path.endswith(".py"):
            continue
        lines = text.count("\n")
        limit = TEST_FILE_LINES_MAX if is_test(path) else FILE_LINES_MAX
        if lines > limit:
            yield Finding(path, lines, f"{lines} lines: {limit} is the most that still feels like one room")
    rows = list(measured(tree))
    long = [row for row in rows if row[1] > FUNCTION_LINES_AIM]
    for path, lines, first, head in long:
        if lines > FUNCTION_LINES_MAX:
            yield Finding(path, first, f"function of {lines} lines (most: {FUNCTION_LINES_MAX}): {head}")
    allowed = max(1, int(len(rows) * LONG_FUNCTION_SHARE_MAX))
    if len(long) > allowed:
        for path, lines, first, head in sorted(long, key=lambda row: -row[1]):
            yield Finding(path, first, f"function of {lines} lines; {len(long)} of {len(rows)} are over "
                          f"{FUNCTION_LINES_AIM}, {allowed} may be: {head}")


def report(tree):
    files = sorted(text.count("\n") for path, text in tree.items() if is_cpp(path) and path.startswith("src/"))
    lengths = sorted(row[1] for row in measured(tree))
    if files and lengths:
        yield f"files: {len(files)}, median {files[len(files) // 2]} lines, longest {files[-1]}"
        yield (f"functions: {len(lengths)}, p90 {lengths[len(lengths) * 9 // 10]} lines, longest {lengths[-1]}, "
               f"over {FUNCTION_LINES_AIM}: {sum(n > FUNCTION_LINES_AIM for n in lengths)}")
