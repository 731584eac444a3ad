/// What values one pickle may make an unpickler keep, by how long it is.
///
/// A byte is enough for a dictionary, which takes sixty times as much memory, and more in Python. Picklers write such
/// bytes next to longer ones: names, numbers, references. So a pickle may make some, and then one for each few of its
/// bytes: a checkpoint of sixty thousand tensors, with five tuples each, stays within that, and so does a dictionary of
/// NumPy's numbers.
struct PickleAllowance {
    /// How many units of some 64 bytes a pickle of any length may make.
    private static let free = 1 << 17
    /// How many bytes it needs for each more.
    private static let bytesPerUnit: UInt64 = 5
    /// How many units a pickle may make however long it is.
    private static let most = 1 << 21
    /// How many values a pickle of any length may remember, and how many bytes it needs for each more.
    private static let freeMemo = 1 << 18

    private var made = 0
    private var settled = 0
    private var allowed = Self.free

    /// Takes units, of a pickle of which so many bytes have been read; false where there are too many.
    mutating func take(_ units: Int, read: UInt64) -> Bool {
        made += units
        if made <= allowed { return true }
        allowed = min(Self.free + Int(min(read / Self.bytesPerUnit, 1 << 40)), Self.most)
        return made <= allowed
    }

    /// Whether a value may be remembered under an index.
    func mayRemember(_ index: Int, read: UInt64) -> Bool {
        index < Self.freeMemo || UInt64(index - Self.freeMemo) < read / Self.bytesPerUnit
    }

    /// Units that have been made since they were last settled.
    var unsettled: Int { made - settled }

    mutating func settle() { settled = made }
}

/// A name to import, by its module.
struct PickleName: Hashable {
    let module: String
    let name: String
}
