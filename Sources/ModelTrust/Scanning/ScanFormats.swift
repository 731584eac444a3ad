/// The formats that are known.
enum ScanFormats {
    /// Every scanner: those by signature first, then the guesses in the order in which they are asked.
    static let all: [any FormatScanner.Type] = signatures + guesses

    private static let signatures: [any FormatScanner.Type] = [
        PickleScanner.self, ZipScanner.self, TarScanner.self, NpyScanner.self, CompressedScanner.self,
        SafetensorsScanner.self,
        GGUFScanner.self,
        HDF5Scanner.self,
        ONNXScanner.self,
        CoreMLScanner.self,
        SavedModelScanner.self,
        KerasMetadataScanner.self,
        SentencePieceScanner.self,
        MessagePackScanner.self,
        TFLiteScanner.self,
        XGBoostScanner.self,
        MediaScanner.self,
        ExecutableScanner.self,
        ForeignScanner.self,
    ]

    private static let guesses: [any FormatScanner.Type] = [
        WordListScanner.self,
        TorchScriptScanner.self,
        JSONScanner.self,
        JinjaScanner.self,
        YAMLScanner.self,
        TextScanner.self,
    ]
}
