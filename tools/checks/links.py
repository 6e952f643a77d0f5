"""Pages do not lie about the tree: relative links and paths in `backquotes` exist."""

import posixpath
import re

from source import Finding, line_of

LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")
PATH = re.compile(r"`((?:src|docs|tests|bench|tools|cmake|client|console|integrations|\.ci)/[\w./-]+)`")


def check(tree):
    folders = {posixpath.dirname(path) for path in tree}
    folders |= {parent for folder in folders for parent in parents(folder)}
    for path, text in tree.items():
        if not path.endswith(".md"):
            continue
        for match in LINK.finditer(text):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match.group(1)))
            if target not in tree and target not in folders:
                yield Finding(path, line_of(text, match.start()), f"link to {match.group(1)}, which is not there")
        for match in PATH.finditer(text):
            target = match.group(1).rstrip("/")
            if target not in tree and target not in folders:
                yield Finding(path, line_of(text, match.start()), f"`{match.group(1)}` is not in the tree")


def parents(folder):
    while folder:
        folder = posixpath.dirname(folder)
        yield folder
