public import ZeroTrust

/// A hash that is the same in every process, for sketches that are saved and merged.
///
/// It is no secret: whoever chooses names can make two collide. What is decided by it is an estimate, never a right.
public enum StableHash {
    /// The hash of a text's bytes.
    public static func of(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        // FNV-1a over the bytes, then mixed so that every bit counts.
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return mix(hash)
    }

    /// The hash of an id, which is not made a text for it.
    public static func of(_ id: RequestID) -> UInt64 {
        of(UInt64(truncatingIfNeeded: id.bits >> 64), UInt64(truncatingIfNeeded: id.bits))
    }

    /// The hash of a number: the finaliser of SplitMix64.
    public static func mix(_ number: UInt64) -> UInt64 {
        var value = number &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    /// The hash of two numbers in order.
    public static func of(_ first: UInt64, _ second: UInt64) -> UInt64 { mix(mix(first) ^ second) }
}
