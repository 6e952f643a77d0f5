#!/usr/bin/python3
"""Redis' own Tcl suite (of Debian's redis source package) in external mode: ours beside redis-server's result.

  tests/conformance/run.py [--server build/release/src/main/tusk-server] [--units type/list,expire] [--no-baseline] [--log DIR]

Every unit gets a fresh server and a suite process of its own, so a crash or hang costs one unit. Failing cases that are known stand
with a reason in known_failures.txt (a leading `!` leaves the case out, because it would disturb those after it; it counts as failed all
the same); any other failing case fails the command. Last line: `N passed, N failed` (cases of ours).
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
sys.path.insert(0, os.path.join(HERE, '..'))
from support.resp import is_error  # noqa: E402
from support.servers import Server, StartError  # noqa: E402

UNITS = ['type/string', 'type/incr', 'type/list', 'type/list-2', 'type/list-3', 'type/hash', 'type/set', 'type/zset', 'keyspace', 'expire',
         'scan', 'sort', 'multi', 'pubsub', 'scripting', 'protocol', 'quit', 'other', 'slowlog', 'info-command']
SETTINGS = {'enable-debug-command': 'yes', 'enable-protected-configs': 'yes', 'enable-module-command': 'yes'}
UNIT_SECONDS = 300
PORTS_PER_UNIT = 40
BY_FUNCTION = '(the second round of cases, run by FCALL)'
CASE = re.compile(r'^\[(ok|err|skip|ignore)\]: (.*)$', re.M)


class Result:
    def __init__(self):
        self.passed, self.skipped, self.failures, self.text = 0, 0, [], ''

    def columns(self):
        return f'{self.passed:6} {len(self.failures):6} {self.skipped:7}'


def case_name(text):
    """'name (12 ms)' or 'name in tests/unit/x.tcl' or 'name: reason' -> name"""
    return re.sub(r'( \(\d+ ms\)| in tests/unit/\S+\.tcl)$', '', text.strip())


def run_unit(suite, binary, unit, number, left_out):
    result = Result()
    result.failures += left_out
    work = tempfile.mkdtemp(prefix='tusk-tcl-')
    try:
        # A private copy: the suite writes below tests/tmp and calls the command-line tools from src/.
        shutil.copytree(os.path.join(suite, 'tests'), os.path.join(work, 'tests'))
        os.makedirs(os.path.join(work, 'src'))
        os.makedirs(os.path.join(work, 'tests', 'tmp'), exist_ok=True)
        for tool in ('redis-cli', 'redis-benchmark', 'redis-check-aof', 'redis-check-rdb'):
            if shutil.which(tool):
                os.symlink(shutil.which(tool), os.path.join(work, 'src', tool))
        with Server(binary, SETTINGS) as server:
            # The suite of 7.0 asks for names that 7.2 gave up (quicklist, hashtable), and for a server that a slow script blocks whole;
            # a server that does not know these settings says so.
            for setting in ('classic-encoding-names', 'busy-scripts-block-all'):
                server.connect().call('CONFIG', 'SET', setting, 'yes')
            if unit == 'scripting' and not has_functions(server):
                leave_functions_out(os.path.join(work, 'tests/unit/scripting.tcl'))
                result.failures.append(BY_FUNCTION)
            command = ['tclsh', 'tests/test_helper.tcl', '--host', '127.0.0.1', '--port', str(server.port), '--durable', '--dont-clean',
                       '--timeout', str(UNIT_SECONDS), '--baseport', str(21000 + number * PORTS_PER_UNIT), '--portcount', str(PORTS_PER_UNIT),
                       '--clients', '1', '--tags', '-slow', '--single', 'unit/' + unit]
            command += [part for case in left_out for part in ('--skiptest', case)]
            result.text = capture(command, work)
            judge(result, server)
    except StartError as error:
        result.failures.append(f'(server did not start) {error}')
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return result


def has_functions(server):
    reply = server.connect().call('FUNCTION', 'LOAD', 'REPLACE', "#!lua name=probe\nredis.register_function('probe', function() return 1 end)")
    server.connect().call('FUNCTION', 'FLUSH')
    return not is_error(reply)


def leave_functions_out(path):
    """The unit runs most of its cases twice, by EVAL and by FCALL; without functions the second round would hang it."""
    with open(path) as file:
        text = file.read()
    assert 'foreach is_eval {0 1}' in text
    with open(path, 'w') as file:
        file.write(text.replace('foreach is_eval {0 1}', 'foreach is_eval {1}'))


def capture(command, work):
    environment = {**os.environ, 'TERM': 'dumb', 'LC_ALL': 'C.UTF-8'}
    with open(os.path.join(work, 'out'), 'w+b') as out:
        process = subprocess.Popen(command, cwd=work, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment,
                                   start_new_session=True)
        try:
            process.wait(UNIT_SECONDS + 30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            out.write(b'\n[TIMEOUT] of the whole unit\n')
        out.seek(0)
        return out.read().decode(errors='replace')


def judge(result, server):
    for verdict, text in CASE.findall(result.text):
        if verdict == 'ok':
            result.passed += 1
        elif verdict == 'err':
            result.failures.append(case_name(text))
        else:
            result.skipped += 1
    if not server.alive():
        result.failures.append('(server gone)')
        result.text += '\n--- server log\n' + server.log_tail(60)
    elif '[TIMEOUT]' in result.text:
        result.failures.append('(timeout)')
    elif '[exception]' in result.text or 'The End' not in result.text:
        found = re.search(r'\[exception\]: (.*)', result.text)
        result.failures.append(f'(exception) {found.group(1)[:160] if found else "unit did not end"}')


def known_failures(path):
    """-> {(unit, case): reason} and the cases that are not even run, {unit: [case]}."""
    known, left_out = {}, {}
    with open(path) as file:
        for line in file:
            if line.strip() and not line.startswith('#'):
                unit, case, reason = line.strip().removeprefix('! ').split(' :: ')
                known[(unit, case)] = reason
                if line.startswith('! '):
                    left_out.setdefault(unit, []).append(case)
    return known, left_out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(ROOT, 'build/release/src/main/tusk-server'))
    parser.add_argument('--oracle', default='redis-server')
    parser.add_argument('--suite', default=os.environ.get('TUSK_TCL_SUITE', os.path.join(ROOT, 'build/conformance/suite')))
    parser.add_argument('--units', default=','.join(UNITS))
    parser.add_argument('--no-baseline', action='store_true', help="leave redis-server's own run out")
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--known', default=os.path.join(HERE, 'known_failures.txt'))
    parser.add_argument('--log', default=os.path.join(ROOT, 'build/conformance/log'))
    options = parser.parse_args()
    subprocess.run([os.path.join(HERE, 'get_suite.sh'), options.suite], check=True)
    os.makedirs(options.log, exist_ok=True)
    units = options.units.split(',')
    known, left_out = known_failures(options.known)
    sides = [('ours', options.server)] + ([] if options.no_baseline else [('redis', options.oracle)])
    with ThreadPoolExecutor(options.jobs) as pool:
        started = {(side, unit): pool.submit(run_unit, options.suite, binary, unit, 2 * n + m, left_out.get(unit, []) if side == 'ours' else [])
                   for n, unit in enumerate(units) for m, (side, binary) in enumerate(sides)}
        sys.exit(print_table(options, known, units, sides, started))


def print_table(options, known, units, sides, started):
    print(f'{"unit":14} |  ours: passed failed skipped' + (' | redis: passed failed skipped' if len(sides) > 1 else ''))
    unexpected, totals, fixed = [], {}, []
    for unit in units:
        line = f'{unit:14}'
        for side, _ in sides:
            result = started[(side, unit)].result()
            with open(os.path.join(options.log, f'{side}-{unit.replace("/", "-")}.log'), 'w') as log:
                log.write(result.text)
            line += f' |        {result.columns()}'
            total = totals.setdefault(side, Result())
            total.passed += result.passed
            total.skipped += result.skipped
            total.failures += result.failures
            if side == 'ours':
                unexpected += [(unit, case) for case in result.failures if (unit, case) not in known]
                fixed += [(unit, case) for there, case in known if there == unit and case not in result.failures]
        print(line, flush=True)
    print(f'{"total":14}' + ''.join(f' |        {totals[side].columns()}' for side, _ in sides))
    if len(sides) > 1 and totals['redis'].passed:
        print(f'{100 * totals["ours"].passed / totals["redis"].passed:.1f} % of the cases that redis-server passes')
    for unit, case in fixed:
        print(f'NOW PASSES {unit} :: {case}')
    for unit, case in unexpected:
        print(f'FAIL {unit} :: {case}')
    ours = totals['ours']
    print(f'{len(ours.failures) - len(unexpected)} known failures; logs in {options.log}')
    print(f'{ours.passed} passed, {len(unexpected)} failed')
    return 1 if unexpected or not ours.passed else 0


if __name__ == '__main__':
    main()
