"""A folder includes only folders on a lower floor and itself (src/FLOORS), and says so in its CMakeLists.txt."""

import re

from source import Finding, folder_of, is_cpp

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def floors(tree):
    rows = [line.split() for line in tree["src/FLOORS"].splitlines() if line and not line.startswith("#")]
    return {name: int(floor) for floor, name in rows}


def declared(tree, folder):
    """The DEPENDS list of the folder's add_layer(), or None where the folder has none."""
    text = tree.get(f"src/{folder}/CMakeLists.txt", "")
    match = re.search(r"add_layer\(\s*" + folder + r"\b([^)]*)\)", text)
    if not match:
        return None
    words = match.group(1).split()
    if "DEPENDS" not in words:
        return set()
    start = words.index("DEPENDS") + 1
    end = next((i for i in range(start, len(words)) if words[i].isupper()), len(words))
    return set(words[start:end])


def check(tree):
    floor = floors(tree)
    for folder in sorted({folder_of(path) for path in tree if folder_of(path)}):
        if folder not in floor:
            yield Finding(f"src/{folder}", 0, "this folder has no floor in src/FLOORS")
            continue
        for name in sorted(declared(tree, folder) or ()):
            if floor.get(name, 99) >= floor[folder]:
                yield Finding(f"src/{folder}/CMakeLists.txt", 1, f"{folder} depends on {name}, which is not on a lower floor")
    for path, text in tree.items():
        folder = folder_of(path)
        if folder not in floor or not is_cpp(path):
            continue
        allowed = declared(tree, folder)
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1).split("/")[0]
            if "/" not in match.group(1):
                yield Finding(path, number, f'include "{match.group(1)}" names no folder: write "folder/file.h"')
            elif target not in floor:
                yield Finding(path, number, f"include of {target}/, which has no floor in src/FLOORS")
            elif target != folder and floor[target] >= floor[folder]:
                yield Finding(path, number, f"{folder} (floor {floor[folder]}) includes {target} (floor {floor[target]})")
            elif target != folder and allowed is not None and target not in allowed:
                yield Finding(path, number, f"{folder} includes {target} but its add_layer() does not name it in DEPENDS")


def report(tree):
    floor = floors(tree)
    rows = {}
    for path, text in tree.items():
        if folder_of(path) and is_cpp(path):
            files, lines = rows.get(folder_of(path), (0, 0))
            rows[folder_of(path)] = (files + 1, lines + text.count("\n"))
    for name, (files, lines) in sorted(rows.items(), key=lambda row: floor.get(row[0], 99)):
        yield f"{floor.get(name)} {name:10} {files:4} files {lines:6} lines"
