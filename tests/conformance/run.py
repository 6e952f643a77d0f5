#!/usr/bin/python3
"""Other people's tests: Redis' own Tcl suite in external and in managed mode, client suites, JSONPath's suite, the oracle.

  tests/conformance/run.py [--server build/release/src/main/tusk-server] [--suites external,managed,clients,jsonpath,oracle]
                           [--units type/list,integration/logging] [--quick] [--record] [--measure-baseline] [--log DIR]

Prints `suite | unit | passed | failed | skipped | redis` (the last column: what redis-server passes, from baseline.txt) and compares with
expectations.txt: a case that fails and is not listed there fails the command, and so does a listed one that passes, until --record has
rewritten the file (new failures get the reason `unexplained`, which a human replaces). --measure-baseline runs Debian's redis-server
instead and writes baseline.txt. --quick: the few units that `make test` runs. Last line: `N passed, N failed`; failed counts the surprises.
Exit status 77 with --quick: the suite can't be had here.
"""
import argparse
import os
import queue
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import tcl
from expectations import Expectations, load_baseline, save_baseline

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
SUITES = ['external', 'managed', 'clients', 'jsonpath', 'oracle']
QUICK = [('external', 'unit/type/incr'), ('external', 'unit/protocol'), ('managed', 'unit/quit'), ('managed', 'unit/type/incr')]
# The bars of external mode as a whole and of each managed unit outside these fields.
EXTERNAL_BAR, MANAGED_BAR = 99.0, 98.0
OTHER_FIELDS = re.compile(r'integration/(?!logging|redis-cli|redis-benchmark|dismiss-mem)|unit/(cluster|aofrw|wait)')
SKIPPED_EXIT = 77


def tcl_jobs(options):
    if options.quick:
        return QUICK
    units = tcl.list_units(options.suite)
    wanted = set(options.units.split(',')) if options.units else None
    return [(suite, unit) for suite in ('external', 'managed') if suite in options.suites for unit in units
            if wanted is None or unit in wanted or unit.removeprefix('unit/') in wanted]


class Table:
    """Collects and prints; knows what is a surprise."""

    def __init__(self, options):
        self.options, self.expectations, self.baseline = options, Expectations(), load_baseline()
        self.surprises, self.passed, self.totals, self.below, self.units_judged = [], 0, {}, [], 0
        self.measured = {}
        print(f'{"suite":9} | {"unit":40} | passed | failed | skipped | redis')

    def row(self, suite, unit, passed, failed, skipped, redis=''):
        print(f'{suite:9} | {unit:40} | {passed:6} | {failed:6} | {skipped:7} | {redis:>5}', flush=True)

    def tcl(self, suite, unit, result):
        with open(os.path.join(self.options.log, f'{suite}-{unit.replace("/", "-")}.log'), 'w') as log:
            log.write(result.text)
        redis = self.baseline.get((suite, unit), '')
        self.row(suite, unit, len(result.passed), len(result.failures), result.skipped, redis)
        self.measured[(suite, unit)] = len(result.passed)
        self.passed += len(result.passed)
        ours, theirs = self.totals.get(suite, (0, 0))
        self.totals[suite] = (ours + len(result.passed), theirs + (redis or len(result.passed)))
        if self.options.measure_baseline:
            return
        if suite == 'managed' and redis and not OTHER_FIELDS.match(unit):
            comparable = redis - self.expectations.excused(suite, unit, result.failures)
            self.units_judged += 1
            if 100 * len(result.passed) < MANAGED_BAR * comparable:
                self.below.append(f'{unit} {len(result.passed)}/{comparable}')
        newly, fixed = self.expectations.compare(suite, unit, result.failures)
        self.surprises += [f'FAIL {suite} | {unit} | {case}' for case in newly]
        self.surprises += [f'NOW PASSES {suite} | {unit} | {case}' for case in fixed]
        if self.options.record:
            self.expectations.record(suite, unit, result.failures)

    def counts(self, suite, unit, passed, failed):
        self.row(suite, unit, passed, failed, 0)
        self.passed += passed
        if failed:
            self.surprises.append(f'FAIL {suite} | {unit}: {failed}')

    def end(self):
        for suite, (ours, theirs) in self.totals.items():
            share = 100 * ours / max(theirs, 1)
            print(f'{suite}: {ours} of {theirs} that redis-server passes: {share:.1f} %' + (f' (bar: {EXTERNAL_BAR} %)' if suite == 'external' else ''))
        if self.units_judged:
            print(f'managed units with {MANAGED_BAR} % or more, fair exceptions left out: {self.units_judged - len(self.below)} of {self.units_judged}' +
                  (', below: ' + ', '.join(self.below) if self.below else ''))
        if self.options.measure_baseline:
            save_baseline({**self.baseline, **self.measured})
            return 0
        for line in self.surprises:
            print(line)
        if self.options.record:
            self.expectations.save()
        print(f'{len(self.expectations.reasons)} expected failures; logs in {self.options.log}')
        print(f'{self.passed} passed, {len(self.surprises)} failed')
        return 1 if (self.surprises and not self.options.record) or not self.passed else 0


def other_rig(table, suite, command):
    """A rig of this house whose last line is its counts."""
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with open(os.path.join(table.options.log, suite + '.log'), 'w') as log:
        log.write(done.stdout)
    counts = re.search(r'(\d+) passed, (\d+) failed\s*$', done.stdout)
    passed, failed = (int(counts[1]), int(counts[2])) if counts else (0, 1)
    table.counts(suite, '(all)', passed, failed or int(done.returncode != 0))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(ROOT, 'build/release/src/main/tusk-server'))
    parser.add_argument('--suite', default=os.environ.get('TUSK_TCL_SUITE', os.path.join(ROOT, 'build/conformance/suite')))
    parser.add_argument('--suites', default=','.join(SUITES), type=lambda text: text.split(','))
    parser.add_argument('--units')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--record', action='store_true')
    parser.add_argument('--measure-baseline', action='store_true')
    parser.add_argument('--redis', default='redis-server')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--base-port', type=int, default=24000)
    parser.add_argument('--log', default=os.path.join(ROOT, 'build/conformance/log'))
    options = parser.parse_args()
    if options.units or options.quick or options.measure_baseline:
        options.suites = [suite for suite in options.suites if suite in ('external', 'managed')]
    return options


def main():
    options = parse()
    brought = subprocess.run([os.path.join(HERE, 'get_suite.sh'), options.suite])
    if brought.returncode != 0:
        print('the suite can not be brought from the Debian source package')
        sys.exit(SKIPPED_EXIT if options.quick else 1)
    os.makedirs(options.log, exist_ok=True)
    table = Table(options)
    binary = options.redis if options.measure_baseline else options.server
    jobs = tcl_jobs(options)
    # Each lane has ports of its own: what a unit uses is free for the next one only when the unit has ended.
    lanes = queue.SimpleQueue()
    for lane in range(options.jobs):
        lanes.put(options.base_port + lane * tcl.PORTS_PER_LANE)

    def run_unit(suite, unit):
        base_port = lanes.get()
        try:
            left_out = [] if options.measure_baseline else table.expectations.left_out(suite, unit)
            return tcl.run_unit(options.suite, binary, suite, unit, base_port, left_out)
        finally:
            lanes.put(base_port)

    with ThreadPoolExecutor(options.jobs) as pool:
        started = [pool.submit(run_unit, suite, unit) for suite, unit in jobs]
        for (suite, unit), run in zip(jobs, started):
            table.tcl(suite, unit, run.result())
    if 'clients' in options.suites and not options.quick:
        other_rig(table, 'clients', [os.path.join(ROOT, 'tests/clients/run.py'), '--server', options.server])
    if 'jsonpath' in options.suites and not options.quick:
        other_rig(table, 'jsonpath', [os.path.join(ROOT, 'tests/jsonpath/run.py')])
    if 'oracle' in options.suites and not options.quick:
        other_rig(table, 'oracle', [os.path.join(ROOT, 'tests/oracle/run.py'), '--server', options.server])
    sys.exit(table.end())


if __name__ == '__main__':
    main()
