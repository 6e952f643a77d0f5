"""Runs one unit of Redis' Tcl suite, in one of two modes, in a private copy of the suite.

external: the suite talks to a server that this rig has started. managed: the suite starts, configures, signals and restarts the binary
itself, as src/redis-server. One suite process per unit, so a crash or hang costs one unit.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.servers import Server, StartError  # noqa: E402

EXTERNAL, MANAGED = 'external', 'managed'
# The suite of 7.0 asks for names that 7.2 gave up (quicklist, hashtable), and for a server that a slow script blocks whole.
SUITE_SETTINGS = {'classic-encoding-names': 'yes', 'classic-replies': 'yes', 'classic-number-format': 'yes', 'classic-freeing': 'yes', 'busy-scripts-block-all': 'yes'}
EXTERNAL_SETTINGS = {'enable-debug-command': 'yes', 'enable-protected-configs': 'yes', 'enable-module-command': 'yes'}
# Units that prove nothing about a server: the suite's own machinery, other builds, C modules.
LEFT_OUT = re.compile(r'unit/(moduleapi|tls$|printver$|violations$|oom-score-adj$)')
TOOLS = ('redis-cli', 'redis-benchmark', 'redis-check-aof', 'redis-check-rdb')
CASE = re.compile(r'^\[(ok|err|skip|ignore)\]: (.*)$', re.M)
# Lines outside any case that ask for what is not here: an error there would end the unit. (file, line, what takes its place)
PATCHES = [('unit/scripting.tcl', 'start_server {tags {"scripting external:skip"}} {\n    r script debug sync\n', 'start_server {tags {"scripting external:skip"}} {\n')]
SECONDS = {EXTERNAL: 300, MANAGED: 1200}
PORTS_PER_UNIT = 40
# The suite listens 32 ports below the first one of its servers.
PORTS_PER_LANE = PORTS_PER_UNIT + 40


class Result:
    def __init__(self):
        self.passed, self.skipped, self.failures, self.text = [], 0, [], ''


def list_units(suite):
    listed = subprocess.run(['tclsh', 'tests/test_helper.tcl', '--list-tests'], cwd=suite, capture_output=True, text=True, check=True).stdout
    return [unit for unit in listed.split() if not LEFT_OUT.match(unit)]


def case_name(text):
    """'name (12 ms)' or 'name in tests/unit/x.tcl' -> name"""
    return re.sub(r'( \(\d+ ms\)| in tests/(unit|integration)/\S+\.tcl)$', '', text.strip())


def run_unit(suite, binary, mode, unit, base_port, left_out=()):
    result = Result()
    result.failures += left_out
    work = tempfile.mkdtemp(prefix='tusk-tcl-')
    try:
        # The suite writes below tests/tmp and calls the command-line tools from src/.
        shutil.copytree(os.path.join(suite, 'tests'), os.path.join(work, 'tests'))
        patch(work)
        os.makedirs(os.path.join(work, 'src'))
        os.makedirs(os.path.join(work, 'tests', 'tmp'), exist_ok=True)
        for tool in TOOLS:
            if shutil.which(tool):
                os.symlink(shutil.which(tool), os.path.join(work, 'src', tool))
        command = ['tclsh', 'tests/test_helper.tcl', '--durable', '--dont-clean', '--timeout', str(SECONDS[mode]), '--clients', '1',
                   '--baseport', str(base_port), '--portcount', str(PORTS_PER_UNIT), '--single', unit]
        command += [part for case in left_out for part in ('--skiptest', case)]
        (run_external if mode == EXTERNAL else run_managed)(result, binary, command, work)
    except StartError as error:
        result.failures.append(f'(server did not start) {error}')
    finally:
        reap(work)
        shutil.rmtree(work, ignore_errors=True)
    return result


def patch(work):
    for name, before, after in PATCHES:
        path = os.path.join(work, 'tests', name)
        with open(path, encoding='latin-1', newline='') as file:
            text = file.read()
        assert before in text, f'{name} is not what the patch is for'
        with open(path, 'w', encoding='latin-1', newline='') as file:
            file.write(text.replace(before, after))


def run_external(result, binary, command, work):
    ours = {} if 'redis-server' in os.path.basename(binary) else SUITE_SETTINGS
    with Server(binary, {**EXTERNAL_SETTINGS, **ours}) as server:
        command += ['--host', '127.0.0.1', '--port', str(server.port), '--tags', '-slow']
        result.text = capture(command, work, SECONDS[EXTERNAL] + 30)
        if not server.alive():
            result.text += '\n--- server log\n' + server.log_tail(60)
        judge(result, server.alive())


def run_managed(result, binary, command, work):
    os.symlink(os.path.realpath(shutil.which(binary)), os.path.join(work, 'src', 'redis-server'))
    if 'redis-server' not in os.path.basename(binary):
        with open(os.path.join(work, 'tests', 'assets', 'default.conf'), 'a') as conf:
            conf.writelines(f'\n{setting} {value}' for setting, value in SUITE_SETTINGS.items())
    result.text = capture(command, work, SECONDS[MANAGED] + 60)
    judge(result, True)


def capture(command, work, seconds):
    environment = {**os.environ, 'TERM': 'dumb', 'LC_ALL': 'C.UTF-8'}
    with open(os.path.join(work, 'out'), 'w+b') as out:
        process = subprocess.Popen(command, cwd=work, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment,
                                   start_new_session=True)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            out.write(b'\n[TIMEOUT] of the whole unit\n')
        out.seek(0)
        return out.read().decode(errors='replace')


def reap(work):
    """Ends what a unit that was cut short has left: every server of it works below its directory."""
    for entry in os.listdir('/proc'):
        try:
            if entry.isdigit() and (os.readlink(f'/proc/{entry}/cwd') + '/').startswith(work + '/'):
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            continue


def judge(result, alive):
    for verdict, text in CASE.findall(result.text):
        if verdict == 'ok':
            result.passed.append(case_name(text))
        elif verdict == 'err':
            result.failures.append(case_name(text))
        else:
            result.skipped += 1
    if not alive:
        result.failures.append('(server gone)')
    elif '[TIMEOUT]' in result.text:
        result.failures.append('(timeout)')
    elif '[exception]' in result.text or 'The End' not in result.text:
        found = re.search(r'\[exception\]: (.*)', result.text)
        result.failures.append(f'(exception) {found.group(1)[:160] if found else "unit did not end"}')
