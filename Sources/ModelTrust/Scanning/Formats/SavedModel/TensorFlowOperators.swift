/// The operators that a TensorFlow graph may hold.
enum TensorFlowOperators {
    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    /// Operators that read or write files, run code or open connections.
    static let hostile = words(
        """
        ReadFile WriteFile MatchingFiles PyFunc PyFuncStateless EagerPyFunc LoadLibrary ImmutableConst SaveSlices Save \
        Restore RestoreSlice TextLineReader TextLineReaderV2 FixedLengthRecordReader FixedLengthRecordReaderV2 WholeFileReader \
        WholeFileReaderV2 TFRecordReader TFRecordReaderV2 IdentityReader LMDBReader TextLineDataset TFRecordDataset TFRecordDatasetV2 \
        FixedLengthRecordDataset FixedLengthRecordDatasetV2 CSVDataset CSVDatasetV2 SqlDataset LMDBDataset LoadDataset SaveDataset \
        SaveDatasetV2 SnapshotDataset SnapshotDatasetV2 DatasetToTFRecord GeneratorDataset RemoteCall RemoteFusedGraphExecute Rpc TryRpc \
        RpcClient RpcCall RpcServer DistributedSave BigQueryReader PrintV2 CreateSummaryFileWriter CreateSummaryDbWriter WriteSummary \
        WriteGraphSummary WriteRawProtoSummary FlushSummaryWriter DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount \
        DebugNumericSummary FileSystemSetConfiguration ListDataset MatchingFilesDataset ExperimentalMatchingFilesDataset \
        ExperimentalCSVDataset ExperimentalLMDBDataset ExperimentalSqlDataset TPUCompile ConfigureDistributedTPU AudioMicrofrontend \
        DataServiceDataset DataServiceDatasetV2 RegisterDataset CollectiveGather Send Recv _Send _Recv _HostSend _HostRecv \
        InitializeTableFromDataset DecodeProtoV2 EncodeProto CompressElement
        """
    )

    /// Operators that take a file's name, which has to come from whoever loads or saves the model.
    static let files: [String: Int] = [
        "SaveV2": 0, "RestoreV2": 0, "MergeV2Checkpoints": 0, "ShardedFilename": 0, "ShardedFilespec": 0,
        "InitializeTableFromTextFile": 1, "InitializeTableFromTextFileV2": 1,
    ]

    /// Operators that pass names on, through which one is followed to where it comes from.
    static let passing: Set<String> = [
        "Identity", "StringJoin", "ShardedFilename", "ShardedFilespec", "Select", "SelectV2", "Pack", "Const",
        "PlaceholderWithDefault", "StaticRegexFullMatch", "ExpandDims", "Reshape", "AsString", "IdentityN",
    ]

    /// Operators that compute and nothing else.
    static let known = words(
        """
        Abs AccumulateNV2 Acos Acosh Add AddN AddV2 AdjustContrastv2 AdjustHue AdjustSaturation All Angle Any ApplyAdam \
        ApplyGradientDescent ApplyMomentum ApplyRMSProp ApproximateEqual ArgMax ArgMin AsString Asin Asinh Assert Assign AssignAdd \
        AssignAddVariableOp AssignSub AssignSubVariableOp AssignVariableOp Atan Atan2 Atanh AvgPool AvgPool3D AvgPoolGrad BatchMatMul \
        BatchMatMulV2 BatchMatMulV3 BatchNormWithGlobalNormalization BatchToSpace BatchToSpaceND Betainc BiasAdd BiasAddGrad BiasAddV1 \
        Bincount Bitcast BitwiseAnd BitwiseOr BitwiseXor BlockLSTM BlockLSTMV2 BoostedTreesPredict BroadcastArgs BroadcastGradientArgs \
        BroadcastTo Bucketize Case Cast Ceil CheckNumerics Cholesky ClipByValue CombinedNonMaxSuppression Complex ComplexAbs \
        ConcatOffset ConcatV2 Concat Conj Const ControlTrigger Conv2D Conv2DBackpropFilter Conv2DBackpropInput Conv3D \
        Conv3DBackpropInputV2 Copy Cos Cosh CropAndResize Cross CTCBeamSearchDecoder CTCGreedyDecoder CudnnRNN CudnnRNNV2 CudnnRNNV3 \
        CudnnRNNParamsToCanonical Cumprod Cumsum DataFormatDimMap DataFormatVecPermute DecodeAndCropJpeg DecodeBase64 DecodeBmp \
        DecodeCSV DecodeCompressed DecodeGif DecodeImage DecodeJSONExample DecodeJpeg DecodePaddedRaw DecodePng DecodeRaw DecodeWav \
        DeepCopy DenseBincount DepthToSpace DepthwiseConv2dNative Dequantize DestroyResourceOp Diag DiagPart Digamma Dilation2D Div \
        DivNoNan DynamicPartition DynamicStitch EditDistance Einsum Elu Empty EmptyTensorList EncodeBase64 EncodeJpeg EncodePng \
        EncodeWav EnsureShape Enter Equal Erf Erfc Erfinv Exit Exp ExpandDims Expm1 ExtractGlimpse ExtractImagePatches ExtractJpegShape \
        FFT FFT2D FFT3D FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel Fill FingerPrint Fingerprint \
        Floor FloorDiv FloorMod For FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 GRUBlockCell Gather GatherNd GatherV2 Greater \
        GreaterEqual HSVToRGB HashTable HashTableV2 HistogramFixedWidth IFFT IFFT2D IRFFT IRFFT2D Identity IdentityN If Igamma Igammac Imag \
        ImageProjectiveTransformV2 ImageProjectiveTransformV3 InTopK InTopKV2 Inv InvertPermutation Invert IsFinite IsInf IsNan \
        IsVariableInitialized KMC2ChainInitialization L2Loss LRN LSTMBlockCell LeakyRelu LeftShift Less LessEqual Lgamma LinSpace Log Log1p \
        LogMatrixDeterminant LogSoftmax LogicalAnd LogicalNot LogicalOr LookupTableExportV2 LookupTableFind LookupTableFindV2 \
        LookupTableImportV2 LookupTableInsertV2 LookupTableSize LookupTableSizeV2 LoopCond LowerBound Lu MatMul MatrixBandPart \
        MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixInverse MatrixSetDiag \
        MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixTriangularSolve Max MaxPool MaxPool3D MaxPoolV2 MaxPoolWithArgmax Maximum Mean Merge \
        Mfcc Min Minimum MirrorPad Mod Mul MulNoNan Multinomial MutableDenseHashTableV2 MutableHashTableV2 MutexV2 NextIteration NoOp \
        NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 NotEqual NthElement Neg OneHot OnesLike Pack Pad \
        PadV2 ParallelDynamicStitch ParseExample ParseExampleV2 ParseSequenceExample ParseSequenceExampleV2 ParseSingleExample ParseTensor \
        PartitionedCall Placeholder PlaceholderV2 PlaceholderWithDefault PopulationCount Pow PreventGradient Print Prod Qr QuantizeAndDequantizeV2 \
        QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeV2 QuantizedConv2D QuantizedMatMul RFFT RFFT2D RGBToHSV RaggedBincount RaggedCross \
        RaggedGather RaggedRange RaggedTensorFromVariant RaggedTensorToSparse RaggedTensorToTensor RaggedTensorToVariant RandomGamma \
        RandomPoisson RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt Range Rank ReadVariableOp Real RealDiv Reciprocal \
        ReduceJoin RefEnter RefExit RefIdentity RefMerge RefNextIteration RefSwitch RegexFullMatch RegexReplace Relu Relu6 Reshape ResizeArea \
        ResizeBicubic ResizeBilinear ResizeNearestNeighbor ResourceApplyAdam ResourceApplyGradientDescent ResourceGather ResourceGatherNd \
        ResourceScatterAdd ResourceScatterUpdate Reverse ReverseSequence ReverseV2 RightShift Rint RngReadAndSkip Roll Round Rsqrt \
        SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 ScatterNd ScatterUpdate SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum Select \
        SelectV2 SelfAdjointEigV2 Selu Shape ShapeN Sigmoid SigmoidGrad Sign Sin Sinh Size Slice Snapshot Softmax Softplus Softsign SpaceToBatch \
        SpaceToBatchND SpaceToDepth SparseAdd SparseConcat SparseCross SparseCrossV2 SparseFillEmptyRows SparseReorder SparseReshape \
        SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum SparseSlice SparseSoftmax SparseTensorDenseMatMul SparseToDense Split SplitV Sqrt Square \
        SquaredDifference Squeeze StackV2 StackPopV2 StackPushV2 StatefulPartitionedCall StatefulRandomBinomial StatefulStandardNormalV2 \
        StatefulUniform StatelessCase StatelessIf StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformV2 \
        StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomGetKeyCounter StatelessRandomGetAlg StatelessWhile \
        StaticRegexFullMatch StaticRegexReplace StopGradient StridedSlice StridedSliceGrad StringFormat StringJoin StringLength StringLower StringNGrams \
        StringSplit StringSplitV2 StringStrip StringToHashBucket StringToHashBucketFast StringToHashBucketStrong StringToNumber StringUpper Sub Substr \
        Sum Svd Switch SymbolicGradient Tan Tanh TanhGrad TemporaryVariable TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayReadV3 \
        TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 TensorListConcatV2 TensorListElementShape \
        TensorListFromTensor TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListResize \
        TensorListScatterV2 TensorListSetItem TensorListSplit TensorListStack TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub \
        TensorScatterUpdate TensorStridedSliceUpdate Tile TileGrad Timestamp TopK TopKV2 Transpose TridiagonalSolve TruncateDiv TruncateMod \
        TruncatedNormal Unbatch UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode UnicodeScript UnicodeTranscode Unique UniqueV2 UniqueWithCounts \
        UniqueWithCountsV2 Unpack UnravelIndex UnsortedSegmentJoin UnsortedSegmentMax UnsortedSegmentMean UnsortedSegmentMin UnsortedSegmentProd \
        UnsortedSegmentSum UpperBound VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2 Where While XlaDynamicSlice Xdivy Xlog1py Xlogy \
        ZerosLike Zeta
        """
    )

    /// What stands written out in the names that savers put together.
    static func isSaverPart(_ text: String) -> Bool {
        let plain = [
            "", "model", "part", "/part", ".part", "_temp/part", "^s3://.*", "/variables", "variables", "./part",
        ]
        if plain.contains(text) { return true }
        return text.hasPrefix("_temp_") && text.hasSuffix("/part") && RelativeName.isInside(text)
    }
}
