/// SentencePiece's `tokenizer.model`: pieces with their scores, and settings.
enum SentencePieceScanner: FormatScanner {
    static let format = "sentencepiece"

    private static let schema: ProtobufSchema = [
        "ModelProto": [
            1: .message("SentencePiece"), 2: .message("TrainerSpec"), 3: .message("NormalizerSpec"),
            4: .message("SelfTestData"), 5: .message("NormalizerSpec"),
        ],
        "SentencePiece": [1: .string, 2: .fixed32, 3: .varint],
        "SelfTestData": [1: .message("Sample")],
        "Sample": [1: .string, 2: .string],
        "NormalizerSpec": [1: .string, 2: .bytes, 3: .varint, 4: .varint, 5: .varint, 6: .string],
        "TrainerSpec": [
            1: .string, 2: .string, 3: .varint, 4: .varint, 5: .string, 6: .varint, 7: .string, 10: .fixed32,
            11: .varint,
            12: .varint, 13: .varint, 14: .varint, 15: .fixed32, 16: .varint, 17: .varint, 18: .varint, 19: .varint,
            20: .varint, 21: .varint, 22: .varint, 23: .varint, 24: .varint, 25: .varint, 26: .varint, 30: .string,
            31: .string, 32: .varint, 33: .varint, 34: .varint, 35: .varint, 36: .string, 40: .varint, 41: .varint,
            42: .varint, 43: .varint, 44: .string, 45: .string, 46: .string, 47: .string, 48: .string, 49: .varint,
            50: .varint, 51: .fixed32, 52: .varint, 53: .string, 54: .string,
        ],
    ]

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard try input.head(1) == [0x0A], input.size <= 64 << 20, let shape = try ProtobufReader.shape(of: input),
            shape.isSuperset(of: [1, 2, 3]), shape.isSubset(of: [1, 2, 3, 4, 5])
        else { return false }
        return true
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var reader = ProtobufReader(input, schema: schema, context)
        try reader.check("ModelProto", in: reader.whole)
    }
}
