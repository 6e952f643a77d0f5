#!/usr/bin/python3
"""A Celery worker, unmodified, over 2,000 tasks: plain, retried, failing, with an ETA, and a chord. Usage: celery_queue.py PORT"""
import datetime
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', '..')]
os.environ['RIG_PORT'] = sys.argv[1]
import celery  # noqa: E402
import celery_tasks as tasks  # noqa: E402
from support.report import Report  # noqa: E402

PLAIN, RETRIED, BROKEN, TIMED, CHORD = 1500, 200, 50, 149, 100  # and the chord's callback: 2,000
SECONDS = 240


def start_worker():
    environment = {**os.environ, 'C_FORCE_ROOT': '1', 'PYTHONPATH': f'{HERE}:{HERE}/../..', 'PYTHONDONTWRITEBYTECODE': '1'}
    return subprocess.Popen([sys.executable, '-m', 'celery', '-A', 'celery_tasks', 'worker', '--concurrency', '2', '--loglevel', 'ERROR',
                             '--without-gossip', '--without-mingle'], cwd=os.environ.get('RIG_DIR', '/tmp'), env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def submit():
    now = datetime.datetime.now(datetime.timezone.utc)
    plain = [tasks.add.delay(f'plain:{n}', n, 1) for n in range(PLAIN)]
    retried = [tasks.flaky.delay(f'retried:{n}', n % 4) for n in range(RETRIED)]
    broken = [tasks.broken.delay(f'broken:{n}') for n in range(BROKEN)]
    etas = [now + datetime.timedelta(seconds=3 + n % 8) for n in range(TIMED)]
    timed = [tasks.at_time.apply_async((f'timed:{n}',), eta=eta) for n, eta in enumerate(etas)]
    chord = celery.chord([tasks.add.s(f'member:{n}', n, n) for n in range(CHORD)])(tasks.total.s())
    return plain, retried, broken, etas, timed, chord


def results(sent, deadline):
    values = []
    for one in sent:
        values.append(one.get(timeout=max(1.0, deadline - time.monotonic()), propagate=False, disable_sync_subtasks=False))
    return values


def main():
    report = Report()
    tasks.counts.flushall()
    worker = start_worker()
    began = time.monotonic()
    deadline = began + SECONDS
    try:
        plain, retried, broken, etas, timed, chord = submit()
        report.check('celery: 1,500 plain tasks', results(plain, deadline) == [n + 1 for n in range(PLAIN)])
        report.check('celery: 200 tasks with retries', results(retried, deadline) == [n % 4 for n in range(RETRIED)])
        errors = results(broken, deadline)
        report.check('celery: 50 failures arrive as failures', [str(e) for e in errors] == [f'broken:{n} is broken' for n in range(BROKEN)]
                     and all(isinstance(e, ValueError) for e in errors) and all(one.failed() for one in broken))
        ran = results(timed, deadline)
        early = [n for n, (at, eta) in enumerate(zip(ran, etas)) if at < eta.timestamp() - 0.001]
        report.check('celery: 149 ETA tasks, none early', not early and len(ran) == TIMED, f'early: {early[:5]}')
        report.check('celery: a chord of 100', chord.get(timeout=max(1.0, deadline - time.monotonic())) == sum(2 * n for n in range(CHORD)))
        nothing_doubled(report)
        queue_empty(report)
        print(f'  celery {celery.__version__}: 2,000 tasks in {time.monotonic() - began:.1f} s')
    except Exception as error:  # a lost task shows as a timeout
        report.check('celery: every result arrives', False, f'{type(error).__name__}: {error}')
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
    report.finish()


def nothing_doubled(report):
    names = ([f'plain:{n}' for n in range(PLAIN)] + [f'retried:{n}' for n in range(RETRIED)] + [f'broken:{n}' for n in range(BROKEN)] +
             [f'timed:{n}' for n in range(TIMED)] + [f'member:{n}' for n in range(CHORD)] + ['chord'])
    found = tasks.counts.mget([f'done:{name}' for name in names])
    wrong = [(name, count) for name, count in zip(names, found) if count != b'1']
    report.check('celery: 2,000 tasks, each done exactly once', len(names) == 2000 and not wrong, str(wrong[:5]))
    tried = tasks.counts.mget([f'tried:retried:{n}' for n in range(RETRIED)])
    report.check('celery: each retried as often as it failed', tried == [b'%d' % (n % 4 + 1) for n in range(RETRIED)])


def queue_empty(report):
    import redis
    broker = redis.Redis(port=int(sys.argv[1]), db=0)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (broker.llen('celery') or broker.hlen('unacked')):
        time.sleep(0.1)
    report.check('celery: queue and unacknowledged empty', broker.llen('celery') == 0 and broker.hlen('unacked') == 0)


if __name__ == '__main__':
    main()
