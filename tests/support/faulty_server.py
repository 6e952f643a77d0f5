#!/usr/bin/python3
"""A redis-server that lies now and then: proof that a rig can fail.

Takes redis-server's arguments; starts the real one on another port and passes bytes through, but turns the first integer
reply `:1` of every 20th read into `:2`. Ends with its parent's SIGTERM and takes the real server with it.
"""
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.servers import free_port  # noqa: E402

LIE_EVERY = 20
counter = itertools.count(1)


def pump(source, sink, change):
    try:
        while data := source.recv(65536):
            if change and b':1\r\n' in data and next(counter) % LIE_EVERY == 0:
                data = data.replace(b':1\r\n', b':2\r\n', 1)
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    arguments = sys.argv[1:]
    at = arguments.index('--port') + 1
    port, real = int(arguments[at]), free_port()
    arguments[at] = str(real)
    server = subprocess.Popen(['redis-server', *arguments])

    def end(*_):
        server.terminate()
        server.wait()
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    listener = socket.create_server(('127.0.0.1', port), backlog=128)
    while True:
        client, _ = listener.accept()
        try:
            upstream = socket.create_connection(('127.0.0.1', real))
        except OSError:
            client.close()
            continue
        for pair in ((client, upstream, False), (upstream, client, True)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


if __name__ == '__main__':
    main()
