"""Operators of ai.onnx.ml agree with ONNX Runtime on generated cases of one node, and on models that skl2onnx exports from
scikit-learn: encoders, scalers, linear models, support vectors and trees."""
from _nodes import *

checks = Checks()
cases = []
random = np.random.default_rng(11)
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
EXPLAINED = {}


def add(name, op, operands, results=1, explained=None, version=3, **attributes):
    name = f"{op} {name}"
    given = {key: value for key, value in attributes.items() if value is not None}
    cases.append((name, node_model(op, operands, given, results, "ai.onnx.ml", version), operands))
    if explained:
        EXPLAINED[name] = explained


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def numbers(array):
    return [float(value) for value in np.ravel(array)]


def strings(*values):
    return np.array(values, dtype=object)


# Linear models.
for transform in TRANSFORMS:
    for targets in (1, 2, 4):
        add(f"{transform} {targets}", "LinearRegressor", [floats(5, 3)], coefficients=numbers(floats(targets, 3)),
            intercepts=numbers(floats(targets)), targets=targets, post_transform=transform)
    for classes in (2, 3, 5):
        for names in ("ints", "strings"):
            labels = {"classlabels_ints": [7 * i - 3 for i in range(classes)]} if names == "ints" else {
                "classlabels_strings": [f"c{i}" for i in range(classes)]}
            add(f"{transform} {classes} {names}", "LinearClassifier", [floats(6, 4)], results=2,
                coefficients=numbers(floats(classes, 4)), intercepts=numbers(floats(classes)), post_transform=transform, **labels)
    if transform != "PROBIT":
        add(f"{transform} one score", "LinearClassifier", [floats(6, 4)], results=2, coefficients=numbers(floats(4)),
            intercepts=[0.1], classlabels_ints=[3, 5], post_transform=transform)
add("without intercepts", "LinearRegressor", [floats(4, 2)], coefficients=[1.0, -2.0])
add("vector", "LinearRegressor", [floats(3)], coefficients=[1.0, -2.0, 3.0])
add("wrong count", "LinearRegressor", [floats(4, 3)], coefficients=[1.0, -2.0])
for dtype in (np.float64, np.int64, np.int32):
    add(dtype.__name__, "LinearClassifier", [(floats(5, 3) * 4).astype(dtype)], results=2, coefficients=numbers(floats(3, 3)),
        intercepts=[0.0, 0.5, 1.0], classlabels_ints=[0, 1, 2])

# Support vectors.
for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID"):
    parameters = {"LINEAR": [0.0, 0.0, 0.0], "POLY": [0.5, 0.25, 3.0], "RBF": [0.3, 0.0, 0.0], "SIGMOID": [0.4, 0.1, 0.0]}[kernel]
    for one_class in (0, 1):
        add(f"{kernel} {one_class}", "SVMRegressor", [floats(6, 3)], coefficients=numbers(floats(4)), n_supports=4,
            kernel_type=kernel, kernel_params=parameters, rho=[0.2], support_vectors=numbers(floats(4, 3)), one_class=one_class)
    for classes in (2, 3, 4):
        pairs = classes * (classes - 1) // 2
        for probable in (False, True):
            for transform in ("NONE", "LOGISTIC", "SOFTMAX"):
                counts = [int(count) for count in random.integers(1, 4, classes)]
                estimates = {"prob_a": numbers(-abs(floats(pairs))), "prob_b": numbers(floats(pairs) / 4)} if probable else {}
                labels = {"classlabels_ints": [2 * i + 1 for i in range(classes)]} if classes != 3 else {
                    "classlabels_strings": [f"c{i}" for i in range(classes)]}
                add(f"{kernel} {classes} {transform}{' probable' if probable else ''}", "SVMClassifier", [floats(6, 3)], results=2,
                    coefficients=numbers(floats(classes - 1, sum(counts))), kernel_type=kernel, kernel_params=parameters,
                    rho=numbers(floats(pairs)), support_vectors=numbers(floats(sum(counts), 3)), vectors_per_class=counts,
                    post_transform=transform, **estimates, **labels)
for classes in (2, 3):
    for transform in ("NONE", "LOGISTIC", "SOFTMAX"):
        add(f"linear {classes} {transform}", "SVMClassifier", [floats(6, 3)], results=2, coefficients=numbers(floats(classes, 3)),
            rho=[0.25], classlabels_ints=list(range(classes)), post_transform=transform, kernel_type="LINEAR",
            kernel_params=[0.0, 0.0, 0.0], explained=None if classes > 2 else
            "ONNX Runtime gives the second of two classes wherever the larger score is positive, and not the top class")
add("linear", "SVMRegressor", [floats(6, 3)], coefficients=numbers(floats(3)), rho=[0.25], kernel_type="LINEAR",
    kernel_params=[0.0, 0.0, 0.0])

# Trees.
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


def trees(count, features, depth, modes=MODES[:4]):
    """Attributes of random trees, and their leaves as (tree, node)."""
    made = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
                                "missing_value_tracks_true")}
    leaves = []
    for tree in range(count):
        numbered = 0
        queue = [(0, 0)]
        while queue:
            node, level = queue.pop(0)
            leaf = level == depth or (level and random.random() < 0.25)
            made["treeids"].append(tree)
            made["nodeids"].append(node)
            made["featureids"].append(0 if leaf else int(random.integers(features)))
            made["values"].append(0.0 if leaf else float(np.float32(random.integers(-3, 4) / 2)))
            made["modes"].append("LEAF" if leaf else str(random.choice(modes)))
            made["missing_value_tracks_true"].append(0 if leaf else int(random.integers(2)))
            if leaf:
                leaves.append((tree, node))
                made["truenodeids"].append(0)
                made["falsenodeids"].append(0)
            else:
                made["truenodeids"].append(numbered + 1)
                made["falsenodeids"].append(numbered + 2)
                queue += [(numbered + 1, level + 1), (numbered + 2, level + 1)]
                numbered += 2
    return {f"nodes_{key}": value for key, value in made.items()}, leaves


def rows(features, missing=True):
    array = (random.integers(-4, 5, (16, features)) / 2).astype(np.float32)
    if missing:
        array[random.random(array.shape) < 0.1] = np.nan
    return array


for number in range(24):
    nodes, leaves = trees(1 + number % 4 * 3, 5, 1 + number % 5, MODES[:4] if number % 2 else MODES[:5])
    targets = 1 + number % 3
    votes = [(leaf, target) for leaf in leaves for target in range(targets) if random.random() < 0.8 or not target]
    add(f"{number}", "TreeEnsembleRegressor", [rows(5).astype((np.float32, np.float64)[number % 5 == 4])],
        target_treeids=[leaf[0] for leaf, _ in votes], target_nodeids=[leaf[1] for leaf, _ in votes],
        target_ids=[target for _, target in votes], target_weights=numbers(floats(len(votes))), n_targets=targets,
        aggregate_function=("SUM", "AVERAGE", "MIN", "MAX")[number % 4], post_transform=TRANSFORMS[number // 4 % 4],
        base_values=numbers(floats(targets)) if number % 2 else None, **nodes)
for number in range(30):
    nodes, leaves = trees(1 + number % 4 * 3, 4, 1 + number % 5)
    classes = 3 + number % 3
    votes = [(leaf, target) for leaf in leaves for target in range(classes) if random.random() < 0.7]
    labels = {"classlabels_int64s": [2 * i + 1 for i in range(classes)]} if number % 2 else {
        "classlabels_strings": [f"c{i}" for i in range(classes)]}
    add(f"{number}", "TreeEnsembleClassifier", [rows(4)], results=2, class_treeids=[leaf[0] for leaf, _ in votes],
        class_nodeids=[leaf[1] for leaf, _ in votes], class_ids=[target for _, target in votes],
        class_weights=numbers(floats(len(votes))), post_transform=TRANSFORMS[number % 4],
        base_values=numbers(floats(classes)) if number % 3 == 1 else None, **nodes, **labels)
for number in range(16):
    nodes, leaves = trees(1 + number % 4 * 3, 4, 1 + number % 5)
    weights = abs(floats(len(leaves))) if number % 2 else floats(len(leaves))
    add(f"one score {number}", "TreeEnsembleClassifier", [rows(4)], results=2, class_treeids=[leaf[0] for leaf in leaves],
        class_nodeids=[leaf[1] for leaf in leaves], class_ids=[0] * len(leaves), class_weights=numbers(weights / 4),
        classlabels_int64s=[5, 8], post_transform=TRANSFORMS[number // 4], base_values=[0.25] if number % 4 > 1 else None, **nodes)
for number in range(6):
    nodes, leaves = trees(3, 4, 3)
    doubles = {f"nodes_{key}_as_tensor": numpy_helper.from_array(np.array(nodes.pop(f"nodes_{key}"), np.float64)) for key in ("values",)}
    weights = numpy_helper.from_array(random.standard_normal(len(leaves)))
    ids = {"treeids": [leaf[0] for leaf in leaves], "nodeids": [leaf[1] for leaf in leaves]}
    if number % 2:
        add(f"double {number}", "TreeEnsembleRegressor", [rows(4).astype(np.float64)], n_targets=1, target_ids=[0] * len(leaves),
            target_weights_as_tensor=weights, **{f"target_{key}": value for key, value in ids.items()}, **nodes, **doubles)
    else:
        add(f"double {number}", "TreeEnsembleClassifier", [rows(4).astype(np.float64)], results=2, class_weights_as_tensor=weights,
            class_ids=[place % 3 for place in range(len(leaves))], classlabels_int64s=[1, 2, 3],
            **{f"class_{key}": value for key, value in ids.items()}, **nodes, **doubles)


def ensemble(count, features, depth, kind, members):
    """Attributes of TreeEnsemble: branches and leaves in two lists."""
    branches, leaves, roots, sets = [], 0, [], []

    def grow(level):
        nonlocal leaves
        if level == depth or (level and random.random() < 0.25):
            leaves += 1
            return 1, leaves - 1
        index = len(branches)
        mode = int(random.choice([0, 1, 2, 3, 4, 6] if members else [0, 1, 2, 3, 4]))
        branches.append(None)
        # Sets stand in the order of their branches.
        # ONNX Runtime takes only whole numbers.
        sets.append([float(value) for value in random.integers(1, 4, 2)] if mode == 6 else None)
        branches[index] = (mode, int(random.integers(features)), random.integers(-3, 4) / 2, int(random.integers(2)), *grow(level + 1), *grow(level + 1))
        return 0, index

    for _ in range(count):
        roots.append(grow(0)[1])
    columns = list(zip(*branches))
    given = {
        "tree_roots": roots, "nodes_featureids": list(columns[1]),
        "nodes_modes": numpy_helper.from_array(np.array(columns[0], np.uint8)),
        "nodes_splits": numpy_helper.from_array(np.array(columns[2], kind)),
        "nodes_missing_value_tracks_true": list(columns[3]), "nodes_trueleafs": list(columns[4]),
        "nodes_truenodeids": list(columns[5]), "nodes_falseleafs": list(columns[6]), "nodes_falsenodeids": list(columns[7]),
        "leaf_weights": numpy_helper.from_array(random.standard_normal(leaves).astype(kind)),
    }
    listed = [value for group in sets if group for value in (*group, float("nan"))]
    if listed:
        given["membership_values"] = numpy_helper.from_array(np.array(listed, kind))
    return given, leaves


for number in range(16):
    kind = (np.float32, np.float64)[number % 2]
    given, leaves = ensemble(1 + number % 3 * 2, 3, 1 + number % 4, kind, members=number % 4 == 3)
    targets = 1 + number % 3
    given |= {"n_targets": targets, "leaf_targetids": [int(target) for target in random.integers(0, targets, leaves)],
              "aggregate_function": number % 4}
    operands = [rows(3, missing=False).astype(kind)]
    # For ONNX Runtime 1 is LOGISTIC and 2 is SOFTMAX; the specification has them the other way round.
    mine, theirs = (node_model("TreeEnsemble", operands, given | {"post_transform": code}, 1, "ai.onnx.ml", 5)
                    for code in (number // 4 % 4, (0, 2, 1, 3)[number // 4 % 4]))
    cases.append((f"TreeEnsemble {number}", mine, operands, theirs))

# Rescaling.
for dtype in (np.float32, np.float64, np.int64, np.int32):
    array = (floats(4, 3) * 8).astype(dtype)
    array[0] = 0
    for norm in ("MAX", "L1", "L2"):
        add(f"{norm} {dtype.__name__}", "Normalizer", [array], norm=norm)
    add(f"{dtype.__name__}", "Scaler", [array], offset=[1.0, 2.0, 3.0], scale=[0.5, 0.25, 2.0])
    add(f"one {dtype.__name__}", "Scaler", [array], offset=[1.0], scale=[0.5])
add("vector", "Normalizer", [floats(5)], norm="L2")
add("negative", "Normalizer", [-abs(floats(3, 3))], norm="MAX")
add("wrong count", "Scaler", [floats(2, 3)], offset=[1.0, 2.0], scale=[1.0, 2.0])
for threshold in (0.0, 0.5, -1.0):
    add(f"{threshold}", "Binarizer", [floats(3, 4, 2)], threshold=threshold)
holes = floats(4, 3)
holes[0, 0] = holes[2, 1] = np.nan
holes[1] = 7
for replaced in (float("nan"), 7.0):
    for values in ([1.5], [1.0, 2.0, 3.0]):
        add(f"{replaced} {values}", "Imputer", [holes], imputed_value_floats=values, replaced_value_float=replaced)
        add(f"{replaced} {values} integers", "Imputer", [np.array([[7, 1, 7], [2, 7, 3]], np.int64)],
            imputed_value_int64s=[int(value) for value in values], replaced_value_int64=7)
add("nothing given", "Imputer", [holes], replaced_value_float=7.0)

# Encoders.
WORDS = strings("a", "b", "c", "é", "", "z")
KEYS, PLACES, REALS = ["a", "c", "é"], [5, -1, 7], [1.5, -2.0, 0.25]
NUMBERS = np.array([5, -1, 7, 0, 5], np.int64)
FLOATS = np.array([1.5, -2.0, 0.25, np.nan, 3.0, -0.0], np.float32)
for version in (2, 4):
    add(f"strings to integers {version}", "LabelEncoder", [WORDS], version=version, keys_strings=KEYS, values_int64s=PLACES, default_int64=-9)
    add(f"strings to floats {version}", "LabelEncoder", [WORDS], version=version, keys_strings=KEYS, values_floats=REALS)
    add(f"strings to strings {version}", "LabelEncoder", [WORDS], version=version, keys_strings=KEYS, values_strings=["x", "y", "ü"])
    add(f"integers to strings {version}", "LabelEncoder", [NUMBERS], version=version, keys_int64s=PLACES, values_strings=KEYS, default_string="?")
    add(f"integers to integers {version}", "LabelEncoder", [NUMBERS], version=version, keys_int64s=PLACES, values_int64s=[1, 2, 3])
    add(f"integers to floats {version}", "LabelEncoder", [NUMBERS], version=version, keys_int64s=PLACES, values_floats=REALS, default_float=9.5)
    add(f"floats to strings {version}", "LabelEncoder", [FLOATS], version=version, keys_floats=REALS, values_strings=KEYS)
    add(f"floats to integers {version}", "LabelEncoder", [FLOATS], version=version, keys_floats=REALS, values_int64s=PLACES)
    add(f"floats to floats {version}", "LabelEncoder", [FLOATS.reshape(2, 3)], version=version, keys_floats=REALS, values_floats=REALS[::-1])
add("NaN", "LabelEncoder", [FLOATS], version=4, keys_floats=[float("nan"), 3.0], values_int64s=[1, 2])
add("zero", "LabelEncoder", [FLOATS], version=4, keys_floats=[0.0, 3.0], values_int64s=[1, 2])
add("unequal lists", "LabelEncoder", [FLOATS], version=4, keys_floats=[0.0, 3.0], values_int64s=[1])
tensor = lambda values, dtype: numpy_helper.from_array(np.array(values, dtype))
add("tensors of doubles", "LabelEncoder", [FLOATS.astype(np.float64)], version=4, keys_tensor=tensor(REALS, np.float64),
    values_tensor=tensor([9.0, 8.0, 7.0], np.float64), default_tensor=tensor([0.5], np.float64))
add("tensors of strings", "LabelEncoder", [WORDS], version=4, keys_tensor=tensor(KEYS, object), values_tensor=tensor([1, 2, 3], np.int16),
    default_tensor=tensor([4], np.int16))
for version in (1, 2):
    add(f"strings {version}", "CategoryMapper", [WORDS], version=version, cats_strings=KEYS, cats_int64s=PLACES, default_int64=-5)
    add(f"integers {version}", "CategoryMapper", [NUMBERS], version=version, cats_strings=KEYS, cats_int64s=PLACES, default_string="?")
add("strings 1", "LabelEncoder", [WORDS], version=1, classes_strings=KEYS, default_int64=-7)
add("integers 1", "LabelEncoder", [np.array([0, 2, 1, 3, -1], np.int64)], version=1, classes_strings=KEYS, default_string="?")
add("strings", "OneHotEncoder", [WORDS], cats_strings=KEYS)
add("strings that must be known", "OneHotEncoder", [WORDS], cats_strings=KEYS, zeros=0)
for dtype in (np.int64, np.float32, np.float64):
    add(dtype.__name__, "OneHotEncoder", [np.array([[5, 7], [1, -1]], dtype)], cats_int64s=PLACES)
add("known", "OneHotEncoder", [np.array([5, 7], np.int64)], cats_int64s=PLACES, zeros=0)

# Features picked and joined.
for dtype in (np.float32, np.float64, np.int64, np.int32):
    add(dtype.__name__, "ArrayFeatureExtractor", [np.arange(12).reshape(3, 4).astype(dtype), np.array([3, 0, 0], np.int64)])
add("strings", "ArrayFeatureExtractor", [strings(*"abcdef").reshape(2, 3), np.array([[2], [1]], np.int64)])
add("vector", "ArrayFeatureExtractor", [floats(4), np.array([1, 2], np.int64)])
add("three axes", "ArrayFeatureExtractor", [floats(2, 3, 4), np.array([1], np.int64)])
add("beyond", "ArrayFeatureExtractor", [floats(2, 3), np.array([3], np.int64)])
add("negative", "ArrayFeatureExtractor", [floats(2, 3), np.array([-1], np.int64)])
for sizes in ([2, 3], [1, 3], [3, 4]):
    add(f"{sizes}", "FeatureVectorizer", [floats(4, 2), floats(4, 3)], inputdimensions=sizes)
add("integers", "FeatureVectorizer", [np.arange(6).reshape(2, 3), np.arange(2).reshape(2, 1)], inputdimensions=[3, 1])
add("vectors", "FeatureVectorizer", [floats(3), floats(2)], inputdimensions=[3, 2])


def exported():
    """Models that skl2onnx makes of fitted estimators, with rows to run them on."""
    import warnings

    from skl2onnx import to_onnx
    from sklearn import datasets, ensemble, linear_model, naive_bayes, neural_network, pipeline, preprocessing, svm, tree

    warnings.simplefilter("ignore")
    sets = {"iris": datasets.load_iris(return_X_y=True), "digits": datasets.load_digits(return_X_y=True)}
    sets["two kinds of iris"] = tuple(part[:100] for part in sets["iris"])
    classifiers = [
        ensemble.RandomForestClassifier(12, random_state=1), ensemble.ExtraTreesClassifier(8, random_state=1),
        ensemble.GradientBoostingClassifier(n_estimators=6, random_state=1), ensemble.AdaBoostClassifier(n_estimators=5, random_state=1),
        tree.DecisionTreeClassifier(random_state=1),
        linear_model.LogisticRegression(max_iter=300), linear_model.RidgeClassifier(), svm.SVC(), svm.SVC(kernel="poly"),
        svm.SVC(probability=True), svm.LinearSVC(), naive_bayes.GaussianNB(), neural_network.MLPClassifier((8,), max_iter=60, random_state=1),
        pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression(max_iter=300)),
        pipeline.make_pipeline(preprocessing.MinMaxScaler(), preprocessing.Normalizer(), svm.SVC()),
        pipeline.make_pipeline(preprocessing.Binarizer(threshold=2.0), tree.DecisionTreeClassifier(random_state=1)),
    ]
    regressors = [
        ensemble.RandomForestRegressor(12, random_state=1), ensemble.GradientBoostingRegressor(n_estimators=6, random_state=1),
        tree.DecisionTreeRegressor(random_state=1), linear_model.LinearRegression(),
        svm.SVR(), svm.OneClassSVM(), pipeline.make_pipeline(preprocessing.RobustScaler(), linear_model.Ridge()),
    ]
    for data, (features, target) in sets.items():
        features = features[::-1 if data == "iris" else 1].astype(np.float32)
        target = target[::-1] if data == "iris" else target
        for estimator in classifiers + regressors:
            steps = [part for _, part in estimator.steps] if isinstance(estimator, pipeline.Pipeline) else [estimator]
            what = " and ".join(type(part).__name__ for part in steps)
            fitted = estimator.fit(features, target)
            # A list of maps is no array; of LinearSVC there is none.
            mapped = estimator in classifiers and not isinstance(estimator, svm.LinearSVC)
            options = {id(estimator): {"zipmap": False}} if mapped else None
            model = to_onnx(fitted, features[:1], options=options, target_opset={"": 18, "ai.onnx.ml": 3})
            kind = "probability" if getattr(estimator, "probability", False) else getattr(estimator, "kernel", "")
            cases.append((f"{what} {kind} of {data}".replace("  ", " "), model, [features[::3]]))


def map_type(key, value):
    kind = onnx.TypeProto()
    kind.map_type.key_type = key
    kind.map_type.value_type.CopyFrom(helper.make_tensor_type_proto(value, []))
    return kind


def maps():
    """Operators that read or make maps, on one value each."""
    scores, counts = {3: 1.5, 0: -2.75, 4: 7.0}, {"a": 1.5, "z": 9.0, "c": 2.0}
    numbered, named = map_type(TensorProto.INT64, TensorProto.FLOAT), map_type(TensorProto.STRING, TensorProto.FLOAT)
    matrix = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    given = [("CastMap", scores, numbered, {"cast_to": to} | form) for to in ("TO_FLOAT", "TO_INT64")
             for form in ({}, {"map_form": "SPARSE", "max_map": 6})]
    given += [("DictVectorizer", counts, named, {"string_vocabulary": words}) for words in (["c", "b", "a"], ["b"])]
    given += [("DictVectorizer", scores, numbered, {"int64_vocabulary": [4, 2, 3]})]
    for array in (floats(4, 2), floats(2), floats(3, 3), floats(0, 2)):
        given += [("ZipMap", array, matrix, labels) for labels in (
            {"classlabels_strings": ["x", "y"]}, {"classlabels_int64s": [5, 3]})]
    folder = workspace()
    for number, (op, value, kind, attributes) in enumerate(given):
        node = helper.make_node(op, ["x"], ["y"], domain="ai.onnx.ml", **attributes)
        graph = helper.make_graph([node], "one", [onnx.ValueInfoProto(name="x", type=kind)], [onnx.ValueInfoProto(name="y")])
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("", 21)], ir_version=10)
        own = folder / str(number)
        (own / "in").mkdir(parents=True)
        onnx.save(model, own / "model.onnx")
        proto = map_message(value) if isinstance(value, dict) else numpy_helper.from_array(value)
        (own / "in/input_0.pb").write_bytes(proto.SerializeToString())
        try:
            decant("run", own / "model.onnx", "--input", own / "in", "--output", own / "out")
            written = (own / "out/output_0.pb").read_bytes()
            got = read_maps(written) if op == "ZipMap" else numpy_helper.to_array(onnx.TensorProto.FromString(written)).tolist()
        except CommandFailed as error:
            got = str(error)
        wanted = ort_results(model, [value])
        if isinstance(wanted, str) or isinstance(got, str):
            same = isinstance(wanted, str) and isinstance(got, str)
        else:
            same = got == (wanted[0] if op == "ZipMap" else wanted[0].tolist())
        checks.check(same, f"{op} {attributes} {number}", "" if same else f"{got} for {wanted}")


def map_message(value):
    """A dictionary as the message that holds it."""
    proto = onnx.MapProto(values=numpy_helper.from_list([np.float32(one) for one in value.values()]))
    if isinstance(next(iter(value)), str):
        proto.key_type = TensorProto.STRING
        proto.string_keys.extend(key.encode() for key in value)
    else:
        proto.key_type = TensorProto.INT64
        proto.keys.extend(value)
    return proto


def read_maps(written):
    """A sequence of maps as a list of dictionaries."""
    return [dict(zip(list(one.keys) or [key.decode() for key in one.string_keys],
                     (float(numpy_helper.to_array(tensor)) for tensor in one.values.tensor_values)))
            for one in onnx.SequenceProto.FromString(written).map_values]


checks.attempt("maps", maps)
checks.attempt("models of scikit-learn", exported)
print(f"{len(cases)} cases")
# Sums of hundreds of products in single precision.
compare_all(checks, cases, atol=1e-5, explained=EXPLAINED)
checks.finish()
