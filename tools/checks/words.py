"""One idea, one word: the glossary of ARCHITECTURE.md names the words that are not used, and this looks for them.

A row of the glossary is `| word | meaning | not: a, b |`. The third column's words are looked for in code and pages of
the product, whole words, any case; a word in `backquotes` there is a name of Redis' and is left alone.
"""

import re

from source import Finding, is_cpp, line_of

GLOSSARY = "ARCHITECTURE.md"
# Names of Redis' settings that happen to hold a second word; they can't be called otherwise.
REDIS_NAMES = re.compile(r"\bio-threads\b")


def banned_words(tree):
    """{second word: the house's word}."""
    words = {}
    for line in tree.get(GLOSSARY, "").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[2].startswith("not: "):
            for word in re.sub(r"`[^`]*`", "", cells[2][5:]).split(","):
                if word.strip():
                    words[word.strip().lower()] = cells[0].strip("* ")
    return words


def check(tree):
    words = banned_words(tree)
    if not words:
        yield Finding(GLOSSARY, 0, "the glossary has no `not: ...` column")
        return
    pattern = re.compile(r"\b(" + "|".join(re.escape(word).replace(r"\ ", r"[ _-]") for word in words) + r")s?\b", re.I)
    for path, text in tree.items():
        if not (is_cpp(path) or path.endswith(".md")) or path in (GLOSSARY, "CHANGELOG.md"):
            continue
        if not path.startswith(("src/", "client/", "docs/", "README", "CONTRIBUTING")):
            continue
        text = REDIS_NAMES.sub(lambda name: "-" * len(name.group(0)), text)
        for match in pattern.finditer(text):
            ours = words[re.sub(r"[_-]", " ", match.group(1).lower())]
            yield Finding(path, line_of(text, match.start()), f"`{match.group(0)}`: the house's word is `{ours}`")
