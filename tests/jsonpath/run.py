#!/usr/bin/python3
"""RFC 9535's JSONPath compliance suite against our paths.

  tests/jsonpath/run.py [--build build/release]

The suite is brought once into build/jsonpath-suite, at the commit below (or taken from TUSK_JSONPATH_SUITE, a path to its cts.json);
it is never part of this repository. exceptions.txt lists the cases that fail, with reasons. Last line: `N passed, N failed`.
"""
import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
SOURCE = 'https://github.com/jsonpath-standard/jsonpath-compliance-test-suite'
COMMIT = '7be7c1fc28057c91e8eefaf197060fba7ed43acd'


def suite():
    given = os.environ.get('TUSK_JSONPATH_SUITE')
    if given:
        return given
    folder = os.path.join(ROOT, 'build', 'jsonpath-suite')
    if not os.path.exists(os.path.join(folder, 'cts.json')):
        subprocess.run(['git', 'clone', '-q', SOURCE, folder], check=True)
        subprocess.run(['git', '-C', folder, 'checkout', '-q', COMMIT], check=True)
    return os.path.join(folder, 'cts.json')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build/release'))
    options = parser.parse_args()
    subprocess.run(['cmake', '--build', options.build, '--target', 'tusk-jsonpath-suite'], check=True, stdout=subprocess.DEVNULL)
    program = os.path.join(options.build, 'tests/jsonpath/tusk-jsonpath-suite')
    done = subprocess.run([program, suite(), os.path.join(HERE, 'exceptions.txt')], stdout=subprocess.PIPE, text=True)
    print(done.stdout, end='')
    counts = re.search(r'(\d+) passed.*?(\d+) surprises', done.stdout)
    passed, failed = (int(counts[1]), int(counts[2])) if counts else (0, 1)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
