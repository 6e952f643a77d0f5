"""What every check reads: the tree's files as text, and C++ with comments and literals blanked out.

A tree is a dict from path (relative to the repository) to text, so that the self-tests can hand in a few lines.
"""

import pathlib
import re
import subprocess
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Finding(NamedTuple):
    """One broken rule; line 0 speaks of the whole file or tree."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def read_tree():
    """All files that git tracks or would track, as text; what is no UTF-8 is left out."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, check=False)
    if listed.returncode == 0:
        paths = [name for name in listed.stdout.decode().split("\0") if name]
    else:  # A source archive without its git folder.
        paths = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        paths = [path for path in paths if not path.startswith(("build", "."))]
    tree = {}
    for name in sorted(set(paths)):
        path = ROOT / name
        try:
            if path.is_file() and not path.is_symlink():
                tree[name] = path.read_text()
        except UnicodeDecodeError:
            pass
    return tree


def is_cpp(path):
    return path.endswith((".cc", ".h"))


def is_test(path):
    return path.endswith(("_test.cc", "_fuzz.cc", "_test.h")) or path.startswith("tests/")


def folder_of(path):
    """The layer that a file under src/ belongs to, or None."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


LITERAL = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<raw>\bR"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)")'
    r'|(?P<text>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+')", re.S)


def blank(text, comments=True, literals=True):
    """The text with comments and/or literals replaced by spaces; line ends stay, so that line numbers hold."""

    def replace(match):
        is_comment = match.group("comment") is not None
        if not (comments if is_comment else literals):
            return match.group(0)
        body = re.sub(r"[^\n]", " ", match.group(0))
        return body if is_comment else '"' + body[1:-1] + '"'

    return LITERAL.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def find_all(pattern, text):
    """(line, matched text) of every match."""
    for match in re.finditer(pattern, text, re.M):
        yield line_of(text, match.start()), match.group(0)
