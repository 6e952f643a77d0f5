"""Starts and stops the servers a rig talks to, on free loopback ports, in a directory of their own.

Only processes started here are ever signalled. Use as a context manager; the log stays readable until exit.
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import resp


def free_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class StartError(Exception):
    pass


class Server:
    """A running server process. `options` are redis.conf directives; several values are given as a list."""

    def __init__(self, binary, options=None, port=None, preexec=None, env=None):
        self.binary = shutil.which(str(binary)) or str(binary)
        self.options = {'save': '', 'appendonly': 'no', **(options or {})}
        self.port = port or free_port()
        # SORT ALPHA collates by locale: the same one for every server.
        self.preexec, self.env = preexec, env or {**os.environ, 'LC_ALL': 'C'}
        self.process = None
        self.dir = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        self.spawn()
        self._await_ready()
        return self

    def spawn(self):
        """Without waiting for it to answer."""
        self.dir = self.dir or tempfile.mkdtemp(prefix='tusk-rig-')
        command = self.command()
        settings = {'port': str(self.port), 'bind': '127.0.0.1', 'dir': self.dir, **self.options}
        for name, value in settings.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            command += ['--' + name, *map(str, values)]
        self.log_path = os.path.join(self.dir, 'log')
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            preexec_fn=self.preexec, env=self.env, cwd=self.dir)

    def command(self):
        """The words before the options."""
        return [os.path.abspath(self.binary) if os.sep in self.binary else self.binary]

    def _await_ready(self, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise StartError(f'{self.binary} ended with {self.process.returncode}:\n{self.log_tail()}')
            try:
                connection = self.connect(timeout=5)
                reply = connection.call('PING')
                connection.close()
                if not resp.is_error(reply) or not reply[1].startswith(b'LOADING'):
                    return
            except (OSError, resp.Closed):
                pass
            time.sleep(0.02)
        self.stop()
        raise StartError(f'{self.binary} did not answer PING within {seconds} s:\n{self.log_tail()}')

    def connect(self, timeout=30.0):
        return resp.Connection(self.port, timeout=timeout)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def responsive(self):
        """A fresh connection gets its PING answered."""
        try:
            connection = self.connect(timeout=10)
            answer = connection.call('PING')
            connection.close()
            return answer == resp.Tagged('+', b'PONG')
        except (OSError, resp.Closed):
            return False

    def rss_bytes(self):
        with open(f'/proc/{self.process.pid}/statm') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

    def log_tail(self, lines=15):
        try:
            with open(self.log_path, errors='replace') as log:
                return ''.join(log.readlines()[-lines:])
        except OSError:
            return ''

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL; returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode
