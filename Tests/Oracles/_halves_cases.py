"""Models on which converters to half floats are known to fail, and some more, written for the occasion."""
import dataclasses

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LOWEST = float(np.finfo(np.float32).min)


@dataclasses.dataclass
class Case:
    """A model, what it is fed, and what is asked of its conversion."""
    name: str
    model: onnx.ModelProto
    feeds: dict
    options: tuple = ()
    #: Samples for calibration are the feeds themselves.
    calibrated: bool = False
    #: Operators that must be half, and that must not, after a conversion to float16.
    half: tuple = ()
    float: tuple = ()
    least: float = 40.0
    #: Whether outputs can be compared with those of the float model.
    comparable: bool = True


def model(body, opset=17, weights=None, ir=8, functions=""):
    """A model in ONNX's text form; `weights` become initializers of the main graph."""
    text = f'<ir_version: {ir}, opset_import: ["" : {opset}, "local" : 1]>\n{body}\n{functions}'
    made = onnx.parser.parse_model(text)
    if not functions:
        del made.opset_import[1:]
    for name, array in (weights or {}).items():
        made.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
    onnx.checker.check_model(made)
    return made


def normal(*shape, seed=0, scale=1.0):
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def floats(*values):
    return np.array(values, np.float32)


def resizing():
    for opset in (11, 13, 18):
        yield Case(
            f"Resize by constant scales, opset {opset}",
            model("""g (float[1,3,8,8] x) => (float[1,3,16,16] y) {
                     c = Conv<pads = [1,1,1,1]>(x, w) y = Resize(c, roi, scales) }""", opset,
                  {"w": normal(3, 3, 3, 3, scale=0.3), "roi": np.zeros(0, np.float32), "scales": floats(1, 1, 2, 2)}),
            {"x": normal(1, 3, 8, 8)}, half=("Conv", "Resize"))
    yield Case(
        "Upsample, opset 9",
        model("g (float[1,3,8,8] x) => (float[1,3,16,16] y) { c = Conv<pads = [1,1,1,1]>(x, w) y = Upsample(c, scales) }", 9,
              {"w": normal(3, 3, 3, 3, scale=0.3), "scales": floats(1, 1, 2, 2)}, ir=4),
        {"x": normal(1, 3, 8, 8)}, half=("Conv",))
    yield Case(
        "Resize by scales computed from shapes",
        model("""g (float[1,3,"H",8] x, float[1,3,"K",16] like) => (float["a","b","c","d"] y) {
                 c = Conv<pads = [1,1,1,1]>(x, w)
                 s = Shape(like) t = Shape(x) sf = Cast<to = 1>(s) tf = Cast<to = 1>(t)
                 scales = Div(sf, tf) none = Constant<value = float[0] {}>()
                 y = Resize<mode = "linear">(c, none, scales) }""", 13, {"w": normal(3, 3, 3, 3, scale=0.3)}),
        {"x": normal(1, 3, 300, 8), "like": normal(1, 3, 899, 16)}, half=("Conv",), float=("Div",))


def subgraphs():
    weights = {"w": normal(4, 4, scale=0.5), "v": normal(4, 4, seed=1, scale=0.5), "one": np.int64(1), "trips": np.int64(3),
               "yes": np.bool_(True)}
    for condition in (True, False):
        yield Case(
            f"If that captures a value and a weight, {condition}",
            model("""g (float[2,4] x, bool c) => (float[2,4] y) {
                     p = MatMul(x, w)
                     q = If(c) <then_branch = t () => (float[2,4] r) { r = MatMul(p, v) },
                                else_branch = e () => (float[2,4] r) { k = Constant<value = float {0.5}>() r = Mul(p, k) }>
                     y = MatMul(q, w) }""", 17, {name: weights[name] for name in "wv"}),
            {"x": normal(2, 4), "c": np.array(condition)}, half=("MatMul",))
    yield Case(
        "If within If, whose branches give a weight and an outer value",
        model("""g (float[4,4] x, bool c) => (float[4,4] y) {
                 p = MatMul(x, w)
                 q = If(c) <then_branch = t () => (float[4,4] r) {
                      r = If(c) <then_branch = tt () => (float[4,4] s) { s = Identity(v) },
                                 else_branch = te () => (float[4,4] s) { s = Identity(p) }> },
                    else_branch = e () => (float[4,4] r) { r = Exp(p) }>
                 y = MatMul(q, w) }""", 17, {name: weights[name] for name in "wv"}),
        {"x": normal(4, 4), "c": np.array(True)}, half=("MatMul",), float=("Exp",))
    yield Case(
        "Loop that carries and collects",
        model("""g (float[2,4] x) => (float[2,4] y, float[3,2,4] all) {
                 l, all = Loop(trips, yes, x) <body = b (int64 i, bool go, float[2,4] a) => (bool on, float[2,4] n, float[2,4] o) {
                    on = Identity(go) n = MatMul(a, w) o = Tanh(n) }>
                 y = MatMul(l, w) }""", 17, {name: weights[name] for name in ("w", "trips", "yes")}),
        {"x": normal(2, 4)}, half=("MatMul",))
    yield Case(
        "Loop whose state must stay float32",
        model("""g (float[2,4] x) => (float[2,4] y) {
                 l = Loop(trips, yes, x) <body = b (int64 i, bool go, float[2,4] a) => (bool on, float[2,4] n) {
                    on = Identity(go) e = Exp(a) m = MatMul(e, w) n = Sigmoid(m) }>
                 y = MatMul(l, w) }""", 17, {name: weights[name] for name in ("w", "trips", "yes")}),
        {"x": normal(2, 4)}, half=("MatMul",), float=("Exp",))
    yield Case(
        "Scan",
        model("""g (float[4] s, float[5,4] x) => (float[4] t, float[5,4] y) {
                 t, y = Scan <num_scan_inputs = 1, body = b (float[4] a, float[4] e) => (float[4] n, float[4] o) {
                    p = MatMul(e, w) n = Add(a, p) o = Tanh(n) }> (s, x) }""", 17, {"w": weights["w"]}),
        {"s": normal(4), "x": normal(5, 4)}, half=("MatMul",))


def constants():
    w = {"w": normal(8, 8, scale=0.5)}
    yield Case(
        "an initializer that a kept and a half node read",
        model("""g (float[2,8] x) => (float[2,8] y) { [a] p = MatMul(x, w) [b] y = MatMul(p, w) }""", 18, w, ir=10),
        {"x": normal(2, 8)}, options=("--keep", "b"), half=("MatMul",))
    yield Case(
        "an initializer that the main graph and a branch read",
        model("""g (float[2,8] x, bool c) => (float[2,8] y) {
                 p = MatMul(x, w)
                 y = If(c) <then_branch = t () => (float[2,8] r) { e = Exp(w) r = MatMul(p, e) },
                            else_branch = e () => (float[2,8] r) { r = MatMul(p, w) }> }""", 17, w),
        {"x": normal(2, 8), "c": np.array(True)}, half=("MatMul",), float=("Exp",))
    yield Case(
        "an initializer that is an output",
        model("g (float[2,8] x) => (float[2,8] y, float[8,8] w) { y = MatMul(x, w) }", 17, w), {"x": normal(2, 8)},
        half=("MatMul",))
    made = model("g (float[2,8] x) => (float[2,8] y) { y = MatMul(x, w) }", 17, w)
    made.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [8, 8]))
    yield Case("initializers that are inputs", made, {"x": normal(2, 8)}, half=("MatMul",))
    yield Case(
        "values that are typed by attributes",
        model("""g (float[8,8] x, int64[2] s) => (float[8,8] y, float[8,8] z) {
                 p = MatMul(x, w) e = EyeLike(x) q = Add(p, e)
                 c = ConstantOfShape<value = float[1] {0.25}>(s) d = ConstantOfShape(s) k = Constant<value_float = 0.5>()
                 r = Mul(q, c) t = Mul(r, k) y = Add(t, d)
                 n = RandomNormalLike<seed = 1.0>(p) zero = Sub(n, n) z = Add(zero, p) }""", 17, w),
        {"x": normal(8, 8), "s": np.array([8, 8])}, half=("MatMul",), float=("RandomNormalLike",))
    yield Case(
        "a constant beyond the range",
        model("""g (float[2,8] x) => (float[2,8] y) {
                 p = MatMul(x, w) k = Constant<value = float {1000000.0}>() q = Mul(p, k) r = Div(q, k) y = MatMul(r, w) }""",
              17, w), {"x": normal(2, 8)}, half=("MatMul",), float=("Mul", "Div"))


def casts():
    w = {"w": normal(8, 8, scale=0.5)}
    yield Case(
        "casts from and to other types",
        model("""g (int64[2,8] i, bool[2,8] b, double[2,8] d) => (float[2,8] y, int64[2,8] j, double[2,8] e) {
                 f = Cast<to = 1>(i) g = Cast<to = 1>(b) h = Cast<to = 1>(d)
                 p = MatMul(f, w) q = Mul(p, g) y = Add(q, h) j = Cast<to = 7>(y) e = Cast<to = 11>(y) }""", 17,
              {"w": np.eye(8, dtype=np.float32)}),
        {"i": np.arange(16).reshape(2, 8), "b": np.arange(16).reshape(2, 8) % 3 == 0, "d": np.ones((2, 8))}, half=("MatMul",))
    yield Case(
        "casts that are there already",
        model("""g (float16[2,8] x) => (float16[2,8] y, float[2,8] z) {
                 f = Cast<to = 1>(x) p = MatMul(f, w) y = Cast<to = 10>(p) s = Softmax(f) z = MatMul(s, w) }""", 17, w),
        {"x": normal(2, 8).astype(np.float16)}, half=("MatMul",))
    yield Case(
        "CastLike",
        model("""g (int64[2,8] i, float[2,8] x) => (float[2,8] y) {
                 p = MatMul(x, w) f = CastLike(i, p) y = Mul(f, p) }""", 17, w),
        {"i": np.arange(16).reshape(2, 8), "x": normal(2, 8)}, half=("MatMul",))
    yield Case(
        "an input that is an output, and an output that others read",
        model("""g (float[2,8] x) => (float[2,8] x2, float[2,8] p, float[2,8] y) {
                 x2 = Identity(x) p = MatMul(x, w) y = Tanh(p) }""", 17, w), {"x": normal(2, 8)}, half=("MatMul",))
    yield Case(
        "nodes without names, and names that a conversion might use",
        model("""g (float[2,8] x) => (float[2,8] y) { x_f16 = MatMul(x, w) w_f16 = Exp(x_f16) y_f16 = MatMul(w_f16, w)
                 y = Relu(y_f16) }""", 17, w), {"x": normal(2, 8)}, half=("MatMul",), float=("Exp",))


def attention(mask, opset, extra=""):
    return model(
        f"""g (float[2,4,16] x, int64[2,4] attention) => (float[2,4,16] y) {{
            q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv)
            kt = Transpose<perm = [0,2,1]>(k) s = MatMul(q, kt)
            low = Constant<value = float {{{mask!r}}}>() one = Constant<value = float {{1.0}}>()
            axes = Constant<value = int64[1] {{1}}>()
            f = Cast<to = 1>(attention) n = Sub(one, f) m = Mul(n, low) u = Unsqueeze(m, axes)
            a = Add(s, u) {extra} z = Softmax<axis = -1>({'a2' if extra else 'a'}) y = MatMul(z, v) }}""", opset,
        {name: normal(16, 16, seed=index, scale=0.25) for index, name in enumerate(("wq", "wk", "wv"))})


def masks():
    given = {"x": normal(2, 4, 16), "attention": np.array([[1, 1, 1, 0], [1, 0, 0, 0]])}
    for mask in (LOWEST, -1e9, -10000.0):
        yield Case(f"a mask of {mask:.3g} added to scores", attention(mask, 17), given, half=("MatMul", "Softmax"))
    nothing = {"x": normal(2, 4, 16) - 3, "attention": np.array([[1, 1, 1, 0], [0, 0, 0, 0]])}
    yield Case("a row of which everything is masked", attention(-1e9, 17), nothing, half=("MatMul",), comparable=False)
    yield Case("two masks in a row", attention(-1e9, 17, "a2 = Add(a, u)"), nothing, half=("MatMul",), comparable=False)
    yield Case(
        "a mask by Where, opset 16",
        model("""g (float[2,8] x, bool[2,8] c) => (float[2,8] y) {
                 p = MatMul(x, w) low = Constant<value = float {-3.4028234663852886e38}>() q = Where(c, p, low)
                 y = Softmax<axis = -1>(q) }""", 16, {"w": normal(8, 8, scale=0.5)}),
        {"x": normal(2, 8), "c": np.arange(16).reshape(2, 8) % 3 > 0}, half=("MatMul", "Where", "Softmax"))
    yield Case(
        "a mask of infinity",
        model("""g (float[2,8] x, float[8] m) => (float[2,8] y) {
                 p = MatMul(x, w) q = Add(p, m) y = Softmax<axis = -1>(q) }""", 17, {"w": normal(8, 8, scale=0.5)}),
        {"x": normal(2, 8), "m": np.where(np.arange(8) % 2 == 0, 0, -np.inf).astype(np.float32)}, half=("MatMul", "Softmax"))


def ranges():
    yield Case(
        "activations beyond the range, with samples",
        model("""g (float[2,16] x) => (float[2,16] y) { p = MatMul(x, w) q = MatMul(p, w) k = Constant<value = float {0.0001}>()
                 r = Mul(q, k) s = Mul(r, k) y = MatMul(s, v) }""", 17,
              {"w": normal(16, 16, scale=200), "v": normal(16, 16, seed=1)}), {"x": normal(2, 16)}, calibrated=True,
        half=("MatMul",), float=("MatMul", "Mul"))
    yield Case(
        "a normalization taken apart, of a constant row",
        model("""g (float[2,64] x) => (float[2,64] y) {
                 h = MatMul(x, w) ax = Constant<value_ints = [-1]>() m = ReduceMean<axes = [-1]>(h) d = Sub(h, m)
                 two = Constant<value = float {2.0}>() p = Pow(d, two) v = ReduceMean<axes = [-1]>(p)
                 eps = Constant<value = float {1e-12}>() e = Add(v, eps) r = Sqrt(e) n = Div(d, r) g = Mul(n, gamma)
                 y = Add(g, beta) }""", 17,
              {"w": normal(64, 64, scale=20), "gamma": normal(64, seed=1), "beta": normal(64, seed=2)}),
        {"x": np.stack([normal(64), np.zeros(64, np.float32)])}, half=("MatMul",), float=("ReduceMean", "Pow", "Add"))
    positions = np.arange(3000, 3016)[None]
    yield Case(
        "angles of positions",
        model("""g (float[1,16,8] x, int64[1,16] ids) => (float[1,16,8] y) {
                 ax = Constant<value_ints = [-1]>() f = Cast<to = 1>(ids) u = Unsqueeze(f, ax) t = Mul(u, freq) s = Sin(t) c = Cos(t)
                 h = MatMul(x, w) a = Mul(h, s) b = Mul(h, c) y = Add(a, b) }""", 17,
              {"w": normal(8, 8, scale=0.3), "freq": (10000.0 ** (-np.arange(8) / 8)).astype(np.float32)}),
        {"x": normal(1, 16, 8), "ids": positions}, half=("MatMul",), float=("Sin", "Cos"))
    yield Case(
        "integer products",
        model("""g (float[2,300] x) => (float[2,8] y) {
                 q, s, z = DynamicQuantizeLinear(x) p = MatMulInteger(q, codes, z) f = Cast<to = 1>(p) r = Mul(s, ws)
                 y = Mul(f, r) }""", 17,
              {"codes": np.random.default_rng(3).integers(100, 127, (300, 8)).astype(np.int8), "ws": floats(0.01)}),
        {"x": np.abs(normal(2, 300))}, float=("DynamicQuantizeLinear", "Mul"))


def others():
    w = {"w": normal(8, 8, scale=0.5)}
    yield Case(
        "sequences",
        model("""g (float[4,8] x, int64 i) => (float[2,8] y, float[4,8] z) {
                 p = MatMul(x, w) two = Constant<value_int = 2>() s = SplitToSequence<axis = 0>(p, two) y = SequenceAt(s, i)
                 z = ConcatFromSequence<axis = 0>(s) }""", 17, w), {"x": normal(4, 8), "i": np.array(1)}, half=("MatMul",))
    yield Case(
        "functions",
        model("""g (float[2,8] x) => (float[2,8] y) { p = local.layer<alpha = 0.5>(x, w) y = local.layer<alpha = 0.25>(p, w) }""", 17, w,
              functions="""<domain: "local", opset_import: ["" : 17]>
                 layer <alpha> (a, b) => (c) { m = MatMul(a, b) k = Constant<value_float: float = @alpha>() n = Mul(m, k) c = Tanh(n) }"""),
        {"x": normal(2, 8)}, half=("MatMul",))
    yield Case(
        "NonMaxSuppression behind a convolution",
        model("""g (float[1,4,4,4] x) => (int64["n",3] y, float[1,16,4] boxes) {
                 b = Conv(x, wb) s = Conv(x, ws) ax = Constant<value_ints = [1, 4, 16]>() ax2 = Constant<value_ints = [1, 1, 16]>()
                 br = Reshape(b, ax) boxes = Transpose<perm = [0,2,1]>(br) sr = Reshape(s, ax2)
                 k = Constant<value_ints = [3]>() iou = Constant<value_floats = [0.5]>() t = Constant<value_floats = [0.0]>()
                 y = NonMaxSuppression(boxes, sr, k, iou, t) }""", 17,
              {"wb": normal(4, 4, 1, 1), "ws": normal(1, 4, 1, 1, seed=1)}),
        {"x": normal(1, 4, 4, 4)}, half=("Conv",), float=("NonMaxSuppression",))
    yield Case(
        "statistics of a normalization",
        model("""g (float[2,8] x) => (float[2,8] y, float[2,1] m) {
                 p = MatMul(x, w) n, m = LayerNormalization(p, gamma, beta) y = MatMul(n, w) }""", 17,
              w | {"gamma": normal(8, seed=1), "beta": normal(8, seed=2)}), {"x": normal(2, 8)},
        half=("MatMul", "LayerNormalization"))
    yield Case(
        "batch normalization and pooling, opset 8",
        model("""g (float[1,3,8,8] x) => (float[1,4] y) {
                 c = Conv(x, w) n = BatchNormalization(c, s, b, m, v) r = Relu(n) p = GlobalAveragePool(r) y = Flatten(p) }""", 8,
              {"w": normal(4, 3, 3, 3, scale=0.3), "s": np.abs(normal(4)) + 0.5, "b": normal(4), "m": normal(4),
               "v": np.abs(normal(4)) + 0.5}, ir=4), {"x": normal(1, 3, 8, 8)}, half=("Conv",))
    yield Case(
        "Clip, Pad and Dropout, opset 9",
        model("""g (float[1,3,8,8] x) => (float[1,4,8,8] y) {
                 p = Pad<pads = [0,0,1,1,0,0,1,1], value = 0.5>(x) c = Conv(p, w) d = Dropout<ratio = 0.3>(c)
                 y = Clip<min = 0.0, max = 6.0>(d) }""", 9, {"w": normal(4, 3, 3, 3, scale=0.3)}, ir=4),
        {"x": normal(1, 3, 8, 8)}, half=("Conv", "Clip"))
    yield Case(
        "a recurrent layer",
        model("""g (float[5,2,8] x) => (float[5,1,2,8] y, float[1,2,8] h) { y, h = LSTM<hidden_size = 8>(x, w, r, b) }""", 17,
              {"w": normal(1, 32, 8, scale=0.3), "r": normal(1, 32, 8, seed=1, scale=0.3), "b": normal(1, 64, seed=2)}),
        {"x": normal(5, 2, 8)}, half=("LSTM",))
    for opset in (13, 21):
        yield Case(
            f"QuantizeLinear and DequantizeLinear, opset {opset}",
            model("""g (float[2,8] x) => (float[2,8] y) {
                     q = QuantizeLinear(x, s, z) d = DequantizeLinear(q, s, z) wd = DequantizeLinear(wq, s, wz)
                     y = MatMul(d, wd) }""", opset,
                  {"s": np.float32(0.02), "z": np.uint8(128), "wz": np.int8(0), "wq": np.arange(-32, 32).reshape(8, 8).astype(np.int8)}),
            {"x": normal(2, 8)}, half=("MatMul",), least=30)
    yield Case(
        "sums in place",
        model("""g (float[4,8] x, int64[2,1] i, float[2,8] u) => (float[4,8] y) {
                 p = MatMul(x, w) y = ScatterND<reduction = "add">(p, i, u) }""", 18, w, ir=10),
        {"x": normal(4, 8), "i": np.array([[1], [1]]), "u": normal(2, 8)}, half=("MatMul",), float=("ScatterND",))
    yield Case(
        "TopK, OneHot and Gather",
        model("""g (float[2,8] x, int64[3] i) => (float[2,3] t, int64[2,3] j, float[3,8] g) {
                 p = MatMul(x, w) k = Constant<value_ints = [3]>() t, j = TopK(p, k) d = Constant<value_int = 8>()
                 v = Constant<value_floats = [0.0, 1.0]>() o = OneHot(i, d, v) g = MatMul(o, w) }""", 17, w),
        {"x": normal(2, 8), "i": np.array([1, 5, 2])}, half=("MatMul",))


def cases():
    for family in (resizing, subgraphs, constants, casts, masks, ranges, others):
        yield from family()
