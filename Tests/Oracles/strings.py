"""Operators on strings agree with ONNX Runtime, whose regular expressions are RE2's own, on generated cases."""
from _nodes import *

checks = Checks()
cases = []


def strings(*values, shape=None):
    array = np.array(values, dtype=object)
    return array.reshape(shape) if shape else array


def add(name, op, operands, results=1, **attributes):
    cases.append((f"{op} {name}", node_model(op, operands, attributes, results, version=21), operands))


SUBJECTS = strings(
    "", "a", "b", "A", "ab", "abc", "aab", "abab", "aaaa", "é", "É", "k", "\u212a", "日本", "0", "42", "a b", "a\nb", "\n",
    "_x9", "foo.bar", "foo@example.com", "x-y", "]", "^", "a^", "\\", "\t", "{2}", "a{2}", "aa", "a+b", "ſ", "S", "ß", "Z9",
    "xay", "--", "1,2", "word word", "((", "é́", "😀", "٣", " ")
PATTERNS = [
    "", "a", "a*", "a+", "a?", "(a|b)*", "a|b|", "|a", "ab|cd", "(ab)+", "a{2}", "a{2,}", "a{0,3}", "a{,3}", "a{2", "{2}",
    "(?:a|ab)(?:b|)", ".", "..", ".*", "(?s).", "(?s).*", "(?m)a$\\nb", "(?m)^a\\n^b", "^a$", "a^", "$", "^", "\\Aa\\z",
    "[abc]+", "[^abc]+", "[a-c]+", "[]]", "[^]]", "[]a]", "[a-]+", "[-a]+", "[\\]^-]+", "[a\\-z]", "[\\d\\s]+", "[^\\d]+",
    "[\\D]+", "[^\\D]+", "[[:alpha:]]+", "[[:^alpha:]]+", "[[:digit:][:space:]]+", "[[:word:]]+", "[[:punct:]]+", "\\d+",
    "\\D+", "\\w+", "\\W+", "\\s", "\\S+", "\\bword\\b.*", "\\Ba", ".*\\b.*", "a\\B.*", "\\.", "foo\\.bar", "\\Qa+b\\E",
    "\\Qa+b", "\\x61", "\\x{e9}", "\\141", "\\0", "\\n", "a\\nb", "\\t", "\\pL+", "\\p{L}+", "\\p{Lu}", "\\PL+", "\\p{^L}+",
    "\\p{Nd}+", "[\\pL\\d]+", "[^\\pL]+", "(?i)a", "(?i)AB", "(?i)k", "(?i)s", "(?i)é", "(?i)[a-c]+", "(?i)[^a]+", "(?i)z9",
    "(?i:A)b", "(?-i:a)", "((?i)A)b", "a(?i)B", "(?P<n>a)b", "(?<n>a)b", "(?U)a+", "a*?", "a+?b??", "(a*)*", "(a*)+", "(a|b*)*c?",
    "(?:(?:a?){3}){2}", "()", "()*", "(|a)*", "x*y*", "[\\x{e0}-\\x{ff}]", "é", "日.", "😀", "[😀]", "(\\W|^)[\\w.\\-]{0,25}@.*com",
    "^*a", "(?:^a|b$)", "a(b(c)?)?", ".{2}", ".{0,1}", "\\C",
    # Not RE2.
    "(", ")", "a)", "[", "[a", "[b-a]", "*", "+a", "a**", "a{2}{3}", "a{1001}", "a{3,2}", "(?=a)", "(?!a)", "(a)\\1", "\\",
    "\\q", "(?P<n", "(?x)a", "[[:nope:]]", "\\p{Nope}", "\\x{110000}", "\\xZ", "(?", "(?i", "\\Z", "a{1000}{1000}",
]
for pattern in PATTERNS:
    add(repr(pattern), "RegexFullMatch", [SUBJECTS], pattern=pattern)

WORDS = strings("z", " ", "a", "a b", "  a  b ", "a,b", ",a,,b,", "a b c", "é,ü", "aaa", "a, b, c, d", "日 本")
for delimiter in (None, "", ",", ", ", "aa", "é", "x"):
    for maxsplit in (None, 1, 2, 5):
        given = {key: value for key, value in (("delimiter", delimiter), ("maxsplit", maxsplit)) if value is not None}
        add(f"{delimiter!r} {maxsplit}", "StringSplit", [WORDS], results=2, **given)
add("matrix", "StringSplit", [WORDS.reshape(3, 4)], results=2, delimiter=",")
add("scalar", "StringSplit", [strings("a b c", shape=())], results=2)
add("nothing", "StringSplit", [strings(shape=(0,))], results=2)
add("nothing in a row", "StringSplit", [strings(shape=(2, 0))], results=2)

for left, right in (((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((0,), (1,)), ((1, 2, 3), (2, 1)), ((), ())):
    pair = [strings(*(f"{side}{i}" for i in range(int(np.prod(shape)))), shape=shape) for side, shape in (("é", left), ("b", right))]
    add(f"{left} {right}", "StringConcat", pair)
add("shapes that do not fit", "StringConcat", [strings("a", "b"), strings("a", "b", "c")])

NAMES = strings("Monday", "tuesday", "WEDNESDAY", "Thursday", "", "été", "ÉTÉ", "monday", "Ökonomie", "ΣΑΣ")
for action in ("NONE", "LOWER", "UPPER"):
    for sensitive in (0, 1):
        for stopwords in (None, ["monday"], ["Monday", "tuesday"], ["ÉTÉ", "wednesday"], list(NAMES)):
            given = {"case_change_action": action, "is_case_sensitive": sensitive, "locale": "C.UTF-8"}
            if stopwords:
                given["stopwords"] = stopwords
            add(f"{action} {sensitive} {stopwords}", "StringNormalizer", [NAMES], **given)
add("row", "StringNormalizer", [NAMES.reshape(1, -1)], case_change_action="UPPER", locale="C.UTF-8")
add("matrix", "StringNormalizer", [NAMES.reshape(2, -1)], case_change_action="UPPER", locale="C.UTF-8")

random = np.random.default_rng(7)
for number in range(60):
    use_strings = number % 3 == 2
    terms = int(random.integers(2, 6))
    grams = [[tuple(random.integers(0, terms, length)) for _ in range(int(random.integers(0, 4)))] for length in (1, 2, 3)]
    grams = [sorted(set(group)) for group in grams]
    pool = [int(term) for group in grams for gram in group for term in gram]
    count = sum(map(len, grams))
    if not count:
        continue
    starts = np.cumsum([0] + [len(group) * (place + 1) for place, group in enumerate(grams)])[:3]
    shortest = int(random.integers(1, 4))
    columns = random.permutation(count) if number % 2 else np.arange(count)
    given = {
        "mode": ("TF", "IDF", "TFIDF")[number % 3], "min_gram_length": shortest,
        "max_gram_length": int(random.integers(shortest, 4)), "max_skip_count": int(random.integers(0, 5)),
        "ngram_counts": [int(start) for start in starts], "ngram_indexes": [int(column) for column in columns],
    }
    if number % 4:
        given["weights"] = [float(weight) for weight in random.random(count).astype(np.float32)]
    given |= {"pool_strings": [f"w{term}" for term in pool]} if use_strings else {"pool_int64s": pool}
    row = random.integers(0, terms + 1, (8,) if number % 5 else (2, 6))
    row = np.array([f"w{term}" for term in row.ravel()], dtype=object).reshape(row.shape) if use_strings else row.astype(
        (np.int32, np.int64)[number % 2])
    add(str(number), "TfIdfVectorizer", [row], **given)

add("empty", "StringSplit", [strings("")], results=2, delimiter=",")
add("tab", "StringSplit", [strings("a\tb")], results=2)
add("sharp s", "StringNormalizer", [strings("Straße")], case_change_action="UPPER", locale="C.UTF-8")
EXPLAINED = {
    "RegexFullMatch '\\\\C'": "a part of a character is no character, and strings are UTF-8: refused",
    "StringSplit empty": "a string without delimiters is one substring, as the ONNX project's reference has it; ONNX Runtime has none",
    "StringSplit tab": "all white space separates words, as the specification says; for ONNX Runtime only spaces do",
    "StringNormalizer sharp s": "Unicode's upper case of 'ß' is 'SS', as the ONNX project's reference has it",
}
compare_all(checks, cases, explained=EXPLAINED)
checks.finish()
