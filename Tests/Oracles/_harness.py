"""What every oracle script shares: the decant binary, the models, inputs from fixed seeds, and counted checks.

Environment:
  DECANT                the binary; else .build/release/decant
  DECANT_MODELS         a folder of real ONNX models (../shared/models in CI); said plainly when unset
  DECANT_ORACLE_MODELS  the folder that Tests/models.py fills; else ~/.cache/decant/models
"""
import atexit
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "Samples"
DECANT = os.environ.get("DECANT", str(ROOT / ".build/release/decant"))
MADE = pathlib.Path(os.environ.get("DECANT_ORACLE_MODELS", pathlib.Path.home() / ".cache/decant/models"))
ort.set_default_logger_severity(3)


class Checks:
    """Counts what passed and failed; `finish` prints the totals and exits non-zero if anything failed."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def skip(self, what, reason):
        """Counts a check that does not apply, and says why."""
        self.skipped += 1
        print(f"skip {what}: {reason}", flush=True)

    def check(self, holds, what, detail=""):
        """Counts one check and prints it; the detail is a figure worth reading either way."""
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {what}{': ' if detail else ''}{detail}", flush=True)
        return bool(holds)

    def attempt(self, what, action):
        """Runs a function of no arguments; an exception is one failed check, and gives None."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the report is the point
            self.check(False, what, f"{type(error).__name__}: {error}")
            return None

    def finish(self):
        if self.passed + self.failed == 0:
            self.check(False, "nothing was checked")
        print(f"{self.passed} passed, {self.failed} failed{f', {self.skipped} skipped' if self.skipped else ''}")
        sys.exit(1 if self.failed else 0)


def workspace():
    """A new temporary folder, removed at exit unless DECANT_KEEP is set."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="decant-oracle."))
    if "DECANT_KEEP" in os.environ:
        print(f"keeping {folder}")
    else:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def limit_memory(gibibytes=8):
    """Bounds the address space of this process and of every one that it starts: what runs away ends alone."""
    resource.setrlimit(resource.RLIMIT_AS, (gibibytes << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))


class CommandFailed(Exception):
    pass


def decant(*arguments, expect=0):
    """Runs the binary and returns its standard output; any other exit code than the expected is an exception."""
    words = [DECANT, *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    if done.returncode != expect:
        said = (done.stderr.strip() or done.stdout.strip())[-600:]
        raise CommandFailed(f"exit {done.returncode} from decant {' '.join(words[1:])}: {said}")
    return done.stdout


def decant_json(*arguments):
    return json.loads(decant(*arguments, "--json"))


# A small process of its own: a child's peak also counts what its parent held when it started it.
MEASURE = """
import os, sys, time
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - start, usage.ru_maxrss / 1024)
sys.exit(min(abs(os.waitstatus_to_exitcode(status)), 255))
"""


def measured(*words):
    """Runs a command and returns (seconds, peak resident MB); peaks under some 10 MB read as 10."""
    words = [shutil.which(str(words[0])), *map(str, words[1:])]
    done = subprocess.run([sys.executable, "-S", "-E", "-c", MEASURE, *words], capture_output=True, text=True)
    if done.returncode:
        raise CommandFailed(f"exit {done.returncode} from {' '.join(words)}: {done.stderr.strip()[-600:]}")
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def fastest(times, *words):
    """The fastest of some runs and the largest peak among them."""
    runs = [measured(*words) for _ in range(times)]
    return min(seconds for seconds, _ in runs), max(peak for _, peak in runs)


def shared_model(name):
    """A model of DECANT_MODELS, or None (and a word about it) where that is unset."""
    folder = os.environ.get("DECANT_MODELS")
    if not folder:
        print(f"DECANT_MODELS is unset: {name} is not checked", flush=True)
        return None
    return pathlib.Path(folder) / name


def made_model(name):
    """A model that Tests/models.py makes."""
    path = MADE / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run Tests/models.py, as Tests/run.sh does")
    return path


def every_model():
    """Every real ONNX model at hand: the samples, DECANT_MODELS, and MiniLM from both exporters."""
    found = sorted(SAMPLES.glob("*/*.onnx"))
    folder = os.environ.get("DECANT_MODELS")
    if folder:
        found += sorted(pathlib.Path(folder).glob("*.onnx"))
    else:
        print("DECANT_MODELS is unset: the models in ../shared/models are not checked", flush=True)
    return found + [made_model("minilm.onnx"), made_model("minilm_dynamo.onnx")]


def session(path, optimize=False):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimize else level.ORT_DISABLE_ALL
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_ort(path, feeds, optimize=False):
    """The model's outputs by name, from ONNX Runtime on one thread, by default with its optimizations off."""
    running = session(path, optimize)
    names = [output.name for output in running.get_outputs()]
    return dict(zip(names, running.run(names, feeds)))


TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
         "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(uint8)": np.uint8, "tensor(bool)": np.bool_}
SYMBOLS = {"sequence": 576, "seq": 24}


def feeds_for(path, seed=0, batch=2):
    """Inputs for a model from a seed: normal floats; tokens with a padded tail where the names say it is a text model."""
    random = np.random.default_rng(seed)
    feeds = {}
    for value in session(path).get_inputs():
        shape = [n if isinstance(n, int) else SYMBOLS.get(n, batch) for n in value.shape]
        kind = TYPES[value.type]
        if value.name == "input_ids":
            array = random.integers(1000, 20000, shape)
        elif value.name == "attention_mask":
            array = np.ones(shape)
            array[-1, shape[1] * 2 // 3:] = 0
        elif value.name == "token_type_ids":
            array = np.zeros(shape)
        elif value.name == "sr":
            array = np.array(16000)
        elif kind == np.bool_:
            array = random.random(shape) < 0.5
        elif np.issubdtype(kind, np.integer):
            array = random.integers(0, 100, shape)
        else:
            array = random.standard_normal(shape) * (0.1 if value.name == "state" else 0.5)
        feeds[value.name] = np.ascontiguousarray(array, dtype=kind) if array.ndim else array.astype(kind)
    return feeds


def save_npz(path, arrays):
    np.savez(path, **arrays)
    return path


def load_npz(path):
    with np.load(path) as arrays:
        return dict(arrays)


def off_by(got, wanted):
    """The largest difference as a share of the wanted array's range; inf where shapes or NaNs differ."""
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return float("inf")
    if wanted.size == 0 or np.array_equal(got, wanted, equal_nan=wanted.dtype.kind == "f"):
        return 0.0
    got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    if not np.isfinite(got).all() or not np.isfinite(wanted).all():
        return float("inf")
    spread = wanted.max() - wanted.min()
    return float(np.abs(got - wanted).max() / (spread if spread > 0 else max(abs(wanted.max()), 1e-30)))


def same_bits(got, wanted):
    return got.dtype == wanted.dtype and got.shape == wanted.shape and got.tobytes() == wanted.tobytes()


def label(path):
    """How a model is named in a report: its folder only where that tells two apart."""
    path = pathlib.Path(path)
    return f"{path.parent.name}/{path.name}" if SAMPLES in path.parents else path.name


def initializers(path):
    """Every initializer of an ONNX file by name, as NumPy arrays."""
    model = onnx.load(str(path))
    return {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}


def cosine(a, b):
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
