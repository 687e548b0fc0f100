"""quantize --compat ort agrees with quantize_static under its options too, from the same calibration cache: 16- and
4-bit codes, reduced and symmetric ranges, kept activations, pairs on weights, dedicated pairs, float biases, channel axes."""
from _initializers import *
from _small_models import *
from _static import *

checks = Checks()
folder = workspace()
TYPES = [("uint8", "int8"), ("int8", "int8"), ("uint8", "uint8"), ("uint16", "int8"), ("int16", "int16"), ("uint16", "uint8"),
         ("uint8", "int4"), ("uint8", "uint4"), ("uint16", "int4")]
PLAIN = ("", [], {})
OPTIONS = [
    ("reduced", ["--reduce-range"], {"reduce_range": True}),
    ("symmetric", ["--symmetric"], {"extra_options": {"ActivationSymmetric": True}}),
    ("symmetric weights", ["--symmetric-weights"], {"extra_options": {"WeightSymmetric": True}}),
    ("asymmetric weights", ["--no-symmetric-weights"], {"extra_options": {"WeightSymmetric": False}}),
    ("kept activations", ["--keep-activations"], {"extra_options": {"QDQKeepRemovableActivations": True}}),
    ("float weights", ["--keep-float-weights"], {"extra_options": {"AddQDQPairToWeight": True}}),
    ("dedicated pairs", ["--dedicated-pairs"], {"extra_options": {"DedicatedQDQPair": True}}),
    ("float biases", ["--no-quantize-bias"], {"extra_options": {"QuantizeBias": False}}),
    ("unadjusted weights", ["--no-adjust-weights"], {"extra_options": {"QDQDisableWeightAdjustForInt32Bias": True}}),
    ("channels of axis 0", ["--channel-axis", "MatMul=0"], {"extra_options": {"QDQOpTypePerChannelSupportToAxis": {"MatMul": 0}}}),
    ("no Conv", ["--exclude", "Conv"], {"exclude_type": "Conv"}),
]


def compare(model, cache, activations, weights, per_channel, option):
    name, words, keywords = option
    what = f"{label(model)}, {activations}/{weights}, per {'channel' if per_channel else 'tensor'}{', ' * bool(name)}{name}"
    keywords = dict(keywords)
    excluded = keywords.pop("exclude_type", None)
    if excluded:
        named = [node.name for node in onnx.load(model).graph.node if node.op_type == excluded]
        if not named:
            return
        keywords["nodes_to_exclude"] = named
    theirs, ours = folder / "theirs.onnx", folder / "ours.onnx"
    ort_quantize(model, theirs, cache, "minmax", activations, weights, per_channel, **keywords)
    words = words + ["--per-channel"] * per_channel
    decant("quantize", model, "-o", ours, "--scheme", "int8", "--compat", "ort", "--stats", cache,
           "--activation-type", activations, "--weight-type", weights, "--force", *words)
    same_initializers(checks, what, theirs, ours, model)
    quantizers = {"QuantizeLinear", "DequantizeLinear"}
    mine, wanted = only(operators(ours), quantizers), only(operators(theirs), quantizers)
    checks.check(mine == wanted, f"{what}: the quantizing nodes", f"{dict(mine)}, theirs {dict(wanted)}" if mine != wanted else "")
    session(ours)


models = [SAMPLES / "digits/teacher.onnx", SAMPLES / "digits/student.onnx"]
models += [one.save(folder) for one in (perceptron(), tokens(), convolutions())]
for model in models:
    cache = folder / f"{model.stem}.json"
    samples = calibration_samples(model, 4) if model.parent.name == "digits" else feeds_for(model, batch=4)
    ort_quantize(model, folder / "first.onnx", cache, "minmax", samples=samples)
    plans = [(pair, per_channel, PLAIN) for pair in TYPES for per_channel in (False, True)]
    plans += [(pair, per_channel, option) for option in OPTIONS for pair in (("uint8", "int8"), ("int8", "uint8")) for per_channel in (False, True)]
    for (activations, weights), per_channel, option in plans:
        what = f"{label(model)}, {activations}/{weights}, {per_channel}, {option[0]}"
        checks.attempt(what, lambda: compare(model, cache, activations, weights, per_channel, option))
print_compared()
checks.finish()
