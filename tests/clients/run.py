#!/usr/bin/python3
"""Client libraries, tools and task queues, unmodified, each against a fresh server.

  tests/clients/run.py [--server build/release/src/main/tusk-server] [--only celery,hiredis] [--quick]

--quick leaves out what takes long (the queues) or comes from npm. Last line: `N passed, N failed`.
"""
import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support.servers import Server, StartError  # noqa: E402

ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
NODE_DIR = os.path.join(ROOT, 'build', 'clients')


def python(script):
    return lambda _: [sys.executable, os.path.join(HERE, script)]


def hiredis(directory):
    program = os.path.join(directory, 'hiredis')
    subprocess.run(['cc', '-O1', '-Wall', '-o', program, os.path.join(HERE, 'hiredis.c'), '-lhiredis'], check=True)
    return [program]


def node(script, package='node'):
    """The packages are installed below build/ by the lock file, once for each state of it."""
    def prepare(_):
        directory = os.path.join(NODE_DIR, package)
        os.makedirs(directory, exist_ok=True)
        shutil.copy(os.path.join(HERE, 'node', 'check.js'), directory)
        for name in os.listdir(os.path.join(HERE, package)):
            if name != 'node_modules':
                shutil.copy(os.path.join(HERE, package, name), directory)
        installed = os.path.join(directory, 'node_modules', '.installed-lock.json')
        lock = os.path.join(directory, 'package-lock.json')
        if not os.path.exists(installed) or not filecmp.cmp(installed, lock, shallow=False):
            # Not `npm ci`: it refuses lock files without every platform's optional packages, which the registry does not list.
            subprocess.run(['npm', 'install', '--silent', '--no-audit', '--no-fund'], cwd=directory, check=True, stderr=subprocess.DEVNULL)
            shutil.copy(os.path.join(HERE, package, 'package-lock.json'), installed)
        return ['node', os.path.join(directory, script)]
    return prepare


# name -> (how to make its command, seconds it may take, part of --quick)
CLIENTS = {
    'redis-py': (python('redis_py.py'), 120, True),
    'command-line': (python('command_line.py'), 600, True),
    'hiredis': (hiredis, 120, True),
    'redis-py-examples': (python('redis_py_examples.py'), 120, True),
    'nginx': (python('nginx.py'), 120, True),
    'ioredis': (node('ioredis.js'), 120, False),
    'ioredis-examples': (node('ioredis_examples.js'), 120, False),
    'chat': (node('chat.js'), 120, False),
    'node-redis': (node('node_redis.js'), 120, False),
    'celery': (python('queues/celery_queue.py'), 400, False),
    'rq': (python('queues/rq_queue.py'), 400, False),
    'bullmq': (node('queue.js', 'bullmq'), 400, False),
}


def run(name, binary):
    """-> (passed, failed); a client that ends without its counts is one failure."""
    prepare, seconds, _ = CLIENTS[name]
    print(f'== {name}', flush=True)
    with tempfile.TemporaryDirectory(prefix='tusk-rig-') as directory:
        try:
            command = prepare(directory)
            with Server(binary) as server:
                done = subprocess.run([*command, str(server.port)], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      timeout=seconds, env={**os.environ, 'RIG_DIR': directory, 'TUSK_ROOT': ROOT, 'PYTHONDONTWRITEBYTECODE': '1'})
                print(done.stdout, flush=True)
                counts = re.search(r'(\d+) passed, (\d+) failed\s*$', done.stdout)
                gone = not server.alive()
                if gone:
                    print(f'FAIL {name}: the server is gone\n{server.log_tail(40)}')
                if counts is None or gone:
                    return 0, 1
                return int(counts[1]), int(counts[2])
        except (StartError, subprocess.SubprocessError, OSError) as error:
            print(f'FAIL {name}: {error}\n{(getattr(error, "stdout", None) or b"")[-3000:]}', flush=True)
            return 0, 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(ROOT, 'build/release/src/main/tusk-server'))
    parser.add_argument('--only', default='')
    parser.add_argument('--quick', action='store_true')
    options = parser.parse_args()
    names = options.only.split(',') if options.only else [n for n, (_, _, quick) in CLIENTS.items() if quick or not options.quick]
    passed = failed = 0
    for name in names:
        good, bad = run(name, options.server)
        passed, failed = passed + good, failed + bad
    print(f'{passed} passed, {failed} failed')
    sys.exit(1 if failed or not passed else 0)


if __name__ == '__main__':
    main()
