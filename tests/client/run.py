#!/usr/bin/python3
"""The C++ client library as a stranger meets it: installed to an empty folder, found by CMake and by compiler flags alone, and the example
beside a real server.

  tests/client/run.py [--server build/release/src/main/tusk-server] [--build build/release]

Last line: `N passed, N failed`.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '../..')
sys.path[:0] = [os.path.join(HERE, '..')]
from support.report import Report  # noqa: E402
from support.servers import Server  # noqa: E402


def command(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False, **options)
    assert done.returncode == 0, f'{" ".join(words)}: {done.stdout[-1500:]}{done.stderr[-1500:]}'
    return done.stdout


def library_in(prefix):
    found = [os.path.join(folder, name) for folder, _, names in os.walk(prefix) for name in names if name.endswith('.so')]
    assert len(found) == 1, found
    return found[0]


def installs(build, prefix):
    command('cmake', '--install', build, '--component', 'client', '--prefix', prefix)
    for name in ('include/tusk/document.h', 'include/tusk/error.h'):
        assert os.path.exists(os.path.join(prefix, name)), name


def shows_only_its_own(prefix):
    """No allocator and nothing of the server's inside may meet a program's own names."""
    names = command('nm', '-DC', '--defined-only', library_in(prefix)).splitlines()
    shown = [' '.join(name.split()[2:]) for name in names]
    assert any(name.startswith('tusk::Document::from_json') for name in shown)
    strange = [name for name in shown if re.search(r'\boperator (new|delete)|tusk::(base|types|resp|codec)::|^mi_|\bmalloc\b', name)]
    assert not strange, strange[:5]


def example(prefix, build, server):
    command('cmake', '-S', os.path.join(ROOT, 'examples/document'), '-B', build, f'-DCMAKE_PREFIX_PATH={prefix}')
    command('cmake', '--build', build)
    said = command(os.path.join(build, 'document_example'), '127.0.0.1', str(server.port))
    assert '"pages": 3.5' in said and 'Ada has 2 tags; the first letter has 3.5 pages' in said, said
    connection = server.connect()
    assert connection.call('EXISTS', 'example:ada') == 0
    connection.call('CONFIG', 'SET', 'requirepass', 'secret')
    done = subprocess.run([os.path.join(build, 'document_example'), '127.0.0.1', str(server.port)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and 'NOAUTH' in done.stderr, done


HEADER_ALONE = '''#include <tusk/document.h>
int main() {
  tusk::Document doc;
  doc["a"][std::string_view("b")] = tusk::Document::Array{1, 2.5, nullptr};
  try {
    tusk::Document::from_json("{");
  } catch (const tusk::Error&) {
    return doc["a"]["b"][1] == 2.5 && doc.to_json() == R"({"a":{"b":[1,2.5,null]}})" ? 0 : 1;
  }
  return 2;
}
'''


def flags_alone(prefix, folder):
    source, program = os.path.join(folder, 'main.cc'), os.path.join(folder, 'main')
    with open(source, 'w') as file:
        file.write(HEADER_ALONE)
    where = os.path.dirname(library_in(prefix))
    command('c++', '-std=c++23', '-Wall', '-Wextra', '-Wpedantic', '-Werror', source, f'-I{prefix}/include', f'-L{where}', f'-Wl,-rpath,{where}', '-ltusk-client', '-o', program)
    command(program)
    with open(os.path.join(where, 'pkgconfig/tusk-client.pc')) as file:
        include = re.search(r'^includedir=\$\{pcfiledir\}/(.*)$', file.read(), re.M).group(1)
    assert os.path.exists(os.path.join(where, 'pkgconfig', include, 'tusk/document.h')), include


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(ROOT, 'build/release/src/main/tusk-server'))
    parser.add_argument('--build', default=os.path.join(ROOT, 'build/release'))
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix='tusk-client-') as folder, Server(options.server) as server:
        prefix = os.path.join(folder, 'prefix')
        report.run('client: installs', installs, options.build, prefix)
        report.run('client: shows only its own', shows_only_its_own, prefix)
        report.run('client: flags alone', flags_alone, prefix, folder)
        report.run('client: example', example, prefix, os.path.join(folder, 'build'), server)
    report.finish()


if __name__ == '__main__':
    main()
