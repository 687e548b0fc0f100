"""optimize on generated models: ONNX Runtime computes the same before and after, within 1e-5 of the range.

Each model is a random pile of what the passes look for: constants, operators that do nothing, pairs that undo each other,
shape arithmetic over a dynamic batch, duplicates, dead branches, layers with arithmetic behind them, branches with constant
conditions, outputs that are inputs or constants. DECANT_RANDOM_MODELS is how many (default 60), the seed is the number.
"""
from onnx import TensorProto, helper, numpy_helper

from _harness import *

COUNT = int(os.environ.get("DECANT_RANDOM_MODELS", "60"))
BATCH = 2
checks = Checks()
folder = workspace()


class Maker:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.values, self.count = [], [], [], 0

    def name(self, base="v"):
        self.count += 1
        return f"{base}{self.count}"

    def chance(self, n):
        return self.random.integers(n) == 0

    def choose(self, items):
        return items[self.random.integers(len(items))]

    def node(self, op, inputs, outputs=None, **attributes):
        outputs = outputs or [self.name()]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=self.name("n"), **attributes))
        return outputs[0]

    def constant(self, array):
        array = np.asarray(array)
        name = self.name("c")
        if self.chance(2):
            self.initializers.append(numpy_helper.from_array(array, name))
            return name
        return self.node("Constant", [], [name], value=numpy_helper.from_array(array, name))

    def weights(self, *shape):
        return self.constant(self.random.uniform(-1, 1, shape).astype(np.float32))

    def scalar(self, *choices):
        return self.constant(np.full(self.choose([(), (1,)]), self.choose(choices), np.float32))

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def push(self, value, shape):
        self.values.append((value, tuple(shape)))

    def pick(self):
        return self.values[-1 - self.random.integers(min(6, len(self.values)))]

    def step(self):
        steps = [self.unary, self.arithmetic, self.nothing, self.reshape, self.transpose, self.convolution, self.matrix,
                 self.combine, self.shapes, self.branch, self.slices, self.padding, self.where, self.casts]
        self.choose(steps)(*self.pick())

    def unary(self, x, shape):
        op = self.choose(["Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Floor", "Identity", "Neg", "Relu", "Abs"])
        for _ in range(self.random.integers(1, 4)):
            y = self.node(op, [x])
            x = y if self.chance(2) else x
        self.push(y, shape)
        if self.chance(3):
            y = self.node("Clip", [y, self.constant(np.float32(self.choose([-1, 0, 0.2]))),
                                   self.constant(np.float32(self.choose([0.3, 6])))])
            if self.chance(2):
                y = self.node("Clip", [y, "", self.constant(np.float32(0.5))])
            if self.chance(2):
                y = self.node("Relu", [y])
            self.push(y, shape)

    def arithmetic(self, x, shape):
        op = self.choose(["Add", "Mul", "Sub", "Div", "Pow"])
        if op == "Pow":
            return self.push(self.node("Pow", [x, self.scalar(1, 2)]), shape)
        neutral = 0 if op in ("Add", "Sub") else 1
        choices = (neutral, neutral, -0.0 if neutral == 0 else 1, 0.5)
        operand = self.choose([lambda: self.scalar(*choices),
                               lambda: self.constant(np.full((1,) * len(shape), self.choose(choices), np.float32)),
                               lambda: self.constant(self.random.uniform(0.5, 1, shape[-1:]).astype(np.float32))])()
        swap = op in ("Add", "Mul", "Sub") and self.chance(2)
        self.push(self.node(op, [operand, x] if swap else [x, operand]), shape)

    def nothing(self, x, shape):
        rank = len(shape)
        y = self.choose([
            lambda: self.node("Dropout", [x]),
            lambda: self.node("Identity", [self.node("Identity", [x])]),
            lambda: self.node("Cast", [x], to=TensorProto.FLOAT),
            lambda: self.node("Concat", [x], axis=0),
            lambda: self.node("Sum", [x]),
            lambda: self.node("Expand", [x, self.ints(*[1] * rank)]),
            lambda: self.node("Tile", [x, self.ints(*[1] * rank)]),
            lambda: self.node("Pad", [x, self.ints(*[0] * 2 * rank)]),
            lambda: self.node("Transpose", [x], perm=list(range(rank))),
            lambda: self.node("Slice", [x, self.ints(0), self.ints(2**63 - 1), self.ints(rank - 1)]),
        ])()
        self.push(y, shape)

    def reshape(self, x, shape):
        size = int(np.prod(shape))
        rest = size // shape[0]
        y = self.choose([
            lambda: (self.node("Flatten", [x], axis=1), (shape[0], rest)),
            lambda: (self.node("Reshape", [x, self.ints(0, -1)]), (shape[0], rest)) if len(shape) > 1 else (x, shape),
            lambda: (self.node("Reshape", [x, self.ints(-1, *shape[1:])]), shape),
            lambda: (self.node("Unsqueeze", [x, self.ints(1)]), (shape[0], 1) + shape[1:]),
            lambda: (self.node("Squeeze", [self.node("Unsqueeze", [x, self.ints(0)]), self.ints(0)]), shape),
        ])()
        if len(y[1]) < 6:
            self.push(*y)
        if rest == 144:
            z = self.node(self.choose(["Relu", "Sigmoid"]), [y[0]])
            self.push(self.node("Reshape", [z, self.ints(-1, 4, 6, 6)]), (shape[0], 4, 6, 6))

    def transpose(self, x, shape):
        perm = [0] + [1 + int(i) for i in self.random.permutation(len(shape) - 1)]
        y = self.node("Transpose", [x], perm=perm)
        turned = tuple(shape[i] for i in perm)
        self.push(y, turned)
        if self.chance(2):
            z = self.node("Tanh", [y])
            back = perm if self.chance(3) else [perm.index(i) for i in range(len(shape))]
            self.push(self.node("Transpose", [z], perm=back), tuple(turned[i] for i in back))

    def affine(self, y, shape, channels):
        ones = (1,) * (len(shape) - 2)
        form = self.choose([(1, channels) + ones, (channels,) + ones, (), (1,)])
        values = self.random.uniform(0.5, 2, form).astype(np.float32) * np.float32(self.choose([1, -1]))
        op = self.choose(["Mul", "Add", "Sub", "Div"])
        operands = [y, self.constant(values)]
        return self.node(op, operands[::-1] if op != "Div" and self.chance(2) else operands)

    def convolution(self, x, shape):
        if len(shape) not in (3, 4) or min(shape[2:]) < 2 or max(shape) > 16:
            return self.unary(x, shape)
        channels, spatial = shape[1], len(shape) - 2
        groups = self.choose([1, channels]) if channels <= 8 else 1
        bias = [self.weights(4 * groups)] if self.chance(2) else []
        if self.chance(3):
            weight = self.weights(channels, 4, *[2] * spatial)
            y = self.node("ConvTranspose", [x, weight] + bias, group=groups)
            shape = (shape[0], 4 * groups) + tuple(n + 1 for n in shape[2:])
        else:
            weight = self.weights(4 * groups, channels // groups, *[1] * spatial)
            y = self.node("Conv", [x, weight] + bias, group=groups)
            shape = (shape[0], 4 * groups) + shape[2:]
        out = 4 * groups
        if self.chance(4):
            self.push(y, shape)
        for _ in range(self.random.integers(1, 3)):
            if self.chance(2):
                variance = self.constant(self.random.uniform(0.1, 2, out).astype(np.float32))
                parameters = [self.weights(out) for _ in range(3)]
                y = self.node("BatchNormalization", [y] + parameters + [variance], epsilon=1e-3)
            else:
                y = self.affine(y, shape, out)
        y = self.node("Tanh", [y])
        self.push(self.node("ReduceMean", [y], axes=list(range(2, len(shape))), keepdims=0), shape[:2])
        self.push(y, shape)

    def matrix(self, x, shape):
        if len(shape) != 2 or shape[1] > 256:
            x, shape = self.node("Flatten", [x], axis=1), (shape[0], int(np.prod(shape[1:])))
            if shape[1] > 600:
                return
        wide, out = shape[1], 3
        if self.chance(2):
            y = self.node("Add", [self.node("MatMul", [x, self.weights(wide, out)]), self.weights(out)])
        else:
            turned = int(self.random.integers(2))
            weight = self.weights(*((out, wide) if turned else (wide, out)))
            bias = self.choose([[], [self.weights(out)], [self.weights(1, out)], [self.scalar(0.3)]])
            y = self.node("Gemm", [x, weight] + bias, transB=turned, alpha=0.5, beta=float(self.choose([1, 2])))
        if self.chance(2):
            y = self.affine(y, (shape[0], out), out)
        self.push(self.node("Tanh", [y]), (shape[0], out))

    def combine(self, x, shape):
        same = [v for v, s in self.values if s == shape]
        y = self.node(self.choose(["Add", "Max", "Mul"]), [x, self.choose(same)])
        self.push(self.node("Tanh", [y]), shape)
        # The same twice, and a dead branch.
        twice = [self.node("Sigmoid", [self.node("Neg", [x])]) for _ in range(2)]
        self.push(self.node("Add", twice), shape)
        self.node("Exp", [twice[0]])

    def shapes(self, x, shape):
        s = self.node("Shape", [x])
        extents = [self.node("Gather", [s, self.constant(np.int64(i))]) for i in range(len(shape))]
        rest = extents[1] if len(shape) > 1 else self.constant(np.int64(1))
        for extent in extents[2:]:
            rest = self.node("Mul", [rest, extent])
        parts = [self.node("Unsqueeze", [e, self.ints(0)]) for e in (extents[0], rest)]
        flat = self.node("Reshape", [x, self.node("Concat", parts, axis=0)])
        y = self.node("Sigmoid", [flat])
        self.push(y, (shape[0], int(np.prod(shape[1:]))))
        self.push(self.node("Reshape", [y, s]), shape)
        ones = self.node("ConstantOfShape", [s], value=numpy_helper.from_array(np.ones(1, np.float32)))
        self.push(self.node("Mul", [x, ones]), shape)

    def branch(self, x, shape):
        def body(op, name):
            inner = [helper.make_node("Identity", [x], [name + "i"]), helper.make_node(op, [name + "i"], [name])]
            return helper.make_graph(inner, name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)])
        y = self.node("If", [self.constant(np.bool_(self.chance(2)))],
                      then_branch=body("Relu", self.name("t")), else_branch=body("Neg", self.name("e")))
        self.push(y, shape)

    def slices(self, x, shape):
        if shape[-1] < 2:
            return
        starts, ends, steps = self.choose([(0, 99, 1), (0, -1, 1), (-1, -99, -1), (0, 99, 2), (1, 2, 1)])
        axis = len(shape) - 1
        y = self.node("Slice", [x, self.ints(starts), self.ints(ends), self.ints(axis), self.ints(steps)])
        length = len(range(shape[-1])[slice(starts, ends if ends != -99 else None, steps)])
        self.push(y, shape[:-1] + (length,))

    def padding(self, x, shape):
        if len(shape) != 4 or min(shape[2:]) < 3 or max(shape[1:]) > 16:
            return self.nothing(x, shape)
        pads = [int(self.random.integers(3)) for _ in range(4)]
        mode = self.choose(["constant", "constant", "reflect"])
        padded = self.node("Pad", [x, self.ints(0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3])], mode=mode)
        height, width = shape[2] + pads[0] + pads[2] - 2, shape[3] + pads[1] + pads[3] - 2
        if self.chance(2):
            y = self.node("AveragePool", [padded], kernel_shape=[3, 3], count_include_pad=int(self.random.integers(2)))
            self.push(y, shape[:2] + (height, width))
        elif self.chance(2):
            self.push(self.node("MaxPool", [padded], kernel_shape=[3, 3]), shape[:2] + (height, width))
        else:
            y = self.node("Conv", [padded, self.weights(4, shape[1], 3, 3)], pads=[1, 0, 0, 1])
            self.push(self.node("Tanh", [y]), (shape[0], 4, height + 1, width + 1))

    def where(self, x, shape):
        condition = self.choose([np.array(True), np.zeros((1,) * len(shape), bool), self.random.random(shape[-1]) < 0.5])
        self.push(self.node("Where", [self.constant(condition), x, self.scalar(0.25)]), shape)

    def casts(self, x, shape):
        middle = self.choose([TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT32, TensorProto.BOOL])
        y = self.node("Cast", [x], to=middle)
        if self.chance(2):
            y = self.node("Cast", [y], to=TensorProto.DOUBLE)
        self.push(self.node("Cast", [y], to=TensorProto.FLOAT), shape)

    def model(self, steps):
        self.push("x", (BATCH, 4, 6, 6))
        for _ in range(steps):
            self.step()
        outputs = list(dict.fromkeys([self.values[-1][0], self.pick()[0], self.choose(self.values)[0]]))
        if self.chance(4):
            outputs.append(self.choose([i.name for i in self.initializers] or ["x"]))
        if "x" in outputs:
            outputs[outputs.index("x")] = self.node("Identity", ["x"])
        outputs = list(dict.fromkeys(outputs))
        graph = helper.make_graph(
            self.nodes, "random", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, 6, 6])],
            [onnx.ValueInfoProto(name=name) for name in outputs], initializer=self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        inferred = onnx.shape_inference.infer_shapes(model)
        types = {v.name: v for v in list(inferred.graph.value_info) + list(inferred.graph.output)}
        types |= {i.name: helper.make_tensor_value_info(i.name, i.data_type, i.dims) for i in self.initializers}
        ranks = {i.name: len(i.dims) for i in self.initializers} | {name: len(shape) for name, shape in self.values}
        del model.graph.output[:]
        for name in outputs:
            kind = types[name].type.tensor_type.elem_type
            model.graph.output.append(helper.make_tensor_value_info(name, kind, [None] * ranks.get(name, 4)))
        return model


def off(got, wanted):
    """The largest difference against the range; saturated outputs count against their size."""
    share, array = off_by(got, wanted), wanted.astype(np.float64)
    if wanted.size == 0 or not np.isfinite(share):
        return share
    return share * np.ptp(array) / max(np.ptp(array), np.abs(array).max(), 1e-30) if np.ptp(array) else share


def check(seed):
    path, optimized = folder / f"{seed}.onnx", folder / f"{seed}.optimized.onnx"
    onnx.save(Maker(seed).model(steps=14), path)
    decant("optimize", path, "-o", optimized)
    onnx.checker.check_model(str(optimized), full_check=True)
    before, after = (len(onnx.load(p).graph.node) for p in (path, optimized))
    largest = 0.0
    for batch in (1, BATCH, 3):
        feeds = {"x": np.random.default_rng(batch).uniform(-1, 1, (batch, 4, 6, 6)).astype(np.float32)}
        wanted, got = run_ort(path, feeds), run_ort(optimized, feeds)
        if list(got) != list(wanted):
            return checks.check(False, f"seed {seed}: outputs", f"{list(wanted)} became {list(got)}")
        largest = max([largest] + [off(got[name], wanted[name]) for name in wanted])
    checks.check(largest <= 1e-5, f"seed {seed}: {before} to {after} nodes", f"{largest:.1e} of the range")


for seed in range(COUNT):
    checks.attempt(f"seed {seed}", lambda: check(seed))
checks.finish()
