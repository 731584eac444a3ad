import CGuardrailData

/// The tables that `Training/` made and the compiler put into the program.
enum EmbeddedTables {
    /// `unicode.bin`.
    static let unicode: [UInt8] = {
        var length = 0
        guard let bytes = unsafe lapwing_unicode_tables(&length) else { return [] }
        // The table is a constant of the program and `length` its size: neither moves nor ends.
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
    }()

    /// `injection.bin`.
    static let injection: [UInt8] = {
        var length = 0
        guard let bytes = unsafe lapwing_injection_model(&length) else { return [] }
        // As above.
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
    }()

    /// `names.bin`.
    static let names: [UInt8] = {
        var length = 0
        guard let bytes = unsafe lapwing_name_tagger(&length) else { return [] }
        // As above.
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
    }()
}

extension [UInt8] {
    /// The little-endian word of 32 bits at an offset.
    func word(at offset: Int) -> UInt32 {
        UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }
}
