"""Models of scikit-learn, as it writes them and as somebody would who means harm: estimator_files.py FOLDER

FOLDER/benign gets what every version of a scanner should know, FOLDER/hostile the same models with one thing changed:
each of those is loaded without an error, and does harm, or reads and writes beside its memory, when it is used.
Nothing of it is used here.
"""

import copy
import itertools
import os
import pickle
import sys
import warnings

import joblib
import numpy
import scipy.sparse
import scipy.stats
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import BallTree, KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.random_projection import SparseRandomProjection
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Bunch

warnings.simplefilter("ignore")
folder = sys.argv[1]
random = numpy.random.RandomState(7)
X = numpy.abs(random.randn(80, 4))
y = (X[:, 0] > 0.6).astype(int) + (X[:, 1] > 1)
texts = ["the cat sat", "a dog ran far", "cats and dogs", "the bird"] * 20


def save(place: str, name: str, model, forms=range(4)) -> None:
    os.makedirs(f"{folder}/{place}", exist_ok=True)
    for form in forms:
        path = f"{folder}/{place}/{name}.{['4.pkl', '5.pkl', 'joblib', 'compressed.joblib'][form]}"
        if form < 2:
            with open(path, "wb") as file:
                pickle.dump(model, file, protocol=4 + form)
        else:
            joblib.dump(model, path, compress=3 if form == 3 else 0)


benign = {
    "tree": DecisionTreeClassifier().fit(X, y),
    "forest": RandomForestClassifier(5, max_depth=4).fit(X, y),
    "outliers": IsolationForest(n_estimators=5).fit(X),
    "boosting": GradientBoostingClassifier(n_estimators=3).fit(X, y),
    "boosting-two": GradientBoostingClassifier(n_estimators=3).fit(X, y > 0),
    "boosting-numbers": GradientBoostingRegressor(n_estimators=3).fit(X, X[:, 0]),
    "histograms": HistGradientBoostingClassifier(max_iter=3).fit(X, y),
    "clusters": KMeans(3, n_init=1).fit(X),
    "vectors": SVC().fit(X, y),
    "vectors-numbers": SVR().fit(X, X[:, 0]),
    "neighbours": KNeighborsClassifier(algorithm="kd_tree").fit(X, y),
    "neighbours-balls": KNeighborsClassifier(algorithm="ball_tree", metric="manhattan").fit(X, y),
    "neighbours-sparse": KNeighborsClassifier().fit(scipy.sparse.csr_matrix(X), y),
    "words": make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts, y),
    "counts": CountVectorizer(ngram_range=(1, 2)).fit(texts),
    "hashes": HashingVectorizer(),
    "dictionary": DictVectorizer().fit([{"a": 1.0, "b": "x"}, {"a": 2.0}]),
    "categories": OneHotEncoder(drop="first").fit(numpy.array([["a"], ["b"], ["c"]], dtype=object)),
    "projection": SparseRandomProjection(2).fit(X),
    "columns": make_pipeline(
        make_column_transformer((StandardScaler(), [0, 1]), remainder="passthrough"), LogisticRegression()
    ).fit(X, y),
    "function": FunctionTransformer(numpy.log1p, numpy.expm1).fit(X),
    "search": GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, X[:, 0]),
    "search-score": GridSearchCV(
        LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, scoring=make_scorer(f1_score, average="macro")
    ).fit(X, y),
    "network": MLPClassifier((4,), max_iter=5).fit(X, y),
    "process": GaussianProcessRegressor(RBF() + WhiteKernel()).fit(X[:10], X[:10, 0]),
    "lines": SGDClassifier().fit(X, y),
    "polynomials": make_pipeline(PolynomialFeatures(2), PCA(2)).fit(X),
    "several": {"model": Ridge().fit(X, X[:, 0]), "names": ["a", "b"], "threshold": 0.5},
}
for name, model in benign.items():
    save("benign", name, model)


forms = itertools.cycle(range(4))


def hostile(name: str, model: str, change) -> None:
    """Each in one form, in turn."""
    changed = copy.deepcopy(benign[model])
    save("hostile", name, change(changed) or changed, [next(forms)])


def attribute(key: str, value):
    def change(model) -> None:
        model.__dict__[key] = value(model) if callable(value) and getattr(value, "__name__", "") == "<lambda>" else value

    return change


def state(key: str, change_state):
    """Changes a part whose class is compiled, which takes whatever it is given."""

    def change(model) -> None:
        part = getattr(model, key)
        changed = change_state(part.__getstate__())
        part.__setstate__(changed if changed is not None else part.__getstate__())

    return change


def nodes(**fields):
    """Changes the first node of a tree that is no leaf, by `field=value`."""

    def change(old):
        old["nodes"] = old["nodes"].copy()
        for field, value in fields.items():
            old["nodes"][field][0] = value
        return old

    return change


hostile("tree-child-outside", "tree", state("tree_", nodes(left_child=10**6)))
hostile("tree-child-negative", "tree", state("tree_", nodes(right_child=-7)))
hostile("tree-circle", "tree", state("tree_", nodes(left_child=0)))
hostile("tree-two-parents", "tree", state("tree_", lambda old: nodes(right_child=old["nodes"]["left_child"][0])(old)))
hostile("tree-feature-outside", "tree", state("tree_", nodes(feature=10**6)))
hostile("tree-feature-negative", "tree", state("tree_", nodes(feature=-3)))
hostile("tree-shallow", "tree", state("tree_", lambda old: dict(old, max_depth=0)))
hostile("tree-features", "tree", attribute("n_features_in_", 1))
hostile("tree-features-unsaid", "tree", lambda model: model.__dict__.pop("n_features_in_") and None)
hostile("tree-other", "tree", attribute("tree_", RBF()))
hostile("forest-last-tree", "forest", lambda model: state("tree_", nodes(feature=99))(model.estimators_[-1]))
hostile("outliers-shallow", "outliers", lambda model: state("tree_", lambda old: dict(old, max_depth=0))(model.estimators_[0]))
hostile("boosting-columns", "boosting", attribute("estimators_", lambda model: numpy.hstack([model.estimators_] * 2)))
hostile("boosting-features", "boosting", attribute("n_features_in_", 1))
hostile("boosting-loss", "boosting", attribute("_loss", benign["boosting-two"]._loss))
hostile("boosting-prior", "boosting", lambda model: attribute("class_prior_", numpy.ones(2))(model.init_))
hostile("boosting-strategy", "boosting", lambda model: attribute("_strategy", "uniform")(model.init_))
hostile("boosting-link", "boosting", lambda model: attribute("link", Bunch(link=RBF()))(model._loss))
hostile("boosting-start", "boosting", attribute("init_", benign["lines"]))
hostile("boosting-outputs", "boosting-numbers", lambda model: attribute("n_outputs_", 0)(model.init_))
hostile("boosting-not-trees", "boosting", lambda model: model.estimators_.__setitem__((0, 0), benign["lines"]))
for field, value in dict(left=10**6, right=0, feature_idx=77, is_categorical=1).items():
    hostile(
        f"histograms-{field}",
        "histograms",
        lambda model: model._predictors[-1][-1].nodes[field].__setitem__(0, value),
    )
hostile("histograms-features", "histograms", attribute("n_features_in_", 0))
hostile("clusters-narrow", "clusters", attribute("cluster_centers_", lambda model: model.cluster_centers_[:, :2].copy()))
hostile("vectors-counts", "vectors", attribute("_n_support", numpy.array([10**6, 1, 1], dtype=numpy.int32)))
hostile("vectors-counts-negative", "vectors", attribute("_n_support", lambda model: numpy.array([-5, 5, len(model.support_)], dtype=numpy.int32)))
hostile("vectors-coefficients", "vectors", attribute("_dual_coef_", numpy.zeros((2, 1))))
hostile("vectors-narrow", "vectors", attribute("support_vectors_", lambda model: model.support_vectors_[:, :1].copy()))
hostile("vectors-intercepts", "vectors", attribute("_intercept_", numpy.zeros(1)))
hostile("vectors-probabilities", "vectors", attribute("_probA", numpy.zeros(1)))
hostile("vectors-kernel", "vectors", attribute("kernel", "precomputed"))
hostile("neighbours-labels", "neighbours", attribute("_y", lambda model: model._y + 10**6))
hostile("neighbours-labels-negative", "neighbours", attribute("_y", lambda model: model._y - 1))
hostile("neighbours-sparse-labels", "neighbours-sparse", attribute("_y", lambda model: model._y[:3].copy()))
hostile("neighbours-count", "neighbours", attribute("n_samples_fit_", 3))
hostile("neighbours-narrow", "neighbours", attribute("_fit_X", lambda model: model._fit_X[:, :2].copy()))


def part(index: int, change_part):
    def change(old):
        parts = [numpy.array(value) if isinstance(value, numpy.ndarray) else value for value in old]
        parts[index] = change_part(parts[index])
        return tuple(parts)

    return change


def with_field(field: str, place: int, value: int):
    def change(array):
        array[field][place] = value
        return array

    return change


hostile("neighbours-indices", "neighbours", state("_tree", part(1, lambda array: array + 9999)))
hostile("neighbours-end", "neighbours", state("_tree", part(2, with_field("idx_end", 0, 10**6))))
hostile("neighbours-start", "neighbours", state("_tree", part(2, with_field("idx_start", 0, -4))))
hostile("neighbours-leaf", "neighbours", state("_tree", part(2, with_field("is_leaf", -1, 0))))
hostile("neighbours-bounds", "neighbours-balls", state("_tree", part(3, lambda array: array[:, :1].copy())))
hostile("neighbours-function", "neighbours", attribute("_tree", BallTree(X, metric=numpy.dot)))
hostile("neighbours-metric", "neighbours", attribute("metric", os.getcwd))
hostile("words-outside", "counts", lambda model: model.vocabulary_.__setitem__("cat", 10**6))
hostile("words-negative", "counts", lambda model: model.vocabulary_.__setitem__("cat", -1))
hostile("words-many", "counts", attribute("vocabulary_", {f"w{number}": number + (number == 4999) for number in range(5000)}))
hostile("words-dictionary", "dictionary", lambda model: model.vocabulary_.__setitem__("a", 99))
hostile("words-files", "counts", attribute("input", "filename"))
hostile("words-tokenizer", "counts", attribute("tokenizer", numpy.log1p))
hostile("words-tokenizer-class", "counts", attribute("tokenizer", LogisticRegression))
hostile("words-analyzer", "counts", attribute("analyzer", os.system))
hostile("words-expression", "counts", attribute("token_pattern", r"(\w+\s?)+$"))
hostile("hashes-none", "hashes", attribute("n_features", 0))
hostile("categories-few", "categories", attribute("_n_features_outs", [1]))
hostile("projection-column", "projection", lambda model: model.components_.indices.__setitem__(0, 10**6))
hostile("projection-negative", "projection", lambda model: model.components_.indices.__setitem__(0, -1))
hostile("projection-rows", "projection", lambda model: model.components_.indptr.__setitem__(1, 10**6))
hostile("step-tree", "columns", lambda model: model.steps.append(("more", benign["tree"].tree_)))
hostile("part-tree", "columns", attribute("verbose", benign["tree"].tree_))
hostile("memory-path", "columns", attribute("memory", "/tmp/cache"))
hostile("memory", "columns", attribute("memory", joblib.Memory(None)))
hostile("step-class", "columns", lambda model: model.steps.append(("more", SVC)))
hostile("workers", "forest", attribute("n_jobs", 10**6))
hostile("degree", "polynomials", lambda model: attribute("degree", 10**9)(model.steps[0][1]))
hostile("function-os", "function", attribute("func", os.system))
hostile("function-load", "function", attribute("func", numpy.load))
hostile("function-file", "function", attribute("func", numpy.fromfile))
hostile("function-eval", "function", attribute("func", eval))
hostile("method-predict", "lines", attribute("predict", RBF()))
hostile("method-check", "tree", attribute("_validate_X_predict", RBF()))
hostile("method-check-features", "tree", attribute("_check_n_features", RBF()))
save("hostile", "search-distribution", RandomizedSearchCV(Ridge(), {"alpha": scipy.stats.uniform(0, 1)}))
