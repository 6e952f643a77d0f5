#!/usr/bin/python3
"""redis-cli and redis-benchmark, unmodified. Usage: command_line.py PORT"""
import os
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.report import Report  # noqa: E402

# What redis-benchmark runs when no -t is given.
DEFAULT_TESTS = ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'LPUSH', 'RPUSH', 'LPOP', 'RPOP', 'SADD', 'HSET', 'SPOP', 'ZADD', 'ZPOPMIN',
                 'LPUSH (needed to benchmark LRANGE)', 'LRANGE_100 (first 100 elements)', 'LRANGE_300 (first 300 elements)',
                 'LRANGE_500 (first 500 elements)', 'LRANGE_600 (first 600 elements)', 'MSET (10 keys)']


def cli(port, *arguments, text=None):
    done = subprocess.run(['redis-cli', '-p', port, *arguments], input=text, capture_output=True, text=True, timeout=60)
    return done.stdout.strip(), done.stderr.strip()


def equal(port, expected, *arguments, text=None):
    answer, errors = cli(port, *arguments, text=text)
    assert answer == expected, f'{answer!r} {errors!r}, expected {expected!r}'


def contains(port, pattern, *arguments, text=None):
    answer, errors = cli(port, *arguments, text=text)
    assert re.search(pattern, answer), f'{answer[-300:]!r} {errors[-300:]!r} has no {pattern!r}'


def mass_insertion(port):
    text = ''.join(f'*3\r\n$3\r\nSET\r\n${len(f"mass:{n}")}\r\nmass:{n}\r\n${len(str(n))}\r\n{n}\r\n' for n in range(20000))
    done = subprocess.run(['redis-cli', '-p', port, '--pipe'], input=text.encode(), capture_output=True, timeout=60)
    assert b'errors: 0, replies: 20000' in done.stdout, done.stdout


def monitor(port):
    with subprocess.Popen(['redis-cli', '-p', port, 'MONITOR'], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().strip() == 'OK'
            cli(port, 'SET', 'watched', 'v')
            for line in process.stdout:
                if 'watched' in line:
                    assert re.fullmatch(r'\d+\.\d+ \[0 127\.0\.0\.1:\d+\] "SET" "watched" "v"', line.strip()), line
                    break
        finally:
            process.terminate()


def keeps_printing(port, pattern, *arguments):
    """A mode that runs until it is stopped: reads on until the pattern has come."""
    process = subprocess.Popen(['redis-cli', '-p', port, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    watch = threading.Timer(30, process.kill)
    watch.start()
    seen = b''
    try:
        while not re.search(pattern.encode(), seen):
            piece = os.read(process.stdout.fileno(), 65536)
            assert piece, f'{seen[-300:]!r} has no {pattern!r}'
            seen += piece
    finally:
        watch.cancel()
        process.kill()
        process.communicate()


def hotkeys(port):
    equal(port, 'OK', 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu')
    cli(port, '-r', '200', 'GET', 'watched')
    contains(port, r"hot key found with counter: \d+\s+keyname: \"?watched", '--hotkeys')
    equal(port, 'OK', 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction')


def dataset_file(port):
    path = os.path.join(os.environ.get('RIG_DIR', '/tmp'), 'whole.rdb')
    contains(port, r'(?s).*', '--rdb', path)
    with open(path, 'rb') as file:
        assert file.read(5) == b'REDIS'
    done = subprocess.run(['redis-check-rdb', path], capture_output=True, text=True, timeout=60)
    assert 'RDB looks OK' in done.stdout, done.stdout[-300:]


def benchmark(port, *options):
    done = subprocess.run(['redis-benchmark', '-p', port, '--csv', '-n', '4000', *options], capture_output=True, text=True, timeout=300)
    names = re.findall(r'^"([^"]+)","[\d.]+"', done.stdout, re.M)
    missing = [name for name in DEFAULT_TESTS if name not in names]
    assert done.returncode == 0 and not missing, f'exit {done.returncode}, missing {missing}: {done.stdout[-300:]} {done.stderr[-300:]}'
    assert 'ERR' not in done.stderr and 'rror' not in done.stdout, done.stderr[-300:] + done.stdout[-300:]


def main():
    report, port = Report(), sys.argv[1]
    check = report.run
    check('redis-cli: one command', equal, port, 'PONG', 'PING')
    check('redis-cli: commands from a file', equal, port, 'OK\n3\na\nb\nc', text='SET a 1\nRPUSH l a b c\nLRANGE l 0 -1\n')
    check('redis-cli: inline quoting', equal, port, 'OK\nx y\\n', text='SET q "x y\\\\n"\nGET q\n')
    check('redis-cli -3: a map', contains, port, r'1# "?f"? => "?1"?|f 1|f\n1', '-3', 'EVAL', 'redis.call("hset","hh","f",1); redis.setresp(3); return redis.call("hgetall","hh")', '0')
    check('redis-cli: an error', contains, port, r"ERR unknown command 'nosuch'", 'nosuch')
    check('redis-cli: -n database', equal, port, 'OK', '-n', '3', 'SET', 'elsewhere', '1')
    check('redis-cli: --scan', equal, port, 'elsewhere', '-n', '3', '--scan', '--pattern', 'else*')
    check('redis-cli: --eval', equal, port, 'k\nv', '--eval', write_script(), 'k', ',', 'v')
    check('redis-cli: -r -i', equal, port, '1\n2\n3', '-r', '3', 'INCR', 'counted')
    check('redis-cli: --bigkeys', contains, port, r'Sampled \d+ keys', '--bigkeys')
    check('redis-cli: --memkeys', contains, port, r'Sampled \d+ keys', '--memkeys')
    check('redis-cli: INFO', contains, port, r'redis_version:[\s\S]*db0:keys=', 'INFO')
    check('redis-cli: COMMAND DOCS feed its help', contains, port, r'summary', 'COMMAND', 'DOCS', 'GET')
    check('redis-cli: help GET', contains, port, r'summary:.*Returns the string', text='help GET\n')
    check('redis-cli: --pipe', mass_insertion, port)
    check('redis-cli: MONITOR', monitor, port)
    check('redis-cli: -x', equal, port, 'OK', '-x', 'SET', 'typed', text='from standard input')
    check('redis-cli: -X', equal, port, 'OK', '-X', 'tag', 'SET', 'typed', 'tag', text='from standard input')
    check('redis-cli: --stat', keeps_printing, port, r'(\d+\s+[\d.]+[MKG]\s+.*\n){2}', '--stat', '-i', '0.1')
    check('redis-cli: --latency', keeps_printing, port, r'\d+ \d+ [\d.]+ \d+', '--latency')
    check('redis-cli: --latency-history', keeps_printing, port, r'seconds range', '--latency-history', '-i', '1')
    check('redis-cli: --latency-dist', keeps_printing, port, r'-{20}', '--latency-dist', '-i', '1')
    check('redis-cli: --intrinsic-latency', contains, port, r'Worst run took', '--intrinsic-latency', '1')
    check('redis-cli: --hotkeys', hotkeys, port)
    check('redis-cli: --rdb', dataset_file, port)
    check('redis-cli: --functions-rdb', contains, port, r'.*', '--functions-rdb', os.path.join(os.environ.get('RIG_DIR', '/tmp'), 'functions.rdb'))
    for options in ((), ('-P', '16'), ('-3',), ('-3', '-P', '16'), ('--threads', '2', '-P', '16'), ('-d', '4096'), ('-r', '1000', '-c', '200')):
        check(' '.join(['redis-benchmark', *options]), benchmark, port, *options)
    report.finish()


def write_script():
    path = os.path.join(os.environ.get('RIG_DIR', '/tmp'), 'script.lua')
    with open(path, 'w') as file:
        file.write('return {KEYS[1], ARGV[1]}')
    return path


if __name__ == '__main__':
    main()
