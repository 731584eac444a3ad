/// What pickles of scikit-learn import, by the exact module that each version of it wrote.
enum EstimatorList {
    static func standing(module: String, name: String) -> PickleStanding? {
        if module.hasPrefix("sklearn.") || module == "_loss" { return ofEstimators(module, name) }
        if module.hasPrefix("scipy.") { return sparse.contains("\(module).\(name)") ? .listed(.sparse) : nil }
        guard numpyModules.contains(module) else { return nil }
        return numpyFunctions.contains(name) ? .constant : nil
    }

    private static func ofEstimators(_ module: String, _ name: String) -> PickleStanding? {
        let place = String(module.dropFirst("sklearn.".count))
        let qualified = "\(place).\(name)"
        if lossModules.contains(module) {
            if losses.contains(name) { return .listed(.loss) }
            if name.hasPrefix("__pyx_unpickle_"), losses.contains(String(name.dropFirst(15))) {
                return .listed(.lossUnpickler)
            }
            return nil
        }
        switch qualified {
        case "tree._tree.Tree": return .listed(.tree)
        case "utils.Bunch", "utils._bunch.Bunch", "covariance._graph_lasso._DictWithDeprecatedKeys":
            return .listed(.estimatorDictionary)
        case "impute._iterative._ImputerTriplet", "_loss.glm_distribution.DistributionBoundary":
            return .listed(.estimatorTuple)
        case "ensemble._hist_gradient_boosting.predictor.TreePredictor": return .listed(.estimator)
        case "utils._metadata_requests.MetadataRequest", "utils._metadata_requests.MethodMetadataRequest":
            return .listed(.estimator)
        case "neighbors._kd_tree.KDTree", "neighbors._ball_tree.BallTree": return .constant
        case "neighbors._kd_tree.newObj", "neighbors._ball_tree.newObj", "neighbors._dist_metrics.newObj",
            "metrics._dist_metrics.newObj":
            return .listed(.newObject)
        default: break
        }
        if ["metrics._dist_metrics", "neighbors._dist_metrics"].contains(place), distances.contains(name) {
            return .constant
        }
        if functions[place]?.contains(name) == true { return .constant }
        return EstimatorNames.classes.contains(qualified) ? .listed(.estimator) : nil
    }

    /// Distances that have no more than a number; others bring a function, or arrays that they are indexed by.
    static let distances: Set = Set(
        ["Euclidean", "Manhattan", "Chebyshev"].flatMap { [$0 + "Distance", $0 + "Distance64", $0 + "Distance32"] }
    )

    /// Compiled losses: of scikit-learn 1.1 and later, which says `_loss` in some versions, and of its linear models.
    private static let lossModules: Set = ["_loss", "sklearn._loss._loss", "sklearn.linear_model._sgd_fast"]

    private static let losses: Set = Set(
        [
            "AbsoluteError", "ExponentialLoss", "HalfBinomialLoss", "HalfGammaLoss", "HalfMultinomialLoss",
            "HalfPoissonLoss", "HalfSquaredError", "HalfTweedieLoss", "HalfTweedieLossIdentity", "HuberLoss",
            "PinballLoss",
        ].map { "Cy" + $0 } + [
            "Hinge", "SquaredHinge", "ModifiedHuber", "Huber", "Log", "SquaredLoss", "EpsilonInsensitive",
            "SquaredEpsilonInsensitive",
        ]
    )

    /// Functions of numbers, which estimators name as scores and distances.
    private static let functions: [String: Set<String>] = [
        "feature_selection._univariate_selection": ["f_classif", "f_oneway", "f_regression", "chi2", "r_regression"],
        "feature_selection._mutual_info": ["mutual_info_classif", "mutual_info_regression"],
        "metrics._classification": [
            "accuracy_score", "balanced_accuracy_score", "brier_score_loss", "cohen_kappa_score", "f1_score",
            "fbeta_score", "hamming_loss", "jaccard_score", "log_loss", "matthews_corrcoef", "precision_score",
            "recall_score", "zero_one_loss", "d2_log_loss_score", "d2_brier_score",
        ],
        "metrics._regression": [
            "explained_variance_score", "max_error", "mean_absolute_error", "mean_absolute_percentage_error",
            "mean_gamma_deviance", "mean_pinball_loss", "mean_poisson_deviance", "mean_squared_error",
            "mean_squared_log_error", "mean_tweedie_deviance", "median_absolute_error", "r2_score",
            "root_mean_squared_error", "root_mean_squared_log_error", "d2_absolute_error_score",
        ],
        "metrics._ranking": [
            "average_precision_score", "dcg_score", "ndcg_score", "roc_auc_score", "top_k_accuracy_score",
        ],
        "metrics._scorer": ["_passthrough_scorer"],
        "model_selection._search_successive_halving": ["_refit_callable"],
    ]

    private static let sparse: Set = Set(
        ["csr", "csc"].flatMap { form in
            ["scipy.sparse.\(form).\(form)_matrix", "scipy.sparse._\(form).\(form)_matrix"]
                + ["scipy.sparse._\(form).\(form)_array"]
        }
    )

    private static let numpyModules: Set = [
        "numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "numpy.core.fromnumeric",
        "numpy._core.fromnumeric",
    ]

    /// Functions of numbers that transformers are given, each of an array and nothing else.
    private static let numpyFunctions: Set = [
        "log", "log1p", "log2", "log10", "exp", "exp2", "expm1", "sqrt", "cbrt", "square", "absolute", "fabs", "sign",
        "negative", "reciprocal", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh",
        "arccosh", "arctanh", "floor", "ceil", "rint", "trunc", "mean", "median", "amax", "amin", "sum",
    ]
}
