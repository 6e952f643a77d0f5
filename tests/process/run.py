#!/usr/bin/python3
"""tusk-server as a process, in redis-server's place: command line, configuration, log lines, signals, exit codes.

  tests/process/run.py [--server build/dev/src/main/tusk-server]

Last line: `N passed, N failed`.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import resp  # noqa: E402
from support.servers import Server, free_port  # noqa: E402

SECONDS = 20
# Arguments that are refused, and what standard error says about them (as a pattern, over lines).
REFUSED = [
    (['--invalid', 'x'], r"'invalid \"?x\"?'\nBad directive or wrong number of arguments"),
    (['--port'], r"'port'\nwrong number of arguments"),
    (['--port', '6379', '6380'], r"'port \"6379\" \"6380\"'\nwrong number of arguments"),
    (['--port', '--bla', '--loglevel', 'verbose'], r"'port \"--bla\"'\nargument couldn't be parsed into an integer"),
    (['--port', '99999'], r'argument must be between 0 and 65535 inclusive'),
    (['--shutdown-on-sigint'], r"'shutdown-on-sigint'\nargument\(s\) must be one of the following: default, save"),
    (['--replicaof', '--127.0.0.1', 'abc'], r"'replicaof \"--127.0.0.1\" \"abc\"'\nInvalid master port"),
    (['--save', '100'], r'Invalid save parameters'),
    (['/nonexistent.conf'], r"can't open config file '/nonexistent.conf': No such file"),
    (['--include', '/nonexistent.conf'], r"can't open config file '/nonexistent.conf'"),
    (['--test-memory', '10'], r'--test-memory is not something that tusk-server does'),
    (['--check-system'], r'--check-system is not something'),
    (['x.conf', '--sentinel'], r'--sentinel is not something'),
]


class Run:
    def __init__(self, binary):
        self.binary, self.passed, self.failed = binary, 0, 0

    def check(self, name, holds, detail=''):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f'FAIL {name}: {detail}')

    def ends(self, name, arguments, code, pattern, stream='stderr', text=None):
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=SECONDS, input=text or '')
        said = getattr(done, stream)
        self.check(name, done.returncode == code and re.search(pattern, said), f'exit {done.returncode}, said {said!r}')

    def log_says(self, server, pattern, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with open(server.log_path, errors='replace') as log:
                if re.search(pattern, log.read(), re.S):
                    return True
            time.sleep(0.02)
        return False

    def ended(self, server, seconds=10):
        try:
            return server.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


def arguments(run):
    for words, pattern in REFUSED:
        run.ends(' '.join(words), words, 1, pattern)
    run.ends('--version', ['--version'], 0, r'^Tusk server v=\S+ redis=7\.', 'stdout')
    run.ends('--help', ['--help'], 0, r'Usage: tusk-server', 'stdout')
    run.ends('a file on standard input', ['-'], 1, r"'porrt 1'\nBad directive.*Did you mean 'port'", text='porrt 1\n')


def start_and_lines(run):
    with tempfile.TemporaryDirectory(prefix='tusk-rig-') as folder:
        os.makedirs(os.path.join(folder, 'parts'))
        with open(os.path.join(folder, 'parts', 'a.conf'), 'w') as part:
            part.write('timeout 7\n')
        path = os.path.join(folder, 'main.conf')
        with open(path, 'w') as conf:
            conf.write(f"# mine\ninclude {folder}/parts/*.conf\nlogfile ''\nsave ''\nalways-show-logo yes\nloglevel verbose\n")
        # The file is a bare word, so the rig's own options follow it.
        with ServerOf(run, path) as server:
            pid = server.process.pid
            run.check('PID, initialized, ready, in this order',
                      run.log_says(server, rf' PID: {pid}.*Server initialized.*Ready to accept'), server.log_tail())
            client = server.connect()
            run.check('include with a pattern', client.call('CONFIG', 'GET', 'timeout')[1] == b'7')
            client.call('CONFIG', 'SET', 'timeout', '9')
            run.check('CONFIG REWRITE', not resp.is_error(client.call('CONFIG', 'REWRITE')))
            with open(path) as conf:
                lines = conf.read()
            run.check('CONFIG REWRITE keeps comments', lines.startswith('# mine\ninclude') and '\ntimeout 9\n' in lines, lines)
            server.process.send_signal(signal.SIGSTOP)
            server.process.send_signal(signal.SIGCONT)
            run.check('goes on after SIGCONT', server.responsive())
            server.process.send_signal(signal.SIGHUP)
            run.check('goes on after SIGHUP', server.responsive())


class ServerOf(Server):
    """One that is given a configuration file before its options."""

    def __init__(self, run, path, options=None):
        super().__init__(run.binary, options)
        self.options.pop('save')
        self.path = path

    def command(self):
        return [os.path.abspath(self.binary), self.path]


def port_is_taken(run):
    with Server(run.binary) as server:
        run.ends('a port that is taken', ['--port', str(server.port), '--bind', '127.0.0.1'], 1, rf'Failed listening on port {server.port}', 'stdout')


def signals(run):
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 0)):
        with Server(run.binary) as server:
            server.process.send_signal(number)
            run.check(f'{number.name} ends it', run.ended(server) == code, server.process.returncode)
            run.check(f'{number.name} is logged', run.log_says(server, rf'Received {number.name} scheduling shutdown.*ready to exit, bye bye'))
    for number in (signal.SIGSEGV, signal.SIGABRT):
        with Server(run.binary) as server:
            server.process.send_signal(number)
            run.check(f'{number.name} kills it', run.ended(server) == -number, server.process.returncode)
            run.check(f'{number.name} leaves a report',
                      run.log_says(server, rf'crashed by signal: {int(number)}.*STACK TRACE.*REPORT END'), server.log_tail(40))
    with Server(run.binary, {'crash-log-enabled': 'no'}) as server:
        server.process.send_signal(signal.SIGSEGV)
        run.check('no report when told so', run.ended(server) == -signal.SIGSEGV and 'STACK TRACE' not in server.log_tail(99))


def commands(run):
    debug = {'enable-debug-command': 'local'}
    for words, pattern in ((['SEGFAULT'], 'crashed by signal: 11'), (['PANIC'], 'Guru Meditation.*crashed by signal: 6'),
                           (['ASSERT'], 'ASSERTION FAILED.*crashed by signal: 6')):
        with Server(run.binary, debug) as server:
            try:
                server.connect().call('DEBUG', *words)
            except (OSError, resp.Closed):
                pass
            run.ended(server)
            run.check(f'DEBUG {words[0]}', run.log_says(server, pattern), server.log_tail(40))
    with Server(run.binary, debug) as server:
        client = server.connect()
        run.check('ABORT without a shutdown', client.call('SHUTDOWN', 'ABORT')[1] == b'ERR No shutdown in progress.')
        run.check('SAVE and NOSAVE', client.call('SHUTDOWN', 'SAVE', 'NOSAVE')[1] == b'ERR syntax error')
        client.call('DEBUG', 'PAUSE-CRON', '1')
        server.process.send_signal(signal.SIGTERM)
        run.check('the signal arrives', run.log_says(server, 'Received SIGTERM'))
        while resp.is_error(client.call('SHUTDOWN', 'ABORT')):
            time.sleep(0.01)
        run.check('ABORT takes back SIGTERM', run.log_says(server, 'Shutdown manually aborted') and server.responsive())
        client.call('DEBUG', 'LOG', 'hello from here')
        run.check('DEBUG LOG', run.log_says(server, 'DEBUG LOG: hello from here'))
        try:
            client.call('SHUTDOWN', 'NOSAVE')
        except (OSError, resp.Closed):
            pass
        run.check('SHUTDOWN NOSAVE', run.ended(server) == 0)


def background(run):
    with tempfile.TemporaryDirectory(prefix='tusk-rig-') as folder:
        pid_path = os.path.join(folder, 'pid')
        port = free_port()
        done = subprocess.run([run.binary, '--daemonize', 'yes', '--port', str(port), '--bind', '127.0.0.1', '--dir', folder, '--pidfile',
                               pid_path, '--logfile', 'log', '--save', ''], timeout=SECONDS)
        run.check('--daemonize returns', done.returncode == 0)
        deadline = time.monotonic() + SECONDS
        client = None
        while client is None and time.monotonic() < deadline:
            try:
                client = resp.Connection(port, timeout=5)
            except OSError:
                time.sleep(0.02)
        with open(pid_path) as pid:
            run.check('the PID file tells who', f'process_id:{int(pid.read())}' in client.call('INFO', 'server').decode())
        try:
            client.call('SHUTDOWN', 'NOSAVE')
        except (OSError, resp.Closed):
            pass
        while os.path.exists(pid_path) and time.monotonic() < deadline:
            time.sleep(0.02)
        run.check('the PID file goes', not os.path.exists(pid_path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(ROOT, 'build/dev/src/main/tusk-server'))
    run = Run(os.path.abspath(parser.parse_args().server))
    for part in (arguments, start_and_lines, port_is_taken, signals, commands, background):
        part(run)
    print(f'{run.passed} passed, {run.failed} failed')
    sys.exit(1 if run.failed or not run.passed else 0)


if __name__ == '__main__':
    main()
