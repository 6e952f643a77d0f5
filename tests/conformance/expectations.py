"""The committed expectations: which cases fail here and why, and what redis-server passes.

expectations.txt: `suite | unit | case | reason`, sorted. A leading `! ` leaves the case out of the run, because it would disturb those
after it; it counts as failed all the same. baseline.txt: `suite | unit | passed` of Debian's redis-server.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, 'expectations.txt')
BASELINE = os.path.join(HERE, 'baseline.txt')
HEAD = '# Cases that are expected to fail: suite | unit | case | reason. A leading `!`: not run, it would disturb the next ones.\n'
UNEXPLAINED = 'unexplained'


class Expectations:
    def __init__(self, path=FILE):
        self.path, self.reasons, self.left_out_cases = path, {}, set()
        with open(path) as file:
            for line in file:
                if line.strip() and not line.startswith('#'):
                    suite, unit, rest = line.strip().removeprefix('! ').split(' | ', 2)
                    case, reason = rest.rsplit(' | ', 1)
                    self.reasons[(suite, unit, case)] = reason
                    if line.startswith('! '):
                        self.left_out_cases.add((suite, unit, case))

    def left_out(self, suite, unit):
        return [case for s, u, case in sorted(self.left_out_cases) if (s, u) == (suite, unit)]

    def compare(self, suite, unit, failures):
        """-> (newly failing, newly passing) cases of the unit."""
        expected = {case for s, u, case in self.reasons if (s, u) == (suite, unit)}
        return sorted(set(failures) - expected), sorted(expected - set(failures))

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
                file.write(('! ' if key in self.left_out_cases else '') + ' | '.join((*key, self.reasons[key])) + '\n')


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
