"""Pass and fail lines, and the final `N passed, N failed` line that every rig prints."""
import sys
import traceback


class Report:
    def __init__(self, verbose=True):
        self.passed = 0
        self.failed = 0
        self.verbose = verbose

    def check(self, name, good, detail=''):
        if good:
            self.passed += 1
            if self.verbose:
                print(f'PASS {name}', flush=True)
        else:
            self.failed += 1
            print(f'FAIL {name}' + (f': {detail}' if detail else ''), flush=True)
        return bool(good)

    def run(self, name, function, *args, **kwargs):
        """A case is a function that returns None or raises; AssertionError carries the reason."""
        try:
            function(*args, **kwargs)
        except AssertionError as error:
            return self.check(name, False, str(error) or traceback.format_exc(limit=-1).strip())
        except Exception:  # a rig goes on with its next case whatever happened in this one
            return self.check(name, False, traceback.format_exc(limit=-3).strip())
        return self.check(name, True)

    def finish(self):
        print(f'{self.passed} passed, {self.failed} failed', flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)
