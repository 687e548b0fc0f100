"""Every example of the README's command table runs as it stands, in order, in a folder with a model and its data."""
import re
import shlex

from _harness import *

checks = Checks()
folder = workspace()
digits = SAMPLES / "digits"
shutil.copy(digits / "teacher.onnx", folder / "model.onnx")
for name in ("train.npz", "heldout.npz"):
    shutil.copy(digits / name, folder)
save_npz(folder / "x.npz", {"input": load_npz(digits / "heldout.npz")["input"][:4]})

readme = (ROOT / "README.md").read_text()
documented = re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)
for example in re.findall(r"^\| `\w+` \|.*`(decant [^`]+)` \|$", readme, re.MULTILINE):
    done = subprocess.run([DECANT, *shlex.split(example)[1:]], cwd=folder, capture_output=True, text=True)
    checks.check(done.returncode == 0, example, done.stderr.strip()[-300:] if done.returncode else "")

for name in documented:
    opening = decant("help", name).partition("ARGUMENTS:")[0].partition("OPTIONS:")[0].partition("SUBCOMMANDS:")[0]
    checks.check(re.search(rf"decant {name} [^<\[\n]+\n", opening), f"decant help {name} opens with an example")
listed = re.findall(r"^  ([a-z]+)  ", decant("--help").partition("SUBCOMMANDS:")[2], re.MULTILINE)
missing = sorted(set(listed) - set(documented) - {"help"})
checks.check(not missing, "the README names every command", ", ".join(missing))
checks.finish()
