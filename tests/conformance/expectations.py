"""The committed expectations: which cases fail here and why, and what redis-server passes.

expectations.txt: `suite | unit | case | reason`, sorted, with marks before it:
  !  the case is left out of the run, because it would disturb those after it; it counts as failed all the same
  ?  it may pass or fail: its outcome hangs on the order in which two connections are served
  ~  a fair exception: it asks for what only a server that is built otherwise has (a forked child, jemalloc); it may fail or not run at
     all, and the bar of its unit leaves it out
baseline.txt: `suite | unit | passed` of Debian's redis-server.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, 'expectations.txt')
BASELINE = os.path.join(HERE, 'baseline.txt')
HEAD = '# Cases that are expected to fail: marks suite | unit | case | reason. Marks: ! not run, ? either way, ~ fair exception.\n'
UNEXPLAINED = 'unexplained'
MARKS = '!?~'


class Expectations:
    def __init__(self, path=FILE):
        self.path, self.reasons, self.marks = path, {}, {}
        with open(path) as file:
            for line in file:
                if line.strip() and not line.startswith('#'):
                    self.read(line.strip())

    def read(self, line):
        rest = line.lstrip(MARKS + ' ')
        suite, unit, rest = rest.split(' | ', 2)
        case, reason = rest.rsplit(' | ', 1)
        self.reasons[(suite, unit, case)] = reason
        self.marks[(suite, unit, case)] = ''.join(mark for mark in MARKS if mark in line.split(suite)[0])

    def cases(self, suite, unit, mark=''):
        return sorted(key[2] for key in self.reasons if key[:2] == (suite, unit) and mark in self.marks.get(key, ''))

    def left_out(self, suite, unit):
        return self.cases(suite, unit, '!')

    def excused(self, suite, unit, failures):
        """How many cases the unit's bar leaves out: the fair exceptions, and the races that were lost this time."""
        fair = self.cases(suite, unit, '~')
        return len(fair) + len(set(self.cases(suite, unit, '?')) & set(failures) - set(fair))

    def compare(self, suite, unit, failures):
        """-> (newly failing, newly passing) cases of the unit."""
        expected = set(self.cases(suite, unit))
        either = set(self.cases(suite, unit, '?')) | set(self.cases(suite, unit, '~'))
        return sorted(set(failures) - expected), sorted(expected - either - set(failures))

    def record(self, suite, unit, failures):
        newly, fixed = self.compare(suite, unit, failures)
        for case in fixed:
            del self.reasons[(suite, unit, case)]
        for case in newly:
            self.reasons[(suite, unit, case)] = UNEXPLAINED

    def save(self):
        with open(self.path, 'w') as file:
            file.write(HEAD)
            for key in sorted(self.reasons):
                marks = self.marks.get(key, '')
                file.write((marks + ' ' if marks else '') + ' | '.join((*key, self.reasons[key])) + '\n')


def load_baseline(path=BASELINE):
    counts = {}
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                if line.strip() and not line.startswith('#'):
                    suite, unit, passed = line.strip().split(' | ')
                    counts[(suite, unit)] = int(passed)
    return counts


def save_baseline(counts, path=BASELINE):
    with open(path, 'w') as file:
        file.write("# What Debian's redis-server 7.0.15 passes: suite | unit | cases. `run.py --measure-baseline` writes this.\n")
        for (suite, unit), passed in sorted(counts.items()):
            file.write(f'{suite} | {unit} | {passed}\n')
