"""Runs commands one after another and says what each cost: a small process, since a child's peak resident memory also
counts what its parent held when it started it. Lines of JSON in: {"words", "folder"}; out: {"code", "seconds", "peak", "said"}.

The exit code is negative for a signal, as Python counts them; a command that runs for over 20 s is killed,
which no check forgives: times are otherwise only printed. Uses no more than the standard library, and starts with `python -S -E`.
"""
import json
import os
import resource
import signal
import sys
import time

LIMIT_S = 20


def measure(words, folder):
    os.chdir(folder)
    read, write = os.pipe()
    nothing = (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)
    start = time.perf_counter()
    child = os.posix_spawn(words[0], words, os.environ, file_actions=[nothing, (os.POSIX_SPAWN_DUP2, write, 2)])
    os.close(write)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    said = b""
    while part := os.read(read, 1 << 16):
        said += part
    _, status, usage = os.wait4(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.close(read)
    cpu = usage.ru_utime + usage.ru_stime
    return {"code": os.waitstatus_to_exitcode(status), "seconds": time.perf_counter() - start, "cpu": cpu,
            "peak": usage.ru_maxrss / 1024, "said": said.decode("utf-8", "backslashreplace")}


def sweep(job):
    """Runs the commands of a job on every input of its share: prefixes of a file, then the file with one bit flipped.

    Every input goes through the first command; the others take turns. Returns the totals and the first violations.
    """
    data = bytes.fromhex(job["data"])
    folder, name = job["folder"], job["name"]
    inputs = [("prefix", length) for length in range(len(data))] + [("bit", bit) for bit in range(8 * len(data))]
    totals, worst, violations = {}, {"seconds": 0, "peak": 0}, []
    for index, (kind, place) in list(enumerate(inputs))[job["share"]::job["shares"]]:
        if kind == "prefix":
            hostile = data[:place]
        else:
            hostile = bytearray(data)
            hostile[place // 8] ^= 1 << place % 8
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(hostile)
        commands = job["commands"]
        for words in [commands[0], commands[1 + index // job["shares"] % (len(commands) - 1)]]:
            result = measure(words, folder)
            totals[result["code"]] = totals.get(result["code"], 0) + 1
            worst = {key: max(worst[key], result[key]) for key in worst}
            left = set(os.listdir(folder)) - set(job["kept"]) - {name}
            wrong = []
            if result["code"] not in (0, 65, 66, 69, 71, 77):
                wrong.append(f"exit code {result['code']}")
            if result["peak"] > 256:
                wrong.append(f"{result['peak']:.0f} MiB")
            if result["code"] and left:
                wrong.append(f"left {sorted(left)}")
            if wrong:
                violations.append(f"{kind} {place}: {' '.join(words[1:])}: {', '.join(wrong)}: {result['said'][-300:]}")
            for one in left:
                os.unlink(os.path.join(folder, one))
    return {"totals": totals, "worst": worst, "violations": violations}


if __name__ == "__main__":
    # No core files: a crash is a finding, not a gigabyte.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(sweep(job) if "data" in job else measure(**job)), flush=True)
