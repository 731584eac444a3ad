/// The messages of Core ML's models, from its public schema: programs, neural networks, pipelines of these, and what
/// stands around them.
///
/// Other kinds of models are not read: custom and linked ones, whose code or file lies elsewhere, those whose bytes
/// only Apple's frameworks know, and trees and support vectors, whose indices would have to be followed.
enum CoreMLSchema {
    static let messages: ProtobufSchema = {
        var messages: ProtobufSchema = [:]
        var name = ""
        for word in table.split(whereSeparator: \.isWhitespace) {
            if word.hasSuffix(":") {
                name = String(word.dropLast())
                messages[name] = [:]
            } else if let equals = word.firstIndex(of: "="), let number = UInt64(word[..<equals]) {
                messages[name]?[number] = .message(String(word[word.index(after: equals)...]))
            } else if let letter = word.last, let number = UInt64(word.dropLast()) {
                messages[name]?[number] = kinds[letter]
            }
        }
        return messages
    }()

    /// Large letters for fields that repeat.
    private static let kinds: [Character: ProtobufField] = [
        "v": .varint, "V": .varints, "f": .fixed32, "F": .fixed32s, "d": .fixed64, "D": .fixed64s, "s": .string,
        "b": .bytes, "u": .unread,
    ]

    /// The operations of programs, up to those of iOS 18.
    static let operations = Set(operationTable.split(whereSeparator: \.isWhitespace).map(String.init))

    private static let operationTable = """
        abs acos add affine argsort asin atan atanh avg_pool band_part batch_norm
        batch_to_space cast ceil clamped_relu classify clip concat cond const constexpr_affine_dequantize
        constexpr_blockwise_shift_scale constexpr_cast constexpr_lut_to_dense constexpr_lut_to_sparse
        constexpr_sparse_blockwise_shift_scale constexpr_sparse_to_dense conv conv_quantized conv_transpose
        cos cosh crop crop_resize cumsum depth_to_space dequantize einsum elu equal erf exp exp2 expand_dims
        fill fill_like flatten2d floor floor_div gather gather_along_axis gather_nd gelu greater
        greater_equal gru identity instance_norm inverse l2_norm l2_pool layer_norm leaky_relu less
        less_equal linear linear_activation list_gather list_length list_read list_scatter list_write
        local_response_norm log logical_and logical_not logical_or logical_xor lstm make_list matmul
        max_pool maximum minimum mod mul non_maximum_suppression non_zero not_equal one_hot pad
        pixel_shuffle pixel_unshuffle pow prelu quantize random_bernoulli random_categorical random_normal
        random_uniform range_1d read_state real_div reduce_argmax reduce_argmin reduce_l1_norm
        reduce_l2_norm reduce_log_sum reduce_log_sum_exp reduce_max reduce_mean reduce_min reduce_prod
        reduce_sum reduce_sum_square relu relu6 resample reshape reshape_like resize resize_bilinear
        resize_nearest_neighbor reverse reverse_sequence rnn round rsqrt scaled_dot_product_attention
        scaled_tanh scatter scatter_along_axis scatter_nd select shape sigmoid sigmoid_hard sign silu sin
        sinh slice_by_index slice_by_size slice_update sliding_windows softmax softplus softplus_parametric
        softsign space_to_batch space_to_depth split sqrt square squeeze stack sub tan tanh threshold
        thresholded_relu tile topk transpose upsample_bilinear upsample_nearest_neighbor while_loop
        """

    /// A message with a colon, and its fields: number and kind, or number and message.
    private static let table = """
        Model: 1v 2=ModelDescription 10v 200=PipelineClassifier 201=PipelineRegressor 202=Pipeline 300u 301u
            302u 303=NeuralNetworkRegressor 304u 400u 401u 402u 403=NeuralNetworkClassifier 404u
            500=NeuralNetwork 501u 502=MILSpec.Program 555u 556u 560u 600=OneHotEncoder 601=Imputer
            602=FeatureVectorizer 603=DictVectorizer 604=Scaler 606=CategoricalMapping 607u
            609=ArrayFeatureExtractor 610=NonMaximumSuppression 900=Identity 2000u 2001u 2002u 2003u 2004u
            2005u 2006u 3000u
        ModelDescription: 1=FeatureDescription 10=FeatureDescription 11s 12s 13=FeatureDescription
            20=FunctionDescription 21s 50=FeatureDescription 100=Metadata
        FeatureDescription: 1s 2s 3=FeatureType
        FeatureType: 1=Int64FeatureType 2=DoubleFeatureType 3=StringFeatureType 4=ImageFeatureType
            5=ArrayFeatureType 6=DictionaryFeatureType 7=SequenceFeatureType 8=StateFeatureType 1000v
        Int64FeatureType:
        DoubleFeatureType:
        StringFeatureType:
        ImageFeatureType: 1v 2v 3v 21=ImageFeatureType.EnumeratedImageSizes
            31=ImageFeatureType.ImageSizeRange
        ImageFeatureType.EnumeratedImageSizes: 1=ImageFeatureType.ImageSize
        ImageFeatureType.ImageSize: 1v 2v
        ImageFeatureType.ImageSizeRange: 1=SizeRange 2=SizeRange
        SizeRange: 1v 2v
        ArrayFeatureType: 1V 2v 21=ArrayFeatureType.EnumeratedShapes 31=ArrayFeatureType.ShapeRange 41v 51f
            61d
        ArrayFeatureType.EnumeratedShapes: 1=ArrayFeatureType.Shape
        ArrayFeatureType.Shape: 1V
        ArrayFeatureType.ShapeRange: 1=SizeRange
        DictionaryFeatureType: 1=Int64FeatureType 2=StringFeatureType
        SequenceFeatureType: 1=Int64FeatureType 3=StringFeatureType 101=SizeRange
        StateFeatureType: 1=ArrayFeatureType
        FunctionDescription: 1s 2=FeatureDescription 3=FeatureDescription 4s 5s 6=FeatureDescription
        Metadata: 1s 2s 3s 4s 100=Metadata.UserDefinedEntry
        Metadata.UserDefinedEntry: 1s 2s
        PipelineClassifier: 1=Pipeline
        Pipeline: 1=Model 2s
        PipelineRegressor: 1=Pipeline
        NeuralNetworkRegressor: 1=NeuralNetworkLayer 2=NeuralNetworkPreprocessing 5v 6v
            10=NetworkUpdateParameters
        NeuralNetworkLayer: 1s 2s 3s 4=Tensor 5=Tensor 10v 100=ConvolutionLayerParams 120=PoolingLayerParams
            130=ActivationParams 140=InnerProductLayerParams 150=EmbeddingLayerParams
            160=BatchnormLayerParams 165=MeanVarianceNormalizeLayerParams 170=L2NormalizeLayerParams
            175=SoftmaxLayerParams 180=LRNLayerParams 190=CropLayerParams 200=PaddingLayerParams
            210=UpsampleLayerParams 211=ResizeBilinearLayerParams 212=CropResizeLayerParams
            220=UnaryFunctionLayerParams 230=AddLayerParams 231=MultiplyLayerParams 240=AverageLayerParams
            245=ScaleLayerParams 250=BiasLayerParams 260=MaxLayerParams 261=MinLayerParams
            270=DotProductLayerParams 280=ReduceLayerParams 290=LoadConstantLayerParams
            300=ReshapeLayerParams 301=FlattenLayerParams 310=PermuteLayerParams 320=ConcatLayerParams
            330=SplitLayerParams 340=SequenceRepeatLayerParams 345=ReorganizeDataLayerParams
            350=SliceLayerParams 400=SimpleRecurrentLayerParams 410=GRULayerParams
            420=UniDirectionalLSTMLayerParams 430=BiDirectionalLSTMLayerParams 500u 600=CopyLayerParams
            605=BranchLayerParams 615=LoopLayerParams 620=LoopBreakLayerParams 625=LoopContinueLayerParams
            635=RangeStaticLayerParams 640=RangeDynamicLayerParams 660=ClipLayerParams 665=CeilLayerParams
            670=FloorLayerParams 680=SignLayerParams 685=RoundLayerParams 700=Exp2LayerParams
            710=SinLayerParams 715=CosLayerParams 720=TanLayerParams 730=AsinLayerParams 735=AcosLayerParams
            740=AtanLayerParams 750=SinhLayerParams 755=CoshLayerParams 760=TanhLayerParams
            770=AsinhLayerParams 775=AcoshLayerParams 780=AtanhLayerParams 790=ErfLayerParams
            795=GeluLayerParams 815=EqualLayerParams 820=NotEqualLayerParams 825=LessThanLayerParams
            827=LessEqualLayerParams 830=GreaterThanLayerParams 832=GreaterEqualLayerParams
            840=LogicalOrLayerParams 845=LogicalXorLayerParams 850=LogicalNotLayerParams
            855=LogicalAndLayerParams 865=ModBroadcastableLayerParams 870=MinBroadcastableLayerParams
            875=MaxBroadcastableLayerParams 880=AddBroadcastableLayerParams 885=PowBroadcastableLayerParams
            890=DivideBroadcastableLayerParams 895=FloorDivBroadcastableLayerParams
            900=MultiplyBroadcastableLayerParams 905=SubtractBroadcastableLayerParams 920=TileLayerParams
            925=StackLayerParams 930=GatherLayerParams 935=ScatterLayerParams 940=GatherNDLayerParams
            945=ScatterNDLayerParams 950=SoftmaxNDLayerParams 952=GatherAlongAxisLayerParams
            954=ScatterAlongAxisLayerParams 960=ReverseLayerParams 965=ReverseSeqLayerParams
            975=SplitNDLayerParams 980=ConcatNDLayerParams 985=TransposeLayerParams
            995=SliceStaticLayerParams 1000=SliceDynamicLayerParams 1005=SlidingWindowsLayerParams
            1015=TopKLayerParams 1020=ArgMinLayerParams 1025=ArgMaxLayerParams 1040=EmbeddingNDLayerParams
            1045=BatchedMatMulLayerParams 1065=GetShapeLayerParams 1070=LoadConstantNDLayerParams
            1080=FillLikeLayerParams 1085=FillStaticLayerParams 1090=FillDynamicLayerParams
            1100=BroadcastToLikeLayerParams 1105=BroadcastToStaticLayerParams
            1110=BroadcastToDynamicLayerParams 1120=SqueezeLayerParams 1125=ExpandDimsLayerParams
            1130=FlattenTo2DLayerParams 1135=ReshapeLikeLayerParams 1140=ReshapeStaticLayerParams
            1145=ReshapeDynamicLayerParams 1150=RankPreservingReshapeLayerParams
            1155=ConstantPaddingLayerParams 1170=RandomNormalLikeLayerParams
            1175=RandomNormalStaticLayerParams 1180=RandomNormalDynamicLayerParams
            1190=RandomUniformLikeLayerParams 1195=RandomUniformStaticLayerParams
            1200=RandomUniformDynamicLayerParams 1210=RandomBernoulliLikeLayerParams
            1215=RandomBernoulliStaticLayerParams 1220=RandomBernoulliDynamicLayerParams
            1230=CategoricalDistributionLayerParams 1250=ReduceL1LayerParams 1255=ReduceL2LayerParams
            1260=ReduceMaxLayerParams 1265=ReduceMinLayerParams 1270=ReduceSumLayerParams
            1275=ReduceProdLayerParams 1280=ReduceMeanLayerParams 1285=ReduceLogSumLayerParams
            1290=ReduceSumSquareLayerParams 1295=ReduceLogSumExpLayerParams 1313=WhereNonZeroLayerParams
            1315=MatrixBandPartLayerParams 1320=LowerTriangularLayerParams 1325=UpperTriangularLayerParams
            1330=WhereBroadcastableLayerParams 1350=LayerNormalizationLayerParams
            1400=NonMaximumSuppressionLayerParams 1450=OneHotLayerParams 1455=CumSumLayerParams
            1460=ClampedReLULayerParams 1461=ArgSortLayerParams 1465=Pooling3DLayerParams
            1466=GlobalPooling3DLayerParams 1470=SliceBySizeLayerParams 1471=Convolution3DLayerParams
        Tensor: 1v 2V
        ConvolutionLayerParams: 1v 2v 10v 20V 30V 40V 50=ValidPadding 51=SamePadding 60v 70v 90=WeightParams
            91=WeightParams 100V
        ValidPadding: 1=BorderAmounts
        BorderAmounts: 10=BorderAmounts.EdgeSizes
        BorderAmounts.EdgeSizes: 1v 2v
        SamePadding: 1v
        WeightParams: 1F 2b 30b 31b 40=QuantizationParams 50v
        QuantizationParams: 1v 101=LinearQuantizationParams 102=LookUpTableQuantizationParams
        LinearQuantizationParams: 1F 2F
        LookUpTableQuantizationParams: 1F
        PoolingLayerParams: 1v 10V 20V 30=ValidPadding 31=SamePadding
            32=PoolingLayerParams.ValidCompletePadding 50v 60v
        PoolingLayerParams.ValidCompletePadding: 10V
        ActivationParams: 5=ActivationLinear 10=ActivationReLU 15=ActivationLeakyReLU
            20=ActivationThresholdedReLU 25=ActivationPReLU 30=ActivationTanh 31=ActivationScaledTanh
            40=ActivationSigmoid 41=ActivationSigmoidHard 50=ActivationELU 60=ActivationSoftsign
            70=ActivationSoftplus 71=ActivationParametricSoftplus
        ActivationLinear: 1f 2f
        ActivationReLU:
        ActivationLeakyReLU: 1f
        ActivationThresholdedReLU: 1f
        ActivationPReLU: 1=WeightParams
        ActivationTanh:
        ActivationScaledTanh: 1f 2f
        ActivationSigmoid:
        ActivationSigmoidHard: 1f 2f
        ActivationELU: 1f
        ActivationSoftsign:
        ActivationSoftplus:
        ActivationParametricSoftplus: 1=WeightParams 2=WeightParams
        InnerProductLayerParams: 1v 2v 10v 20=WeightParams 21=WeightParams 22v
        EmbeddingLayerParams: 1v 2v 10v 20=WeightParams 21=WeightParams
        BatchnormLayerParams: 1v 5v 6v 10f 15=WeightParams 16=WeightParams 17=WeightParams 18=WeightParams
        MeanVarianceNormalizeLayerParams: 1v 2v 3f
        L2NormalizeLayerParams: 1f
        SoftmaxLayerParams:
        LRNLayerParams: 1f 2f 3v 4f
        CropLayerParams: 1=BorderAmounts 5V
        PaddingLayerParams: 1=PaddingLayerParams.PaddingConstant 2=PaddingLayerParams.PaddingReflection
            3=PaddingLayerParams.PaddingReplication 10=BorderAmounts
        PaddingLayerParams.PaddingConstant: 1f
        PaddingLayerParams.PaddingReflection:
        PaddingLayerParams.PaddingReplication:
        UpsampleLayerParams: 1V 5v 6v 7F
        ResizeBilinearLayerParams: 1V 2=SamplingMode
        SamplingMode: 1v
        CropResizeLayerParams: 1V 2v 3=SamplingMode 4=BoxCoordinatesMode 5f
        BoxCoordinatesMode: 1v
        UnaryFunctionLayerParams: 1v 2f 3f 4f 5f
        AddLayerParams: 1f
        MultiplyLayerParams: 1f
        AverageLayerParams:
        ScaleLayerParams: 1V 2=WeightParams 3v 4V 5=WeightParams
        BiasLayerParams: 1V 2=WeightParams
        MaxLayerParams:
        MinLayerParams:
        DotProductLayerParams: 1v
        ReduceLayerParams: 1v 2f 3v
        LoadConstantLayerParams: 1V 2=WeightParams
        ReshapeLayerParams: 1V 2v
        FlattenLayerParams: 1v
        PermuteLayerParams: 1V
        ConcatLayerParams: 100v
        SplitLayerParams: 1v
        SequenceRepeatLayerParams: 1v
        ReorganizeDataLayerParams: 1v 2v
        SliceLayerParams: 1v 2v 3v 4v
        SimpleRecurrentLayerParams: 1v 2v 10=ActivationParams 15v 20v 30=WeightParams 31=WeightParams
            32=WeightParams 100v
        GRULayerParams: 1v 2v 10=ActivationParams 15v 20v 30=WeightParams 31=WeightParams 32=WeightParams
            50=WeightParams 51=WeightParams 52=WeightParams 70=WeightParams 71=WeightParams 72=WeightParams
            100v
        UniDirectionalLSTMLayerParams: 1v 2v 10=ActivationParams 15=LSTMParams 20=LSTMWeightParams 100v
        LSTMParams: 10v 20v 30v 40v 50v 60f
        LSTMWeightParams: 1=WeightParams 2=WeightParams 3=WeightParams 4=WeightParams 20=WeightParams
            21=WeightParams 22=WeightParams 23=WeightParams 40=WeightParams 41=WeightParams 42=WeightParams
            43=WeightParams 60=WeightParams 61=WeightParams 62=WeightParams
        BiDirectionalLSTMLayerParams: 1v 2v 10=ActivationParams 11=ActivationParams 15=LSTMParams
            20=LSTMWeightParams
        CopyLayerParams:
        BranchLayerParams: 1=NeuralNetwork 2=NeuralNetwork
        NeuralNetwork: 1=NeuralNetworkLayer 2=NeuralNetworkPreprocessing 5v 6v 10=NetworkUpdateParameters
        NeuralNetworkPreprocessing: 1s 10=NeuralNetworkImageScaler 11=NeuralNetworkMeanImage
        NeuralNetworkImageScaler: 10f 20f 21f 22f 30f
        NeuralNetworkMeanImage: 1F
        NetworkUpdateParameters: 1=LossLayer 2=Optimizer 3=Int64Parameter 10=BoolParameter 20=Int64Parameter
        LossLayer: 1s 10=CategoricalCrossEntropyLossLayer 11=MeanSquaredErrorLossLayer
        CategoricalCrossEntropyLossLayer: 1s 2s
        MeanSquaredErrorLossLayer: 1s 2s
        Optimizer: 10=SGDOptimizer 11=AdamOptimizer
        SGDOptimizer: 1=DoubleParameter 2=Int64Parameter 3=DoubleParameter
        DoubleParameter: 1d 10=DoubleRange
        DoubleRange: 1d 2d
        Int64Parameter: 1v 10=Int64Range 11=Int64Set
        Int64Range: 1v 2v
        Int64Set: 1V
        AdamOptimizer: 1=DoubleParameter 2=Int64Parameter 3=DoubleParameter 4=DoubleParameter
            5=DoubleParameter
        BoolParameter: 1v
        LoopLayerParams: 1v 2s 3=NeuralNetwork 4=NeuralNetwork
        LoopBreakLayerParams:
        LoopContinueLayerParams:
        RangeStaticLayerParams: 1f 2f 3f
        RangeDynamicLayerParams: 2f 3f
        ClipLayerParams: 1f 2f
        CeilLayerParams:
        FloorLayerParams:
        SignLayerParams:
        RoundLayerParams:
        Exp2LayerParams:
        SinLayerParams:
        CosLayerParams:
        TanLayerParams:
        AsinLayerParams:
        AcosLayerParams:
        AtanLayerParams:
        SinhLayerParams:
        CoshLayerParams:
        TanhLayerParams:
        AsinhLayerParams:
        AcoshLayerParams:
        AtanhLayerParams:
        ErfLayerParams:
        GeluLayerParams: 1v
        EqualLayerParams: 1f
        NotEqualLayerParams: 1f
        LessThanLayerParams: 2f
        LessEqualLayerParams: 2f
        GreaterThanLayerParams: 2f
        GreaterEqualLayerParams: 2f
        LogicalOrLayerParams:
        LogicalXorLayerParams:
        LogicalNotLayerParams:
        LogicalAndLayerParams:
        ModBroadcastableLayerParams:
        MinBroadcastableLayerParams:
        MaxBroadcastableLayerParams:
        AddBroadcastableLayerParams:
        PowBroadcastableLayerParams:
        DivideBroadcastableLayerParams:
        FloorDivBroadcastableLayerParams:
        MultiplyBroadcastableLayerParams:
        SubtractBroadcastableLayerParams:
        TileLayerParams: 1V
        StackLayerParams: 1v
        GatherLayerParams: 1v
        ScatterLayerParams: 1v 2v
        GatherNDLayerParams:
        ScatterNDLayerParams: 1v
        SoftmaxNDLayerParams: 1v
        GatherAlongAxisLayerParams: 1v
        ScatterAlongAxisLayerParams: 1v 2v
        ReverseLayerParams: 1V
        ReverseSeqLayerParams: 1v 2v
        SplitNDLayerParams: 1v 2v 3V
        ConcatNDLayerParams: 1v 2v
        TransposeLayerParams: 1V
        SliceStaticLayerParams: 1V 2V 3V 4V 5V 6V
        SliceDynamicLayerParams: 2V 3V 4V 5V 6V
        SlidingWindowsLayerParams: 1v 2v 3v
        TopKLayerParams: 1v 2v 3v
        ArgMinLayerParams: 1v 2v
        ArgMaxLayerParams: 1v 2v
        EmbeddingNDLayerParams: 1v 2v 3v 20=WeightParams 21=WeightParams
        BatchedMatMulLayerParams: 1v 2v 5v 6v 7v 8=WeightParams 9=WeightParams 10v
        GetShapeLayerParams:
        LoadConstantNDLayerParams: 1V 2=WeightParams
        FillLikeLayerParams: 1f
        FillStaticLayerParams: 1f 2V
        FillDynamicLayerParams: 1f
        BroadcastToLikeLayerParams:
        BroadcastToStaticLayerParams: 1V
        BroadcastToDynamicLayerParams:
        SqueezeLayerParams: 1V 2v
        ExpandDimsLayerParams: 1V
        FlattenTo2DLayerParams: 1v
        ReshapeLikeLayerParams:
        ReshapeStaticLayerParams: 1V
        ReshapeDynamicLayerParams:
        RankPreservingReshapeLayerParams: 1V
        ConstantPaddingLayerParams: 1f 2V 3v
        RandomNormalLikeLayerParams: 1v 2f 3f
        RandomNormalStaticLayerParams: 1v 2f 3f 4V
        RandomNormalDynamicLayerParams: 1v 2f 3f
        RandomUniformLikeLayerParams: 1v 2f 3f
        RandomUniformStaticLayerParams: 1v 2f 3f 4V
        RandomUniformDynamicLayerParams: 1v 2f 3f
        RandomBernoulliLikeLayerParams: 1v 2f
        RandomBernoulliStaticLayerParams: 1v 2f 3V
        RandomBernoulliDynamicLayerParams: 1v 2f
        CategoricalDistributionLayerParams: 1v 2v 3v 4f 5f
        ReduceL1LayerParams: 1V 2v 3v
        ReduceL2LayerParams: 1V 2v 3v
        ReduceMaxLayerParams: 1V 2v 3v
        ReduceMinLayerParams: 1V 2v 3v
        ReduceSumLayerParams: 1V 2v 3v
        ReduceProdLayerParams: 1V 2v 3v
        ReduceMeanLayerParams: 1V 2v 3v
        ReduceLogSumLayerParams: 1V 2v 3v
        ReduceSumSquareLayerParams: 1V 2v 3v
        ReduceLogSumExpLayerParams: 1V 2v 3v
        WhereNonZeroLayerParams:
        MatrixBandPartLayerParams: 1v 2v
        LowerTriangularLayerParams: 1v
        UpperTriangularLayerParams: 1v
        WhereBroadcastableLayerParams:
        LayerNormalizationLayerParams: 1V 2f 3=WeightParams 4=WeightParams
        NonMaximumSuppressionLayerParams: 1f 2f 3v 4v
        OneHotLayerParams: 1v 2v 3f 4f
        CumSumLayerParams: 1v 2v 3v
        ClampedReLULayerParams: 1f 2f
        ArgSortLayerParams: 1v 2v
        Pooling3DLayerParams: 1v 2v 3v 4v 5v 6v 7v 8v 9v 10v 11v 12v 13v 14v 15v
        GlobalPooling3DLayerParams: 1v
        SliceBySizeLayerParams: 2v 3v
        Convolution3DLayerParams: 1v 2v 10v 20v 21v 22v 31v 32v 33v 40v 41v 42v 50v 60=WeightParams
            61=WeightParams 70v 80v 81v 82v 83v 84v 85v 86v 87V
        NeuralNetworkClassifier: 1=NeuralNetworkLayer 2=NeuralNetworkPreprocessing 5v 6v
            10=NetworkUpdateParameters 100=StringVector 101=Int64Vector 200s
        StringVector: 1s
        Int64Vector: 1V
        MILSpec.Program: 1v 2=MILSpec.Program.FunctionsEntry 3s 4=MILSpec.Program.AttributesEntry
        MILSpec.Program.FunctionsEntry: 1s 2=MILSpec.Function
        MILSpec.Function: 1=MILSpec.NamedValueType 2s 3=MILSpec.Function.BlockSpecializationsEntry
            4=MILSpec.Function.AttributesEntry
        MILSpec.NamedValueType: 1s 2=MILSpec.ValueType
        MILSpec.ValueType: 1=MILSpec.TensorType 2=MILSpec.ListType 3=MILSpec.TupleType
            4=MILSpec.DictionaryType 5=MILSpec.StateType
        MILSpec.TensorType: 1v 2v 3=MILSpec.Dimension 4=MILSpec.TensorType.AttributesEntry
        MILSpec.Dimension: 1=MILSpec.Dimension.ConstantDimension 2=MILSpec.Dimension.UnknownDimension
        MILSpec.Dimension.ConstantDimension: 1v
        MILSpec.Dimension.UnknownDimension: 1v
        MILSpec.TensorType.AttributesEntry: 1s 2=MILSpec.Value
        MILSpec.Value: 1s 2=MILSpec.ValueType 3=MILSpec.Value.ImmediateValue 5=MILSpec.Value.BlobFileValue
        MILSpec.Value.ImmediateValue: 1=MILSpec.TensorValue 2=MILSpec.TupleValue 3=MILSpec.ListValue
            4=MILSpec.DictionaryValue
        MILSpec.TensorValue: 1=MILSpec.TensorValue.RepeatedFloats 2=MILSpec.TensorValue.RepeatedInts
            3=MILSpec.TensorValue.RepeatedBools 4=MILSpec.TensorValue.RepeatedStrings
            5=MILSpec.TensorValue.RepeatedLongInts 6=MILSpec.TensorValue.RepeatedDoubles
            7=MILSpec.TensorValue.RepeatedBytes
        MILSpec.TensorValue.RepeatedFloats: 1F
        MILSpec.TensorValue.RepeatedInts: 1V
        MILSpec.TensorValue.RepeatedBools: 1V
        MILSpec.TensorValue.RepeatedStrings: 1s
        MILSpec.TensorValue.RepeatedLongInts: 1V
        MILSpec.TensorValue.RepeatedDoubles: 1D
        MILSpec.TensorValue.RepeatedBytes: 1b
        MILSpec.TupleValue: 1=MILSpec.Value
        MILSpec.ListValue: 1=MILSpec.Value
        MILSpec.DictionaryValue: 1=MILSpec.DictionaryValue.KeyValuePair
        MILSpec.DictionaryValue.KeyValuePair: 1=MILSpec.Value 2=MILSpec.Value
        MILSpec.Value.BlobFileValue: 1s 2v
        MILSpec.ListType: 1=MILSpec.ValueType 2=MILSpec.Dimension
        MILSpec.TupleType: 1=MILSpec.ValueType
        MILSpec.DictionaryType: 1=MILSpec.ValueType 2=MILSpec.ValueType
        MILSpec.StateType: 1=MILSpec.ValueType
        MILSpec.Function.BlockSpecializationsEntry: 1s 2=MILSpec.Block
        MILSpec.Block: 1=MILSpec.NamedValueType 2s 3=MILSpec.Operation 4=MILSpec.Block.AttributesEntry
        MILSpec.Operation: 1s 2=MILSpec.Operation.InputsEntry 3=MILSpec.NamedValueType 4=MILSpec.Block
            5=MILSpec.Operation.AttributesEntry
        MILSpec.Operation.InputsEntry: 1s 2=MILSpec.Argument
        MILSpec.Argument: 1=MILSpec.Argument.Binding
        MILSpec.Argument.Binding: 1s 2=MILSpec.Value
        MILSpec.Operation.AttributesEntry: 1s 2=MILSpec.Value
        MILSpec.Block.AttributesEntry: 1s 2=MILSpec.Value
        MILSpec.Function.AttributesEntry: 1s 2=MILSpec.Value
        MILSpec.Program.AttributesEntry: 1s 2=MILSpec.Value
        OneHotEncoder: 1=StringVector 2=Int64Vector 10v 11v
        Imputer: 1d 2v 3s 4=DoubleVector 5=Int64Vector 6=StringToDoubleMap 7=Int64ToDoubleMap 11d 12v 13s
        DoubleVector: 1D
        StringToDoubleMap: 1=StringToDoubleMap.MapEntry
        StringToDoubleMap.MapEntry: 1s 2d
        Int64ToDoubleMap: 1=Int64ToDoubleMap.MapEntry
        Int64ToDoubleMap.MapEntry: 1v 2d
        FeatureVectorizer: 1=FeatureVectorizer.InputColumn
        FeatureVectorizer.InputColumn: 1s 2v
        DictVectorizer: 1=StringVector 2=Int64Vector
        Scaler: 1D 2D
        CategoricalMapping: 1=StringToInt64Map 2=Int64ToStringMap 101s 102v
        StringToInt64Map: 1=StringToInt64Map.MapEntry
        StringToInt64Map.MapEntry: 1s 2v
        Int64ToStringMap: 1=Int64ToStringMap.MapEntry
        Int64ToStringMap.MapEntry: 1v 2s
        ArrayFeatureExtractor: 1V
        NonMaximumSuppression: 1=NonMaximumSuppression.PickTop 100=StringVector 101=Int64Vector 110d 111d
            200s 201s 202s 203s 210s 211s
        NonMaximumSuppression.PickTop: 1v
        Identity:
        """
}
