#!/usr/bin/python3
"""Starts a real nginx and lets its Lua smoke test run over many requests. Usage: nginx.py PORT"""
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support.report import Report  # noqa: E402
from support.servers import free_port  # noqa: E402


def fetch(http_port, number):
    with urllib.request.urlopen(f'http://127.0.0.1:{http_port}/?id={number}', timeout=30) as answer:
        return answer.read().decode()


def main():
    report, http_port = Report(), free_port()
    with tempfile.TemporaryDirectory(prefix='tusk-rig-') as directory:
        names = {'@DIR@': directory, '@HTTP_PORT@': str(http_port), '@PORT@': sys.argv[1], '@HERE@': os.path.join(HERE, 'nginx')}
        with open(os.path.join(HERE, 'nginx', 'nginx.conf.in')) as file:
            text = file.read()
        for name, value in names.items():
            text = text.replace(name, value)
        config = os.path.join(directory, 'nginx.conf')
        with open(config, 'w') as file:
            file.write(text)
        # A server started as root drops to another user, who must be able to read the script and write below the directory.
        process = subprocess.Popen(['/usr/sbin/nginx', '-p', directory, '-c', config, '-g', 'user root;' if os.getuid() == 0 else ''],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            for _ in range(200):
                try:
                    first = fetch(http_port, 'first')
                    break
                except OSError:
                    time.sleep(0.05)
            else:
                raise SystemExit(f'nginx does not answer: {process.stdout.read1(4000)!r}\n0 passed, 1 failed')
            for line in first.splitlines():
                report.check(line[5:], line.startswith('PASS'))
            with ThreadPoolExecutor(20) as pool:
                pages = list(pool.map(lambda number: fetch(http_port, number), range(300)))
            wrong = [line for page in pages for line in page.splitlines() if not line.startswith('PASS')]
            report.check('lua-nginx-redis: 300 requests, 20 at a time', not wrong, str(wrong[:3]))
        finally:
            process.terminate()
            process.wait()
    report.finish()


if __name__ == '__main__':
    main()
