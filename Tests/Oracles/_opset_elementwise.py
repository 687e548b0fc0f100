"""Models of one operator at each of its versions: elementwise arithmetic, activations, comparisons, types, strings."""
import math

import ml_dtypes
from _opset_table import *

UNARY = "Abs Ceil Exp Floor Neg Reciprocal Relu Sigmoid Tanh"
for op in UNARY.split():
    case(op, F(2, 3), until=5, consumed_inputs=[0])
    case(op, F(2, 3), since=6)
for op in ("Log", "Sqrt"):
    case(op, P(2, 3), until=5, consumed_inputs=[0])
    case(op, P(2, 3), since=6)
for op in "Asinh Atan Cos Cosh Erf IsNaN Round Sign Sin Sinh Softplus Softsign Tan HardSwish Mish Identity".split():
    case(op, F(2, 3))
for op in ("Acos", "Asin", "Atanh"):
    case(op, F(2, 3).clip(-0.9, 0.9))
case("Acosh", P(2, 3) + np.float32(1))
case("Relu", U(2, 3, dtype=np.int32), since=14)
case("Not", B(2, 3))

for op, alpha in (("Elu", 0.5), ("LeakyRelu", 0.1)):
    case(op, F(2, 3), until=5, alpha=alpha, consumed_inputs=[0])
    case(op, F(2, 3), since=6, alpha=alpha)
    case(op, F(2, 3), since=6)
case("Selu", F(2, 3), until=5, by=lambda x: np.where(x > 0, x, 1.6732 * (np.exp(x) - 1)) * np.float32(1.0507))
case("Selu", F(2, 3), since=6)
case("Selu", F(2, 3), alpha=1.5, gamma=1.2)
case("HardSigmoid", F(2, 3), until=5, alpha=0.3, consumed_inputs=[0])
case("HardSigmoid", F(2, 3), since=6, alpha=0.3, beta=0.4)
case("PRelu", F(2, 3, 4), F(3), until=6, by=lambda x, s: np.where(x < 0, x * s[:, None], x))
case("PRelu", F(2, 3, 4), F(1), until=6)
case("PRelu", F(2, 3, 4), F(3, 1), since=7)
case("Celu", F(2, 3), alpha=0.5)
case("Gelu", F(2, 3))
case("Gelu", F(2, 3), approximate="tanh")
case("Shrink", F(2, 3), lambd=0.3, bias=0.1)
case("ThresholdedRelu", F(2, 3), alpha=0.3)
case("Swish", F(2, 3), alpha=0.5)
case("SwiGLU", F(2, 3), F(2, 3), alpha=0.5)

for op in ("Add", "Sub", "Mul", "Div"):
    case(op, F(2, 3), P(2, 3), until=5, consumed_inputs=[0, 0])
    case(op, F(2, 3, 4), P(3), until=6, broadcast=1, axis=1, by=lambda a, b, op=op: ARITHMETIC[op](a, b[:, None]))
    case(op, F(2, 3, 4), P(3, 4), until=6, broadcast=1)
    case(op, F(2, 3, 4), P(3, 1), since=7)
    case(op, I(5, -6, 7), I(2, 3, -4), since=6)
    case(op, U(4, top=9), U(4, top=8) + np.uint8(1), since=14)
ARITHMETIC = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Pow": np.power}
case("Pow", P(2, 3, 4), P(3), until=6, broadcast=1, axis=1, by=lambda a, b: np.power(a, b[:, None]))
case("Pow", P(2, 3), P(2, 3), until=6)
case("Pow", P(2, 3), P(3), since=7)
case("Pow", I(1, 2, 3), P(3), since=12)
for op in ("And", "Or", "Xor"):
    case(op, B(2, 3, 4), B(3), until=6, broadcast=1, axis=1,
         by=lambda a, b, op=op: {"And": a & b[:, None], "Or": a | b[:, None], "Xor": a ^ b[:, None]}[op])
    case(op, B(2, 3), B(3), since=7)
for op, compare in (("Greater", np.greater), ("Less", np.less)):
    case(op, F(2, 3, 4), F(3), until=6, broadcast=1, axis=1, by=lambda a, b, f=compare: f(a, b[:, None]))
    case(op, F(2, 3), F(3), since=7)
    case(op, I(1, 2, 3), I(2), since=9)
case("Equal", I(1, 2, 3), I(1, 3, 3), until=6)
case("Equal", I(1, 2, 3), I(2), since=7)
case("Equal", F(2, 3).round(), F(3).round(), since=11)
case("Equal", T("a", "b"), T("a", "c"), since=19)
case("GreaterOrEqual", F(2, 3), F(3))
case("LessOrEqual", F(2, 3), F(3))
for op in ("Max", "Min", "Mean", "Sum"):
    case(op, F(2, 3), F(2, 3), F(2, 3), until=5, consumed_inputs=[0, 0, 0])
    case(op, F(2, 3), F(2, 3), F(2, 3), since=6)
    case(op, F(2, 3), since=6)
    case(op, F(2, 3), F(3), since=8)
for op in ("Max", "Min"):
    case(op, I(1, 5), I(3, 2), since=12)
case("Mod", I(5, -5, 7), I(3, 3, -3))
case("Mod", F(2, 3), P(2, 3), fmod=1)
case("BitShift", U(3), U(3, top=7), direction="LEFT")
for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
    case(op, U(2, 3), U(3))
case("BitwiseNot", U(2, 3))
case("Where", B(2, 3), F(2, 3), F(3))
case("IsInf", np.array([1, np.inf, -np.inf], np.float32), detect_negative=0)
case("Clip", F(2, 3), until=5, min=-0.5, max=0.5, consumed_inputs=[0], like=6)
case("Clip", F(2, 3), since=6, until=10, min=-0.5, max=0.5)
case("Clip", F(2, 3), since=6, until=10, max=0.25)
case("Clip", F(2, 3), S(-0.5), S(0.5), since=11)
case("Clip", F(2, 3), None, K(0.25), since=11)
case("Clip", I(1, 5, 9), S(2, np.int64), S(7, np.int64), since=12)
case("Dropout", F(2, 3), until=5, is_test=1, ratio=0.25, consumed_inputs=[0], by=lambda x: x)
case("Dropout", F(2, 3), since=6, until=6, is_test=1, ratio=0.25, by=lambda x: x)
case("Dropout", F(2, 3), since=7, until=10, ratio=0.25)
case("Dropout", F(2, 3), since=7, until=9, ratio=0.25, outputs=2, by=lambda x: (x, np.ones_like(x)))
case("Dropout", F(2, 3), since=10, until=10, outputs=2)
case("Dropout", F(2, 3), K(0.25), since=12, outputs=2)
case("Dropout", F(2, 3), K(0.0), K(np.array(True)), since=12, outputs=2)

for name, number in (("FLOAT16", 10), ("INT32", 6)):
    case("Cast", F(2, 3) * 9, until=5, to=name, by=lambda x, n=number: x.astype(helper.tensor_dtype_to_np_dtype(n)))
    case("Cast", F(2, 3) * 9, since=6, to=number)
case("Cast", T("1.5", "-2"), since=9, to=FLOAT)
case("Cast", F(2, 3), since=13, to=TensorProto.BFLOAT16)
case("Cast", F(2, 3) * 400, since=19, to=TensorProto.FLOAT8E4M3FN)
case("Cast", F(2, 3) * 400, since=19, to=TensorProto.FLOAT8E4M3FN, saturate=0)
case("Cast", F(2, 4) * 9, since=21, to=TensorProto.INT4)
case("Cast", F(2, 4) * 9, since=23, to=TensorProto.FLOAT4E2M1)
case("Cast", P(2, 4) * 9, since=24, to=TensorProto.FLOAT8E8M0, round_mode="nearest")
case("Cast", F(2, 4) * 3, since=25, to=TensorProto.INT2)
case("CastLike", F(2, 3) * 9, S(0, np.int32))
case("CastLike", F(2, 3) * 400, S(0, ml_dtypes.float8_e4m3fn), since=19, saturate=0)
case("CastLike", P(2, 3), S(1, ml_dtypes.float8_e8m0fnu), since=24, round_mode="down",
     by=lambda x, _: np.exp2(np.floor(np.log2(x))).astype(ml_dtypes.float8_e8m0fnu))
case("BitCast", F(2, 3), to=TensorProto.INT32)
case("CumSum", F(2, 3), S(1, np.int64), exclusive=1)
case("CumProd", F(2, 3), S(1, np.int64), reverse=1)
case("CumSum", F(2, 3), K(S(0, np.int64)))
case("CumSum", I(3, 1, 2), K(S(-1, np.int64)), reverse=1, exclusive=1)
case("CumProd", F(2, 3), K(S(1, np.int64)), exclusive=1)
case("Round", np.array([0.5, 1.5, 2.5, -0.5, -1.5, -0.3, 0.7, 3], np.float32))
case("IsNaN", np.array([0, np.nan, -np.inf, np.inf, -1], np.float32))
case("Constant", value=numpy_helper.from_array(F(2, 3)))
case("Constant", since=12, value_floats=[1.0, 2.5])
case("Constant", since=12, value_int=7)
case("Constant", since=12, value_strings=[b"a", b"b"])
case("Constant", since=11, sparse_value=helper.make_sparse_tensor(
    numpy_helper.from_array(I(3, 4), "v"), numpy_helper.from_array(I(1, 4), "i"), [6]),
    by=lambda: np.array([0, 3, 0, 0, 4, 0]))
case("StringConcat", T("a", "b"), T("x", "y"))
case("StringSplit", T("a b c", "d"), outputs=2)
case("StringNormalizer", T("Apple", "pie"), case_change_action="LOWER", stopwords=["pie"],
     by=lambda x: T("apple"))
case("RegexFullMatch", T("ab", "b"), pattern="a.*")
case("TfIdfVectorizer", I(1, 1, 3, 3, 3, 7), mode="TF", ngram_counts=[0, 4], ngram_indexes=[0, 1, 2, 3, 4, 5, 6],
     pool_int64s=[2, 3, 5, 4, 5, 6, 7, 8, 6, 7], min_gram_length=1, max_gram_length=1, max_skip_count=0)
