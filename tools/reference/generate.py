#!/usr/bin/python3
"""Writes docs/reference/commands.md, docs/reference/config.md and docs/compatibility.md.

  tools/reference/generate.py --server build/dev/src/main/tusk-server --rows build/dev/tools/reference/tusk-setting-rows [--check]

Commands are asked of the server (COMMAND DOCS, COMMAND INFO), settings of their rows; differences.txt says what differs from Redis,
redis_8.txt and valkey_9.txt which commands those have. --check compares instead of writing, and fails when a page is out of date.
"""
import argparse
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
sys.path.insert(0, os.path.join(ROOT, 'tests'))
from support.resp import Tagged  # noqa: E402
from support.servers import Server  # noqa: E402

NO_EFFECT = 'Accepted for compatibility; has no effect.'
MADE = '<!-- Made by tools/reference/generate.py (`make reference`) from the rows: do not edit. -->\n'


def plain(value):
    if isinstance(value, Tagged):
        return plain(value.value)
    if isinstance(value, bytes):
        return value.decode()
    return [plain(part) for part in value] if isinstance(value, list) else value


def fields(flat):
    return dict(zip(flat[::2], flat[1::2]))


def read_lines(name):
    with open(os.path.join(HERE, name)) as file:
        return [line.strip() for line in file if line.strip() and not line.startswith('#')]


def ask_commands(binary):
    """{name: document}, subcommands as 'container sub'; each with its ACL categories."""
    with Server(binary) as server:
        client = server.connect()
        infos, found = {}, {}

        def note(row):
            infos[row[0].replace('|', ' ')] = row
            for sub in row[9] if isinstance(row[9], list) else []:
                note(sub)

        def keep(listed):
            for name, flat in zip(listed[::2], listed[1::2]):
                document = fields(flat)
                found[name.replace('|', ' ')] = document
                keep(document.get('subcommands', []))

        for row in plain(client.call('COMMAND')):
            note(row)
        keep(plain(client.call('COMMAND', 'DOCS')))
    for name, document in found.items():
        document['categories'] = infos[name][6]
    return found


def syntax(arguments):
    """Redis' notation: [optional], a | b, repeated ..."""
    words = []
    for flat in arguments:
        argument = fields(flat)
        flags, token, inner = argument.get('flags', []), argument.get('token', ''), argument.get('arguments', [])
        if argument['type'] == 'pure-token':
            text = token
        elif argument['type'] == 'oneof':
            text = ' | '.join(syntax([choice]) for choice in inner)
            text = f'<{text}>' if len(inner) > 1 and 'optional' not in flags else text
        elif argument['type'] == 'block':
            text = syntax(inner)
        else:
            text = argument.get('display_text', argument['name'])
        head = token + ' ' if token and argument['type'] != 'pure-token' else ''
        if 'multiple' in flags:
            text += f' [{head if "multiple_token" in flags else ""}{text} ...]'
        text = head + text
        words.append(f'[{text}]' if 'optional' in flags else text)
    return ' '.join(words)


def commands_page(documents, differences):
    lines = [MADE, '# Commands\n', f'{len(documents)} commands and subcommands, by group. `COMMAND DOCS` and `HELP` tell the same.\n']
    groups = {}
    for name, document in documents.items():
        groups.setdefault(document['group'], []).append(name)
    for group in sorted(groups):
        lines.append(f'\n## {group}\n')
        for name in sorted(groups[group]):
            document = documents[name]
            lines.append(f'### {name.upper()}\n')
            if 'subcommands' not in document:
                lines.append('    ' + f'{name.upper()} {syntax(document.get("arguments", []))}'.strip() + '\n')
            lines.append(document['summary'].rstrip('.') + '.')
            facts = [f'Since {document["since"]}']
            if document.get('complexity'):
                facts.append(document['complexity'].rstrip('.'))
            facts.append(' '.join(sorted(document['categories'])) or 'no ACL category')
            lines.append('  \n' + '. '.join(facts) + '.')
            lines += [f'  \n{release}: {change.rstrip(".")}.' for release, change in document.get('history', [])]
            if 'deprecated_since' in document:
                lines.append(f'  \nDeprecated since {document["deprecated_since"]}; instead: {document.get("replaced_by", "nothing")}.')
            if name in differences:
                lines.append(f'  \n**Differs from Redis:** {differences[name]}')
            lines.append('')
    return '\n'.join(lines).replace('\n  \n', '  \n').rstrip() + '\n'


def config_page(rows):
    works = [row for row in rows if row[6] != NO_EFFECT]
    idle = [row for row in rows if row[6] == NO_EFFECT]

    def cell(text):
        return text.replace('|', '\\|') or ' '

    def table(listed):
        lines = ['| setting | type | default | changed | what it does |', '|---|---|---|---|---|']
        for name, alias, kind, initial, when, hidden, effect in sorted(listed):
            also = f'<br>also `{alias}`' if alias else ''
            shown = when + (', shown to its exact name only' if hidden else '')
            lines.append(f'| `{name}`{also} | {cell(kind)} | {"`" + cell(initial) + "`" if initial else "empty"} | {shown} | {cell(effect)} |')
        return lines

    return '\n'.join([
        MADE, '# Settings\n', f'{len(rows)} settings. In a file `name value`, on the command line `--name value`, while it runs `CONFIG SET name value`.',
        '"start": only in the file or on the command line; "protected": `CONFIG SET` needs `enable-protected-configs`.\n',
        *table(works), '\n## Accepted without effect\n',
        f'{len(idle)} settings of redis.conf that mean nothing here, or nothing yet. `CONFIG GET` shows what was set.\n', *table(idle)]) + '\n'


def compatibility_page(documents, differences):
    redis = {}
    for line in read_lines('redis_8.txt'):
        name, since, group = line.split(' | ')
        redis[name] = (since, group)
    valkey = set(read_lines('valkey_9.txt'))
    groups = {}
    for name in sorted(set(redis) | valkey):
        group = redis[name][1] if name in redis else documents.get(name, {}).get('group', 'valkey')
        groups.setdefault(group, []).append(name)
    there = sum(name in documents for listed in groups.values() for name in listed)
    total = sum(len(listed) for listed in groups.values())
    lines = [MADE, '# Compatibility\n',
             'Every command that Redis 8.10 or Valkey 9.1 document. "yes": as there, as far as the tests of `make conformance` and `make oracle` can',
             f'tell; "differs": how. {there} of {total} are there.\n']
    for group in sorted(groups):
        have = sum(name in documents for name in groups[group])
        lines += [f'## {group}: {have} of {len(groups[group])}\n', '| command | Redis since | Valkey 9 | Tusk |', '|---|---|---|---|']
        for name in groups[group]:
            state = 'not yet' if name not in documents else f'differs: {differences[name]}' if name in differences else 'yes'
            lines.append(f'| {name.upper()} | {redis.get(name, ("", ""))[0]} | {"yes" if name in valkey else ""} | {state} |')
        lines.append('')
    own = sorted(name for name in documents if name not in redis and name not in valkey and not name.endswith(' help'))
    if own:
        lines += ['## Only here, or undocumented there\n', ', '.join(name.upper() for name in own) + '.']
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', required=True)
    parser.add_argument('--rows', required=True)
    parser.add_argument('--check', action='store_true')
    options = parser.parse_args()
    documents = ask_commands(options.server)
    differences = dict(line.split(' | ', 1) for line in read_lines('differences.txt'))
    unknown = sorted(set(differences) - set(documents))
    for name in unknown:
        print(f'differences.txt: no such command yet: {name}')
    listed = subprocess.run([options.rows], capture_output=True, text=True, check=True).stdout
    rows = [line.split('\t') for line in listed.splitlines()]
    stale = []
    for path, text in (('docs/reference/commands.md', commands_page(documents, differences)), ('docs/reference/config.md', config_page(rows)),
                       ('docs/compatibility.md', compatibility_page(documents, differences))):
        whole = os.path.join(ROOT, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        if options.check:
            with open(whole) as file:
                if file.read() != text:
                    stale.append(path)
        else:
            with open(whole, 'w') as file:
                file.write(text)
    for path in stale:
        print(f'{path} is out of date: make reference')
    sys.exit(1 if stale else 0)


if __name__ == '__main__':
    main()
