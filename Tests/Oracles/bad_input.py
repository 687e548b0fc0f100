"""The catalogue of bad input through the command line: exit code, message, time, memory, and nothing left behind."""
import collections
import re
import signal
import time

from _harness import *

os.environ["DECANT"] = str(pathlib.Path(DECANT).resolve())
import _hostile
import _hostile_files
import _hostile_onnx
import _hostile_user
import _hostile_wire

checks = Checks()
slowest = (0, "")
meter = subprocess.Popen([sys.executable, "-S", "-E", str(pathlib.Path(__file__).with_name("_meter.py"))],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(words, folder):
    meter.stdin.write(json.dumps({"words": [os.environ["DECANT"], *words], "folder": str(folder)}) + "\n")
    meter.stdin.flush()
    return json.loads(meter.stdout.readline())


def contents(folder):
    """Every file below a folder, with its bytes where it is small and regular."""
    found = {}
    for path in sorted(folder.rglob("*")):
        small = path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 24
        found[str(path.relative_to(folder))] = path.read_bytes() if small else None
    return found


def faults(case, result, before, after):
    """What is wrong with how a case ended."""
    said = result["said"].rstrip("\n")
    if result["code"] != case.code:
        yield f"exit code {result['code']}, expected {case.code}"
    if case.says not in said:
        yield f"does not say '{case.says}'"
    if case.code and not said:
        yield "says nothing"
    if case.code not in (0, 64) and len(said.splitlines()) > 3:
        yield f"says {len(said.splitlines())} lines"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", said):
        yield "shows control characters as they are"
    if len(said) > 4096:
        yield f"says {len(said)} characters"
    if result["peak"] > 256:
        yield f"{result['peak']:.0f} MiB"
    if case.code and before != after:
        yield f"changed {sorted(name for name in {*before, *after} if before.get(name, 0) != after.get(name, 0))}"
    if "hacked" in after:
        yield "ran the input"


def check(case):
    global slowest
    folder = workspace()
    words = _hostile.command(case, folder)
    before = contents(folder)
    result = run(words, folder)
    wrong = list(faults(case, result, before, contents(folder)))
    slowest = max(slowest, (result["cpu"], f"{case.number} {case.about}"))
    said = (result["said"].strip().splitlines() or [""])[0][:160]
    checks.check(not wrong, f"{case.number} {case.about} [{case.code}]", "; ".join(wrong + [said]) if wrong else said)


def interrupted():
    """K08: Ctrl-C during long work ends it, without a trace; how soon is printed."""
    folder = workspace()
    _hostile_user.gemm(folder)
    arrays = {"x": _hostile_user.numpy.zeros((2_000_000, 4), _hostile_user.numpy.float32)}
    _hostile_user.numpy.savez(folder / "data.npz", **arrays)
    before = set(os.listdir(folder))
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        words = [os.environ["DECANT"], "quantize", "model.onnx", "-o", "out.onnx", "--data", "data.npz", "--method", "entropy"]
        # A shell that started the tests in the background has them ignore SIGINT, which children inherit.
        child = subprocess.Popen(words, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        time.sleep(0.5)
        running = child.poll() is None
        start = time.perf_counter()
        child.send_signal(number)
        ended = child.wait(timeout=20)
        seconds = time.perf_counter() - start
        ended = 128 - ended if ended < 0 else ended
        good = running and ended == code and set(os.listdir(folder)) == before
        checks.check(good, f"K08 {signal.Signals(number).name} in long work", f"exit code {ended} after {seconds * 1000:.0f} ms")


def closed_output():
    """K09: a reader that goes away ends the command quietly."""
    folder = workspace()
    made = _hostile.model([])
    names = ["x", *(f"v{index}" for index in range(20_000)), "y"]
    made.graph.node.extend(onnx.NodeProto(op_type="Relu", input=[a], output=[b]) for a, b in zip(names, names[1:]))
    _hostile.save(folder, made)
    child = subprocess.Popen([os.environ["DECANT"], "dump", "model.onnx"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.read(100)
    child.stdout.close()
    said = child.stderr.read().decode()
    code = child.wait(timeout=20)
    checks.check(code in (0, 141, -signal.SIGPIPE) and not said, "K09 a reader that goes away", f"exit code {code} {said[:200]}")


def limited(number, code, limit):
    """A18: the machine's limits give an exit code, never a signal."""
    folder = workspace()
    _hostile.save(folder, _hostile.holding(_hostile.weight((100_000,), [0.5] * 100_000)))
    command = f"ulimit {limit}; exec {os.environ['DECANT']} convert model.onnx -o out.onnx"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)
    good = done.returncode == code and os.listdir(folder) == ["model.onnx"]
    checks.check(good, f"{number} ulimit {limit} [{code}]", f"exit code {done.returncode} {done.stderr.strip()[:200]}")


def elsewhere():
    """A24, K10: a strange clock, no home, another locale, a folder that is gone."""
    folder = workspace()
    made = folder / _hostile.save(folder, _hostile.model())
    plain = decant("inspect", made, "--json")
    for about, words, environment in (
        ("no environment", [], {}), ("decimal commas", [], {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}),
        ("no folder to stand in", ["sh", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "sh"], {"PATH": os.environ["PATH"]})):
        done = subprocess.run([*words, os.environ["DECANT"], "inspect", str(made), "--json"], cwd=folder, env=environment,
                              capture_output=True, text=True)
        checks.check(done.returncode == 0 and done.stdout == plain, f"A24 {about}", done.stderr.strip()[:200])


def same_facts_as_json():
    """The contract's third point: under --json the failure is one JSON document with the same exit code."""
    folder = workspace()
    (folder / "bad.onnx").write_bytes(_hostile.header() + b"\xff" * 100)
    done = subprocess.run([os.environ["DECANT"], "inspect", "bad.onnx", "--json"], cwd=folder, capture_output=True, text=True)
    document = json.loads(done.stderr)
    good = done.returncode == 65 and document["exit_code"] == 65 and document["kind"] == "malformed" and document["place"][0] == "bad.onnx"
    checks.check(good, "a failure under --json", done.stderr.strip()[:200])


for one in _hostile.CASES:
    checks.attempt(f"{one.number} {one.about}", lambda: check(one))
for action in (interrupted, closed_output, elsewhere, same_facts_as_json):
    checks.attempt(action.__doc__, action)
checks.attempt("A18", lambda: limited("A18", 74, "-f 100"))
families = collections.Counter(one.number[0] for one in _hostile.CASES)
print(f"{len(_hostile.CASES)} cases in the catalogue's families: " + ", ".join(f"{key} {families[key]}" for key in sorted(families)))
print(f"The slowest took {slowest[0]:.2f} s of processor time: {slowest[1]}")
checks.finish()
