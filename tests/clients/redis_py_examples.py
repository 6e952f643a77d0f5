#!/usr/bin/python3
"""The examples that redis-py publishes with its package, as they stand, against the server and against redis-server: both must show the
same. Usage: redis_py_examples.py PORT

The text is the package's long description, which the installed package carries. It is typed in session by session, as a reader would; what
redis-server shows is the measure, since the printed replies are of another day (and of a Python whose dictionaries had no order). Nothing
but the two servers is dialled: addresses in the text are replaced, and sessions about other machines are left out by name.
"""
import ast
import contextlib
import importlib.metadata
import io
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.report import Report  # noqa: E402
from support.servers import Server  # noqa: E402

LEFT_OUT = {
    'amazonaws': 'needs a server elsewhere', 'entinel': 'needs Sentinels', 'unix_socket_path': 'needs a socket at a fixed place',
    'YourConnectionClass': 'not whole', 'RedisCluster': 'needs a cluster', 'ClusterNode': 'needs a cluster', 'rc.': 'needs a cluster', 'rc =': 'needs a cluster',
    'get_nodes': 'needs a cluster', '>>>     message = p.get_message()': 'without an end', 'p.listen()': 'without an end', 'm.listen()': 'without an end',
    'exception_handler': 'without an end', 'TracerProvider': 'needs other packages', 'redis_om': 'needs other packages',
}


def sessions():
    """(line, text) of each session in the description that a terminal shows."""
    text = importlib.metadata.metadata('redis').get_payload() or importlib.metadata.metadata('redis')['Description']
    began, lines = None, []
    for number, line in enumerate(text.split('\n'), 1):
        if not re.fullmatch(r'``` ?\w*', line):
            lines.append(line)
        elif began is None:
            began, lines = number + 1, []
        else:
            if any(part.startswith('>>>') for part in lines):
                yield began, '\n'.join(lines)
            began = None


def statements(text):
    """What is typed, without what is shown. Continuations stand behind `...`, in places behind `>>>` as well."""
    lines = []
    for line in text.split('\n'):
        if line.startswith('>>> ') and line[4:5] == ' ':
            line = '...' + line[3:]
        if line.startswith('>>>'):
            lines.append([line[4:]])
        elif line.startswith('...') and lines:
            lines[-1].append(line[4:])
    # An except that stands one column out of line would be no Python.
    return ['\n'.join(part).replace('\n       except', '\n        except') for part in lines if ''.join(part).strip() not in ('', '...')]


def local(text, port):
    for old, new in (('redis.Redis(...)', 'redis.Redis(port=PORT)'), ('redis.Redis()', 'redis.Redis(port=PORT)'), ('port=6379', 'port=PORT'),
                     ("'redis2.example.com'", 'port=PORT, db=1'), (', ...)', ')'), ('get_message()', 'get_message(timeout=2)')):
        text = text.replace(old, new)
    assert 'example.com' not in text and 'amazonaws' not in text
    return text.replace('PORT', str(port))


def show(value):
    """As the prompt does; a set of keys comes in no order that is promised."""
    if value is not None and not isinstance(value, (bool, int, bytes, str, list, dict, tuple, type(None))):
        return type(value).__name__
    return repr(value)


def run(text, names, port):
    """-> what the session shows, one item for each statement."""
    shown = []
    if 'scan_iter' in text:  # It takes its own keys for all there are.
        names['r'].flushdb()
    if 'pubsub_channels' in text:  # Earlier sessions closed connections that had subscribed: a server hears of that in its own time.
        deadline = time.monotonic() + 10
        while names['r'].pubsub_channels() and time.monotonic() < deadline:
            time.sleep(0.01)
    for statement in statements(local(text, port)):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            try:
                tree = ast.parse(statement)
                last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
                if last is not None:
                    tree.body.pop()
                exec(compile(tree, '<example>', 'exec'), names)  # an example is there to be run
                if last is not None:
                    value = eval(compile(ast.Expression(last.value), '<example>', 'eval'), names)
                    if value is not None:
                        print(show(value))
            except Exception as error:  # it is part of what is shown
                print(f'{type(error).__name__}: {error}')
        text_shown = out.getvalue()
        if 'scan_iter' in statement:
            text_shown = '\n'.join(sorted(text_shown.split('\n')))
        shown.append((statement, text_shown))
    return in_any_order(shown) if 'unsubscribe()' in text else shown


def in_any_order(shown):
    """Who leaves all channels at once is told so channel by channel, in no defined order: the names are put in order over all replies."""
    channel = re.compile(r"(?<='channel': )b'[^']*'")
    names = iter(sorted(name for _, text in shown for name in channel.findall(text)))
    return [(statement, channel.sub(lambda _: next(names), text)) for statement, text in shown]


def names_for(port):
    import redis
    client = redis.Redis(port=port)
    client.flushall()
    client.set('OUR-SEQUENCE-KEY', 41)
    return {'redis': redis, 'WatchError': redis.WatchError, 'time': time, '__name__': 'example'}


def main():
    report, port = Report(), int(sys.argv[1])
    left_out = 0
    with Server('redis-server') as oracle:
        ours, theirs = names_for(port), names_for(oracle.port)
        for line, text in sessions():
            if any(word in text for word in LEFT_OUT):
                left_out += 1
                continue
            got, expected = run(text, ours, port), run(text, theirs, oracle.port)
            title = f'redis-py examples: line {line}: {got[0][0].splitlines()[0][:60]}' if got else f'redis-py examples: line {line}'
            differing = [f'{a[0]!r} shows {a[1]!r}, on redis-server {b[1]!r}' for a, b in zip(got, expected) if a[1].replace(str(port), 'PORT') != b[1].replace(str(oracle.port), 'PORT')]
            wrong = [f'{a[0]!r} shows {a[1]!r}' for a in got if re.match(r'(NameError|SyntaxError|ConnectionError)', a[1])]
            report.check(title, not differing and not wrong, '; '.join((differing + wrong)[:3]))
    print(f'  redis-py {importlib.metadata.version("redis")}: {left_out} sessions left out')
    report.finish()


if __name__ == '__main__':
    main()
