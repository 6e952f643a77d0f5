#!/usr/bin/python3
"""RQ workers, unmodified, over 2,000 jobs: plain, forked, failing, retried, scheduled and dependent. Usage: rq_queue.py PORT"""
import datetime
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', '..')]
os.environ['RIG_PORT'] = sys.argv[1]
import redis  # noqa: E402
import rq  # noqa: E402
import rq_jobs as jobs  # noqa: E402
from rq.job import JobStatus  # noqa: E402
from support.report import Report  # noqa: E402

PLAIN, FORKED, FAILED, RETRIED, SCHEDULED, DEPENDENT = 1500, 100, 100, 100, 100, 100
SECONDS = 300


def start_worker(queue, *options):
    environment = {**os.environ, 'PYTHONPATH': f'{HERE}:{HERE}/../..', 'PYTHONDONTWRITEBYTECODE': '1', 'LC_ALL': 'C.UTF-8'}
    return subprocess.Popen(['/usr/bin/rq', 'worker', '--quiet', '--url', f'redis://127.0.0.1:{sys.argv[1]}', *options, queue],
                            cwd=os.environ.get('RIG_DIR', '/tmp'), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def submit(connection):
    """-> {name: [(counted name, job, expected)]}"""
    fast, forked = rq.Queue('fast', connection=connection), rq.Queue('forked', connection=connection)
    keep = {'result_ttl': 3600, 'failure_ttl': 3600}
    sent = {'plain': [(f'plain:{n}', fast.enqueue(jobs.square, f'plain:{n}', n, **keep), n * n) for n in range(PLAIN)]}
    sent['forked'] = [(f'forked:{n}', forked.enqueue(jobs.square, f'forked:{n}', n, **keep), n * n) for n in range(FORKED)]
    sent['failed'] = [(f'failed:{n}', fast.enqueue(jobs.fails, f'failed:{n}', **keep), None) for n in range(FAILED)]
    sent['retried'] = [(f'retried:{n}', fast.enqueue(jobs.fails_at_first, f'retried:{n}', n % 3, retry=rq.Retry(max=3), **keep), 'at last')
                       for n in range(RETRIED)]
    sent['scheduled'] = []
    for n in range(SCHEDULED):
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2 + n % 5)
        sent['scheduled'].append((f'scheduled:{n}', fast.enqueue_at(at, jobs.now, f'scheduled:{n}', **keep), at.timestamp()))
    sent['dependent'] = []
    for n in range(DEPENDENT):
        before = sent['forked'][n][1]
        sent['dependent'].append((f'dependent:{n}', fast.enqueue(jobs.square, f'dependent:{n}', n, depends_on=before, **keep), n * n))
    return sent


def await_all(sent, deadline):
    open_jobs = [job for group in sent.values() for _, job, _ in group]
    while open_jobs and time.monotonic() < deadline:
        open_jobs = [job for job in open_jobs if job.get_status(refresh=True) not in (JobStatus.FINISHED, JobStatus.FAILED)]
        time.sleep(0.2)
    return open_jobs


def judge(report, connection, sent):
    for group in ('plain', 'forked', 'dependent', 'retried'):
        wrong = [(name, job.get_status(), job.result) for name, job, expected in sent[group] if job.result != expected]
        report.check(f'rq: {len(sent[group])} {group} jobs', not wrong, str(wrong[:3]))
    wrong = [name for name, job, at in sent['scheduled'] if not isinstance(job.result, float) or job.result < int(at)]
    report.check('rq: 100 scheduled jobs, none early', not wrong, str(wrong[:3]))
    registry = rq.Queue('fast', connection=connection).failed_job_registry
    known = set(registry.get_job_ids())
    wrong = [name for name, job, _ in sent['failed'] if job.get_status() != JobStatus.FAILED or job.id not in known or f'{name} fails' not in (job.refresh() or job.exc_info)]
    report.check('rq: 100 failed jobs with their traceback', not wrong and len(known) == FAILED, f'{wrong[:3]} {len(known)} registered')
    names = [name for group in sent.values() for name, _, _ in group]
    counted = jobs.counts.mget([f'done:{name}' for name in names])
    wrong = [(name, count) for name, count in zip(names, counted) if count != b'1']
    report.check('rq: 2,000 jobs, each done exactly once', len(names) == 2000 and not wrong, str(wrong[:5]))
    tried = jobs.counts.mget([f'tried:retried:{n}' for n in range(RETRIED)])
    report.check('rq: each retried as often as it failed', tried == [b'%d' % (n % 3 + 1) for n in range(RETRIED)])
    left = [len(rq.Queue(name, connection=connection)) for name in ('fast', 'forked')]
    report.check('rq: queues are empty', left == [0, 0], str(left))


def main():
    report = Report()
    connection = redis.Redis(port=int(sys.argv[1]))
    connection.flushall()
    began = time.monotonic()
    workers = [start_worker('fast', '--worker-class', 'rq.worker.SimpleWorker', '--with-scheduler') for _ in range(2)] + [start_worker('forked')]
    try:
        sent = submit(connection)
        lost = await_all(sent, began + SECONDS)
        report.check('rq: every job ends', not lost, f'{len(lost)} jobs neither finished nor failed, such as {lost[:2]}')
        judge(report, connection, sent)
        print(f'  rq {rq.VERSION}: 2,000 jobs in {time.monotonic() - began:.1f} s')
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
    report.finish()


if __name__ == '__main__':
    main()
