/// The names that a Keras configuration may hold.
enum KerasNames {
    /// Classes that run what a model brings, or load something from elsewhere.
    static let hostile: Set<String> = [
        "Lambda", "TFOpLambda", "SlicingOpLambda", "OpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty",
        "TensorFlowOpLayer", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "__lambda__", "function",
        "__typespec__", "get_file", "load_model", "model_from_json", "deserialize", "PythonFunction",
        "builtin_function",
    ]

    static func reason(_ name: String) -> String {
        switch name {
        case "TFSMLayer": "the layer loads a model from a path that the configuration names"
        case "TorchModuleWrapper": "the layer loads a pickle"
        default: "the class runs Python code that the model brings or names"
        }
    }

    /// Where Keras' own classes are.
    static func isKeras(module: String) -> Bool {
        var parts = module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)[...]
        switch parts.popFirst() {
        case "keras", "tf_keras", "keras_core": break
        case "tensorflow":
            guard
                parts.popFirst() == "keras"
                    || (module.hasPrefix("tensorflow.python.keras") && parts.popFirst() == "keras")
            else { return false }
        default: return false
        }
        if parts.first == "src" || parts.first == "api" || parts.first == "_tf_keras" || parts.first == "engine" {
            parts = parts.dropFirst()
        }
        guard let package = parts.first else { return true }
        // Optimizers of one backend, and a model's own layers in Keras' collection.
        if package == "backend" { parts = parts.dropFirst(parts.count > 2 && parts.contains("optimizers") ? 2 : 0) }
        if package == "applications", parts.count == 2 { return parts.last?.hasPrefix("_") == false }
        guard let package = parts.first, packages.contains(package) else { return false }
        return parts.dropFirst().allSatisfy { !$0.isEmpty && !$0.hasPrefix("_") && $0 != "utils" && $0 != "saving" }
    }

    private static let packages: Set<String> = [
        "layers", "models", "initializers", "regularizers", "constraints", "optimizers", "losses", "metrics",
        "activations",
        "dtype_policies", "mixed_precision", "functional", "sequential", "training", "ops", "random", "input_layer",
        "quantizers", "engine",
    ]

    static let textSteps: Set<String> = [
        "lower_and_strip_punctuation", "lower", "strip_punctuation", "whitespace", "character",
    ]

    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    /// Classes of Keras 2 and 3 that compute and nothing else.
    static let classes: Set<String> = words(
        """
        Sequential Functional Model InputLayer Input Dense EinsumDense Activation Dropout SpatialDropout1D SpatialDropout2D \
        SpatialDropout3D GaussianDropout GaussianNoise AlphaDropout ActivityRegularization Flatten Reshape Permute \
        RepeatVector Masking Embedding Identity Concatenate Add Subtract Multiply Average Maximum Minimum Dot \
        BatchNormalization LayerNormalization GroupNormalization UnitNormalization SpectralNormalization \
        RMSNormalization Normalization Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose \
        Convolution1D Convolution2D Convolution3D SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D \
        LocallyConnected1D LocallyConnected2D MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D \
        AveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D \
        GlobalAveragePooling2D GlobalAveragePooling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D \
        Cropping3D UpSampling1D UpSampling2D UpSampling3D LSTM GRU SimpleRNN RNN LSTMCell GRUCell SimpleRNNCell \
        StackedRNNCells ConvLSTM1D ConvLSTM2D ConvLSTM3D CuDNNLSTM CuDNNGRU Bidirectional TimeDistributed Wrapper \
        Attention AdditiveAttention MultiHeadAttention GroupQueryAttention GroupedQueryAttention ReLU LeakyReLU PReLU ELU \
        ThresholdedReLU Softmax Rescaling Resizing CenterCrop RandomCrop RandomFlip RandomRotation RandomZoom \
        RandomTranslation RandomContrast RandomBrightness RandomHeight RandomWidth CategoryEncoding Discretization Hashing \
        HashedCrossing StringLookup IntegerLookup TextVectorization AutoContrast Solarization \
        RandomColorDegeneration RandomColorJitter RandomErasing RandomGaussianBlur RandomGrayscale RandomHue RandomInvert \
        RandomPerspective RandomPosterization RandomSaturation RandomSharpness RandomShear RandomElasticTransform \
        Equalization MixUp CutMix AugMix RandAugment MelSpectrogram STFTSpectrogram ReversibleEmbedding \
        AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D \
        AdaptiveMaxPooling2D AdaptiveMaxPooling3D SeedGenerator LayerScale Pipeline MaxNumBoundingBoxes \
        ContrastLimitedAdaptiveHistogramEqualization \
        Zeros Ones Constant RandomNormal RandomUniform TruncatedNormal VarianceScaling Orthogonal OrthogonalInitializer \
        GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform IdentityInitializer STFT \
        L1 L2 L1L2 OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg UnitNorm \
        SGD Adam AdamW Adamax Adadelta Adagrad Adafactor Nadam RMSprop Ftrl Lion Lamb Muon LossScaleOptimizer \
        ExponentialDecay PiecewiseConstantDecay PolynomialDecay InverseTimeDecay CosineDecay CosineDecayRestarts \
        MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError BinaryCrossentropy \
        BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy SparseCategoricalCrossentropy Hinge \
        SquaredHinge CategoricalHinge KLDivergence LogCosh Poisson Huber CosineSimilarity Dice Tversky Mean Sum MeanMetricWrapper \
        Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy Precision Recall AUC \
        SparseTopKCategoricalAccuracy RootMeanSquaredError TruePositives TrueNegatives FalsePositives FalseNegatives \
        MeanIoU IoU BinaryIoU OneHotIoU OneHotMeanIoU F1Score FBetaScore R2Score LogCoshError PearsonCorrelation \
        ConcordanceCorrelation PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity \
        CTC Circle CategoricalGeneralizedCrossEntropy MultiOptimizer ScheduleFreeAdamW DTypePolicy Policy FloatDTypePolicy QuantizedDTypePolicy DTypePolicyMap \
        CompileLossFunction __keras_tensor__ __tensor__ __numpy__ __bytes__ __tuple__ __ellipsis__ __slice__ KerasTensor TensorShape
        """
    )

    /// Operations of keras.ops, which stand in functional models as layers.
    static let operations: Set<String> = words(
        """
        Absolute Add Arange Argmax Argmin BroadcastTo Cast Clip Concatenate Cos Divide TrueDivide Einsum Equal Exp ExpandDims \
        FullLike GetItem Greater GreaterEqual Less LessEqual Log LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean Min \
        Minimum Multiply Negative NotEqual OnesLike Power Prod Reciprocal Relu Relu6 Repeat Reshape Sigmoid Sign Silu Sin \
        Softmax Split Sqrt Square Squeeze Stack Std Subtract Sum SwapAxes Take Tanh Tile Transpose Var Where ZerosLike Gelu \
        Rsqrt Logsumexp TopK OneHot Pad Normalize
        """
    )
}
