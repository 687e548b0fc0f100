"""The table of operators in the documentation is what `decant ops` prints, and holds every operator that ONNX defines."""
import onnx.defs

from _harness import *

checks = Checks()
page = (ROOT / "Sources/Decant/Decant.docc/Operators.md").read_text()
table = decant("ops", "--markdown")
checks.check(table in page, "Operators.md holds what `decant ops --markdown` prints",
             "" if table in page else "run: python Tests/Oracles/operator_table.py --write")
if "--write" in sys.argv:
    opening = page.partition("| operator |")[0]
    (ROOT / "Sources/Decant/Decant.docc/Operators.md").write_text(opening + table)

rows = json.loads(decant("ops", "--json"))["operators"]
known = {(row["domain"], row["name"]): row for row in rows}
defined = {}
for schema in onnx.defs.get_all_schemas_with_history():
    if not schema.deprecated and (schema.domain or "ai.onnx") in ("ai.onnx", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training"):
        defined.setdefault((schema.domain or "ai.onnx", schema.name), set()).add(schema.since_version)
for (domain, name), versions in sorted(defined.items()):
    row = known.get((domain, name))
    missing = versions - set(row["versions"]) if row else versions
    complete = row is not None and not missing and (row["replaced"] or row["infers"] and row["reference"])
    checks.check(complete, f"{domain} {name}", "" if complete else f"not read: versions {sorted(missing)}" if missing else "no kernel")
checks.finish()
