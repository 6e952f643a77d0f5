#!/usr/bin/python3
"""The oracle agrees with itself, and notices a server that lies."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support.report import Report  # noqa: E402

FAULTY = os.path.join(HERE, '..', 'support', 'faulty_server.py')


def outcome(server, *arguments):
    done = subprocess.run([sys.executable, os.path.join(HERE, 'run.py'), '--server', server, '--seed', '3', '--count', '3000', *arguments],
                          capture_output=True, text=True, timeout=100)
    return done.returncode, done.stdout


def main():
    report = Report()
    status, text = outcome('redis-server')
    report.check('redis-server agrees with itself', status == 0, text[-2000:])
    status, text = outcome(FAULTY, '--no-shrink')
    report.check('a lying server is found', status == 1 and 'FAIL seed 3' in text, text[-2000:])
    report.finish()


if __name__ == '__main__':
    main()
