/// The classes of scikit-learn whose objects are numbers, texts and one another, and the attributes that they set.
///
/// Written down from scikit-learn 0.22 to 1.9: every class that its pickles name, and every attribute that its classes
/// assign themselves, less the names of their methods: an attribute under a method's name would stand in its place.
/// What reads files, runs what it is given, or hands its state to compiled code that takes it as it is, is left out or
/// checked by ``PickleMachine``.
enum EstimatorNames {
    /// Modules of scikit-learn, without its name, each with its classes.
    private static let table = """
        _loss.glm_distribution:  ExponentialDispersionModel GammaDistribution
        InverseGaussianDistribution NormalDistribution PoissonDistribution TweedieDistribution
        _loss.link: BaseLink HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit
        _loss.loss: AbsoluteError BaseLoss ExponentialLoss HalfBinomialLoss HalfBinomialLossArrayAPI
        HalfGammaLoss HalfMultinomialLoss HalfMultinomialLossArrayAPI HalfPoissonLoss HalfPoissonLossArrayAPI
        HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss
        calibration: CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration _TemperatureScaling
        cluster._affinity_propagation: AffinityPropagation
        cluster._agglomerative: AgglomerativeClustering FeatureAgglomeration
        cluster._bicluster: SpectralBiclustering SpectralCoclustering
        cluster._birch: Birch _CFNode _CFSubcluster
        cluster._dbscan: DBSCAN
        cluster._kmeans: KMeans MiniBatchKMeans
        cluster._mean_shift: MeanShift
        cluster._optics: OPTICS
        cluster._spectral: SpectralClustering
        compose._column_transformer: ColumnTransformer _RemainderColsList make_column_selector
        compose._target: TransformedTargetRegressor
        covariance._elliptic_envelope: EllipticEnvelope
        covariance._empirical_covariance: EmpiricalCovariance
        covariance._graph_lasso: BaseGraphicalLasso GraphicalLasso GraphicalLassoCV
        covariance._robust_covariance: MinCovDet
        covariance._shrunk_covariance: LedoitWolf OAS ShrunkCovariance
        cross_decomposition._cca: CCA
        cross_decomposition._pls: CCA PLSCanonical PLSRegression PLSSVD
        decomposition._dict_learning: DictionaryLearning MiniBatchDictionaryLearning SparseCoder
        decomposition._factor_analysis: FactorAnalysis
        decomposition._fastica: FastICA
        decomposition._incremental_pca: IncrementalPCA
        decomposition._kernel_pca: KernelPCA
        decomposition._lda: LatentDirichletAllocation
        decomposition._nmf: MiniBatchNMF NMF
        decomposition._pca: PCA
        decomposition._sparse_pca: MiniBatchSparsePCA SparsePCA
        decomposition._truncated_svd: TruncatedSVD
        discriminant_analysis: LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis
        dummy: DummyClassifier DummyRegressor
        ensemble._bagging: BaggingClassifier BaggingRegressor
        ensemble._forest: ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier
        RandomForestRegressor RandomTreesEmbedding
        ensemble._gb: GradientBoostingClassifier GradientBoostingRegressor
        ensemble._gb_losses: BinomialDeviance ClassificationLossFunction ExponentialLoss HuberLossFunction
        LeastAbsoluteError LeastSquaresError LossFunction MultinomialDeviance QuantileLossFunction
        RegressionLossFunction
        ensemble._hist_gradient_boosting.binning: _BinMapper
        ensemble._hist_gradient_boosting.gradient_boosting: HistGradientBoostingClassifier
        HistGradientBoostingRegressor
        ensemble._hist_gradient_boosting.loss: BaseLoss BinaryCrossEntropy CategoricalCrossEntropy
        LeastAbsoluteDeviation LeastSquares Poisson
        ensemble._iforest: IsolationForest
        ensemble._stacking: StackingClassifier StackingRegressor
        ensemble._voting: VotingClassifier VotingRegressor
        ensemble._weight_boosting: AdaBoostClassifier AdaBoostRegressor
        feature_extraction._dict_vectorizer: DictVectorizer
        feature_extraction._hash: FeatureHasher
        feature_extraction.image: PatchExtractor
        feature_extraction.text: CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer
        feature_selection._from_model: SelectFromModel
        feature_selection._rfe: RFE RFECV
        feature_selection._sequential: SequentialFeatureSelector
        feature_selection._univariate_selection: GenericUnivariateSelect SelectFdr SelectFpr SelectFwe
        SelectKBest SelectPercentile
        feature_selection._variance_threshold: VarianceThreshold
        frozen._frozen: FrozenEstimator
        gaussian_process._gpc: GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace
        gaussian_process._gpr: GaussianProcessRegressor
        gaussian_process.kernels: CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation
        Kernel KernelOperator Matern PairwiseKernel Product RBF RationalQuadratic Sum WhiteKernel
        impute._base: MissingIndicator SimpleImputer
        impute._iterative: IterativeImputer
        impute._knn: KNNImputer
        isotonic: IsotonicRegression
        kernel_approximation: AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler
        kernel_ridge: KernelRidge
        linear_model._base: LinearRegression
        linear_model._bayes: ARDRegression BayesianRidge
        linear_model._coordinate_descent: ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet
        MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV
        linear_model._glm.glm: GammaRegressor GeneralizedLinearRegressor PoissonRegressor TweedieRegressor
        _GeneralizedLinearRegressor
        linear_model._glm.link: BaseLink IdentityLink LogLink LogitLink
        linear_model._huber: HuberRegressor
        linear_model._least_angle: Lars LarsCV LassoLars LassoLarsCV LassoLarsIC
        linear_model._logistic: LogisticRegression LogisticRegressionCV
        linear_model._omp: OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV
        linear_model._passive_aggressive: PassiveAggressiveClassifier PassiveAggressiveRegressor
        linear_model._perceptron: Perceptron
        linear_model._quantile: QuantileRegressor
        linear_model._ransac: RANSACRegressor
        linear_model._ridge: Ridge RidgeCV RidgeClassifier RidgeClassifierCV _BaseRidge _BaseRidgeCV
        _IdentityClassifier _IdentityRegressor _RidgeGCV _XT_CenterStackOp _X_CenterStackOp
        linear_model._stochastic_gradient: SGDClassifier SGDOneClassSVM SGDRegressor
        linear_model._theil_sen: TheilSenRegressor
        manifold._classical_mds: ClassicalMDS
        manifold._isomap: Isomap
        manifold._locally_linear: LocallyLinearEmbedding
        manifold._mds: MDS
        manifold._spectral_embedding: SpectralEmbedding
        manifold._t_sne: TSNE
        metrics._scorer: _BaseScorer _CurveScorer _MultimetricScorer _PassthroughScorer _PredictScorer
        _ProbaScorer _Scorer _ThresholdScorer
        mixture._bayesian_mixture: BayesianGaussianMixture
        mixture._gaussian_mixture: GaussianMixture
        model_selection._classification_threshold: BaseThresholdClassifier FixedThresholdClassifier
        TunedThresholdClassifierCV _CurveScorer
        model_selection._search: GridSearchCV RandomizedSearchCV
        model_selection._search_successive_halving: HalvingGridSearchCV HalvingRandomSearchCV
        model_selection._split: BaseCrossValidator BaseShuffleSplit GroupKFold GroupShuffleSplit KFold
        LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut PredefinedSplit RepeatedKFold
        RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit
        TimeSeriesSplit _BaseKFold _CVIterableWrapper _RepeatedSplits
        multiclass: OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier _ConstantPredictor
        multioutput: ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain
        naive_bayes: BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB
        neighbors._classification: KNeighborsClassifier RadiusNeighborsClassifier
        neighbors._graph: KNeighborsTransformer RadiusNeighborsTransformer
        neighbors._kde: KernelDensity
        neighbors._lof: LocalOutlierFactor
        neighbors._nca: NeighborhoodComponentsAnalysis
        neighbors._nearest_centroid: NearestCentroid
        neighbors._regression: KNeighborsRegressor RadiusNeighborsRegressor
        neighbors._unsupervised: NearestNeighbors
        neural_network._multilayer_perceptron: MLPClassifier MLPRegressor
        neural_network._rbm: BernoulliRBM
        neural_network._stochastic_optimizers: AdamOptimizer BaseOptimizer SGDOptimizer
        pipeline: FeatureUnion Pipeline
        preprocessing._data: Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PolynomialFeatures
        PowerTransformer QuantileTransformer RobustScaler StandardScaler
        preprocessing._discretization: KBinsDiscretizer
        preprocessing._encoders: OneHotEncoder OrdinalEncoder
        preprocessing._function_transformer: FunctionTransformer
        preprocessing._label: LabelBinarizer LabelEncoder MultiLabelBinarizer
        preprocessing._polynomial: PolynomialFeatures
        preprocessing._target_encoder: TargetEncoder
        random_projection: GaussianRandomProjection SparseRandomProjection
        semi_supervised._label_propagation: LabelPropagation LabelSpreading
        semi_supervised._self_training: SelfTrainingClassifier
        svm._classes: LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR
        tree._classes: DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor
        """

    static let classes: Set<String> = {
        var all: Set<String> = []
        var module = ""
        for word in table.split(whereSeparator: \.isWhitespace) {
            if word.hasSuffix(":") { module = String(word.dropLast()) } else { all.insert("\(module).\(word)") }
        }
        return all
    }()

    /// Whether a class sets an attribute of that name.
    static func contains(_ name: String, of type: String) -> Bool {
        type.hasSuffix("MetadataRequest") ? requests.contains(name) : attributes.contains(name)
    }

    /// What is asked of whom: by the names of methods, which these two classes do not have.
    private static let requests: Set = [
        "owner", "method", "_requests", "fit", "partial_fit", "predict", "predict_proba", "predict_log_proba",
        "decision_function", "score", "split", "transform", "inverse_transform",
    ]

    private static let attributes = Set(attributeTable.split(whereSeparator: \.isWhitespace).map(String.init))

    private static let attributeTable = """
        C C_ Cs Cs_ K K_fit_all_ K_fit_rows_ L_ U_init V_init W_sr_ X X_ X_fit_ X_max_ X_mean X_min_ X_offset_
        X_scale_ X_thresholds_ X_train_ X_transformed_fit_ _A _B _K_inv _X_ _X_mean _aborting _algorithm
        _alphas _average_coef _average_intercept _average_path_length_per_tree _backend _backend_args
        _base_loss _baseline_prediction _batch_size _best_coefs _best_intercepts _beta_loss _bin_mapper
        _bisecting_tree _cached_dict _callback_fit_ctx _centerer _checked_cv_orig _coef_ _coef_indptr
        _coef_warning _columns _components_denominator _components_numerator _counts _curve_scorer
        _decision_path_lengths _default_test_size _default_to_infrequent_mappings _deprecated_fit
        _deprecated_key_to_new_key _deprecated_partial_fit _deprecation_msg _df_columns _distances_fit_X_
        _doc_link_template _doc_link_url_param_generator _drop_idx_after_grouping _dual_coef_
        _effective_probability _encoder _estimator _ewa_cost _ewa_cost_min _ewa_inertia
        _ewa_inertia_min _expanded_class_weight _family_instance _feature_names_in _feature_subsample_rng
        _fill_dtype _final_estimator _fit_X _fit_algorithm _fit_dtype _fit_method _fit_svd_solver
        _fitted_with_sw _gamma _has_str_cols _idf_diag _in_fit _infrequent_enabled _infrequent_indices
        _init _init_prev_time _init_size _inner_stats _intercept_ _intercept_indptr _is_categorical_remapped
        _is_empty_feature _iter_prev_time _iterating _jobs _kmeans_single _kwargs _l1_reg_H _l1_reg_W
        _l2_reg_H _l2_reg_W _label_binarizer _label_encoder _le _learning_rate _link_instance _lock _loss
        _loss_function_ _lower_bound _lrd _managed_backend _mask_fit_X _max_components _max_degree
        _max_features _max_iter _max_samples _max_subpopulation _max_value _metadata_request _metric
        _metric_mds _metric_params _min_degree _min_samples _min_value _missing_indices _n_classes
        _n_components _n_feature_outs _n_features _n_features_out _n_features_outs _n_init _n_out_full
        _n_samples _n_samples_bootstrap _n_samples_orig _n_since_last_reassign _n_support _n_threads
        _name_to_fitted_passthrough _necessary_X_ _necessary_y_ _no_improvement _no_improvement_count
        _norm_y_weights _normalize _num_iter _optimizer _original_iterator _output 
        _pickle_cache _power _pre_dispatch_amount _precomputed _predict_1d _predictors _preprocessor _probA
        _probB _raise_exc _random_seed _random_state _raw_data _remainder _residues _response_method _rho _rng
        _sample_interval _sample_weight _scaler _score_func _scorer _scorers _seeds _sign
        _single_linkage_tree_ _skl_callbacks _skl_callbacks_to_teardown _sklearn_output_config
        _sklearn_version _sparse _standard_coef _standard_intercept _start_time _stop_words_id
        _store_cv_results _strategy _subcluster_norms _tfidf _thresholds _tol _training_dim
        _transform_max_iter _transformer_to_input_indices _transformers_feature_names_out _tree _unmixing
        _use_validation_data _valid_mask _validate _variant _verbose _whiten _x_mean _x_scores _x_std _y _y_
        _y_mean _y_scores _y_std _y_train_mean _y_train_std a_ accept_sparse activation active_ add_indicator
        affinity affinity_matrix_ aggressive_elimination algorithm allow_single_cluster alpha alpha_ alpha_1
        alpha_2 alpha_H alpha_W alpha_bounds alpha_init alpha_per_target alphas alphas_ alternate_sign
        analyzer angle anisotropic approx_hessian assign_labels assume_centered atol average average_coef_
        average_intercept_ ax_ b_ backend backend_options bandwidth bandwidth_ base_estimator base_estimator_
        batch_size batch_size_ behaviour best_estimator_ best_index_ best_loss_ best_params_ best_score_
        best_threshold_ best_validation_score_ beta_ beta_1 beta_2 beta_loss bin_edges_ bin_mapper_
        bin_seeding bin_thresholds_ binarize binary binned_left_cat_bitsets bisecting_strategy bitHash_
        block_size bootstrap bootstrap_features bound_ bounds branching_factor breadth_first break_ties
        breakdown_ bsplines_ bytes_limit cache cache_size calibrated_classifiers_ calibrators calibrators_
        callback categorical_features categories categories_ category_count_ ccp_alpha center center_
        centroid_ centroids_ chain_method chain_method_ check_inverse child_ children_ class_count_
        class_indexing_offsets class_log_prior_ class_prior class_prior_ class_weight class_weight_ classes
        classes_ clip closs cluster_all cluster_centers_ cluster_centers_indices_ cluster_hierarchy_
        cluster_method cluster_selection_epsilon cluster_selection_method code_book_ code_init code_size coef0
        coef_ coef_path_ coefs_ coefs_paths_ column_labels_ columns columns_ component_indices_ components_
        compress compute_distances compute_full_tree compute_inverse_components compute_labels compute_score
        connectivity constant constant_ constant_hessian constant_value constant_value_bounds contamination
        converged_ convergence_iter copy copy_X copy_X_train copy_x core_distances_ core_sample_indices_
        costs_ counts_ covariance covariance_ covariance_estimator covariance_prior covariance_prior_
        covariance_type covariances_ criterion criterion_ cv cv_alphas_ cv_results_ cv_values_ cvargs damping
        data data_max_ data_min_ data_range_ decision_function_shape decode_error deflation_mode degree
        degrees_of_freedom_ degrees_of_freedom_prior degrees_of_freedom_prior_ delta dense_output density
        density_ depth deviations_ device dict_init dictionary direction dissimilarity dissimilarity_matrix_
        dist_ dist_matrix_ distance_threshold distances_ do_early_stopping_ doc_topic_prior doc_topic_prior_
        drop drop_idx_ dtype dtype_exclude dtype_include dual dual_coef_ dual_gap_ dummy_leaf_
        early_exaggeration early_stopping effective_metric_ effective_metric_params_ eigen_solver eigen_tol
        eigenvalues_ eigenvectors_ embedding_ encode encoded_missing_value encoding encodings_ enet_tol
        ensemble eps eps_ epsilon epsilon_ error_ error_on_new error_score estimator estimator_
        estimator_errors_ estimator_name estimator_params estimator_weights_ estimators estimators_
        estimators_features_ estimators_samples_ eta0 evaluate_every exp_dirichlet_component_
        explained_variance_ explained_variance_ratio_ exponent extrapolation f_ f_cached factor family
        feature_all_ feature_count_ feature_log_prob_ feature_name_combiner feature_names_ feature_names_in_
        feature_names_out feature_range features features_ figure_ fill_value final_estimator final_estimator_
        fit_ fit_algorithm fit_intercept fit_inverse_transform fit_path fit_prior fit_status_ fixed
        fixed_vocabulary_ flatten_transform force_alpha force_int_remainder_cols forget_factor fresh_restarts
        fresh_restarts_max_iter fun fun_args func future_dtype gamma gamma_ gamma_bounds gap gcv_mode
        grid_scores_ h_samples_ handle_missing handle_unknown hessian_tol hessians_are_constant
        hidden_layer_sizes high high_inclusive idf_ ignore_implicit_zeros iid importance_getter
        imputation_order imputation_sequence_ include_bias increasing increasing_ indexHash_ indicator_
        indices inertia_ init init_ init_centroids_ init_params init_size init_size_ init_sq_norm_
        initial_imputer_ initial_strategy inlier_mask_ inner_stats_ input input_type interaction_cst
        interaction_only intercept_ intercept_hidden_ intercept_scaling intercept_visible_ intercepts_
        interval_y_pred interval_y_true inv_kw_args inverse_components_ inverse_func is_categorical
        is_categorical_ is_clf is_data_valid is_fitted_ is_leaf is_model_valid iter_offset_ iterated_power
        jitter k k1 k2 k_best keep_empty_features kernel kernel_ kernel_params kernel_pca_ kernels
        kl_divergence_ knots known_categories kw_args l1_ratio l1_ratio_ l1_ratios l1_ratios_
        l2_regularization label label_binarizer_ label_distributions_ label_encoder_ labeled_iter_ labels_
        lambda_ lambda_1 lambda_2 lambda_init lambdas_ le_ leaf_size learning_decay learning_method
        learning_offset learning_rate learning_rate_ learning_rate_init left length_scale length_scale_bounds
        line_ linear_sum linear_sum_ link linkage location location_ log_marginal_likelihood_value_ loglike_
        loss loss_ loss_curve_ loss_function_ low low_inclusive lower_bound_ lower_bounds_ lowercase
        lr_schedule max_abs_ max_bins max_categories max_cluster_size max_depth max_df max_doc_update_iter
        max_eps max_features max_features_ max_fun max_iter max_iter_predict max_leaf_nodes max_n_alphas
        max_nbytes max_no_improvement max_patches max_resources max_resources_ max_samples max_samples_
        max_skips max_subpopulation max_train_size max_trials max_value mean_ mean_change_tol mean_precision_
        mean_precision_prior mean_precision_prior_ mean_prior mean_prior_ means_ means_init memory method
        metric metric_mds metric_params min_ min_bin_freq min_categories min_cluster_size min_df
        min_features_to_select min_frequency min_grad_norm min_impurity_decrease min_impurity_split
        min_resources min_resources_ min_samples min_samples_leaf min_samples_split min_value
        min_weight_fraction_leaf mini_batch missing_values missing_values_bin_idx_ mixing_ mmap_mode mode
        modified_tol momentum monotonic_cst ms mse_path_ multi_class multimetric_ n_alphas n_batch_iter_
        n_best n_bins n_bins_ n_bins_non_missing_ n_candidates n_candidates_ n_categories_ n_classes
        n_classes_ n_clusters n_clusters_ n_completed_tasks n_components n_components_ n_connected_components_
        n_dispatched_batches n_dispatched_tasks n_elements n_estimators n_estimators_ n_features n_features_
        n_features_in_ n_features_out_ n_features_to_select n_features_to_select_ n_features_with_missing_
        n_groups n_init n_input_features_ n_iter n_iter_ n_iter_no_change n_iter_without_progress
        n_iterations_ n_jobs n_knots n_layers_ n_leaves_ n_nearest_features n_neighbors n_neighbors_
        n_nonzero_coefs n_nonzero_coefs_ n_output_features_ n_outputs_ n_oversamples n_possible_iterations_
        n_quantiles n_quantiles_ n_refinements n_remaining_candidates_ n_repeats n_required_iterations_
        n_resources_ n_restarts_optimizer n_samples_ n_samples_fit_ n_samples_seen_ n_skips_invalid_data_
        n_skips_invalid_model_ n_skips_no_inliers_ n_splits n_splits_ n_steps_ n_subpopulation_ n_subsamples
        n_support_ n_svd_vecs n_targets n_threads n_trees_per_iteration_ n_trials_ name named_estimators_
        nbrs_ neg_label negative_outlier_factor_ neighbors_algorithm nesterov nesterovs_momentum next_leaf_
        ngram_range nn_fit nodes noise_level noise_level_bounds noise_variance noise_variance_
        noise_variance_init norm norm_order norm_y_weights normalization_ normalize normalize_components
        normalize_y normalized_stress novelty nu offset_ one_hot_encoder_ oob_decision_function_
        oob_improvement_ oob_prediction_ oob_score oob_score_ oob_scores_ optimizer order order_ ordering_
        out_activation_ out_of_bounds outlier_label outlier_label_ outliers_ output_2d_ output_distribution
        output_indices_ outputs_2d_ p pairwise_indices_ pairwise_kernels_kwargs param param_distributions
        param_grid params partial_fit_ pass_y passthrough patch_size path_method pattern penalty percentile
        periodicity periodicity_bounds perp_tol perplexity pi_ pooling_func pos_label positive positive_code
        positive_dict power power_iteration_normalizer power_t pre_dispatch precision_ precisions_
        precisions_cholesky_ precisions_init precompute precompute_distances predecessor_
        predecessor_correction prefer preference prefit preprocessor presort prev_leaf_ priors priors_ probA_
        probB_ prob_pred prob_true probabilities_ probability pvalues_ quantile quantile_method quantile_range
        quantiles_ radius raise_exc random_offset_ random_state random_state_ random_weights_ rank_ ranking_
        raw_covariance_ raw_left_cat_bitsets raw_location_ raw_support_ reachability_ reassignment_ratio
        reconstruction_err_ reconstruction_error_ references_ refit refit_time_ reg reg_covar reg_param
        regressor regressor_ regularization remainder remove_zero_eig require residual_threshold resource
        response_method return_train_score ridge_alpha right rng root_ rotation rotations_ row_labels_ rows_
        rtol sample_interval sample_interval_ sample_posterior sample_steps sample_weight scale scale_
        scalings_ score_func scorer_ scorers scores_ scoring seeds selection separator set_fit_request
        shape_fit_ shrink_threshold shrinkage shrinkage_ shrinking shuffle sigma_ sigma_0 sigma_0_bounds sign
        singular_ singular_values_ skewedness skip_complete smooth smooth_idf solver solver_ solver_options
        sort sparse sparse_input_ sparse_output sparse_output_ sparse_threshold split_sign splitter sq_norm_
        sqrt_sw square_distances squared_norm_ squared_sum_ stack_method stack_method_ standard_coef_
        standard_intercept_ standardize statistics_ step step_n_features_ step_ranking_ step_scores_
        step_support_ steps stop_n_inliers stop_probability stop_score stop_words stop_words_ store_backend
        store_centers store_covariance store_covariances store_cv_results store_cv_values store_precision
        strategy stress_ strip_accents subcluster_centers_ subcluster_labels_ subclusters_ sublinear_tf
        subsample support_ support_fraction support_vectors_ svd_method svd_solver t t_ target_mean_
        target_type target_type_ temp_folder termination_condition_ test_fold test_size theta_ threshold
        threshold_lambda thresholds timeout timestamp token_pattern tokenizer tol topic_word_prior
        topic_word_prior_ total_samples train_score_ train_size transduction_ transform_algorithm
        transform_alpha transform_input transform_max_iter transform_n_nonzero_coefs transformer transformer_
        transformer_list transformer_weights transformers transformers_ tree_ unique_folds unit_variance
        unknown_value use_idf use_legacy_attributes validate validation_fraction validation_score_
        validation_scores_ value_type var_ var_smoothing variances_ velocities verbose
        verbose_feature_names_out verbose_interval vocabulary vocabulary_ voting vs w_init warm_start
        warning_enabled warning_was_emitted weight_concentration_ weight_concentration_prior
        weight_concentration_prior_ weight_concentration_prior_type weights weights_ weights_init whiten
        whiten_solver whitening_ with_centering with_mean with_scaling with_std within_class_std_dev_ x_bounds
        x_loadings_ x_mean_ x_rotations_ x_scores_ x_std_ x_weights_ xbar_ xi xp y_ y_loadings_ y_max y_mean_
        y_min y_prob y_rotations_ y_scores_ y_std_ y_thresholds_ y_train_ y_true_int y_true_one_hot y_type_
        y_weights_
        """
}
