"""The binary: under 40 MB stripped, no Swift runtime, --version in under 20 ms and 20 MB."""
from _harness import *

checks = Checks()
folder = workspace()


def check():
    binary = folder / "decant"
    shutil.copy(DECANT, binary)
    subprocess.run(["strip", binary], check=True)
    size = binary.stat().st_size
    checks.check(size < 40e6, "stripped", f"{size / 1e6:.1f} MB")
    libraries = subprocess.run(["ldd", binary], check=True, capture_output=True, text=True).stdout
    runtime = [line.split()[0] for line in libraries.splitlines() if "swift" in line.lower() or "Foundation" in line]
    checks.check(not runtime, "no Swift runtime", " ".join(runtime))
    print("     needs " + ", ".join(line.split()[0] for line in libraries.splitlines()))
    seconds, peak = fastest(10, binary, "--version")
    checks.check(seconds < 0.02, "--version: time", f"{seconds * 1000:.1f} ms")
    checks.check(peak < 20, "--version: resident", f"{peak:.1f} MB")


checks.attempt("the binary", check)
checks.finish()
