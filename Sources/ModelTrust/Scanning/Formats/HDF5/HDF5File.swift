/// The sizes and the root of an HDF5 file, from its superblock, and its numbers.
struct HDF5File {
    let input: ScanInput
    private var cursor: ByteCursor
    /// Bytes of an address and of a length.
    private(set) var offsetSize = 8
    private(set) var lengthSize = 8
    /// Where the root group's header is.
    private(set) var root: UInt64 = 0

    /// Reads a superblock of version 0 to 3.
    init(_ input: ScanInput) throws(ScanStop) {
        self.input = input
        cursor = ByteCursor(input, from: 8)
        let version = try cursor.byte()
        switch version {
        case 0, 1:
            try cursor.skip(4)
            try sizes()
            try cursor.skip(1)
            try cursor.skip(version == 0 ? 8 : 12)
            try addresses(second: "free space")
            guard try address() == nil else {
                throw Self.fault("hdf5-driver", "the file is spread over several by a driver")
            }
            try cursor.skip(UInt64(offsetSize))
            guard let root = try address() else { throw Self.fault("hdf5-root", "there is no root group") }
            self.root = root
        case 2, 3:
            try sizes()
            try cursor.skip(1)
            try addresses(second: "extension")
            guard let root = try address() else { throw Self.fault("hdf5-root", "there is no root group") }
            self.root = root
        default: throw Self.fault("hdf5-version", "superblock version \(version) is not known")
        }
    }

    static func fault(_ rule: String, _ message: String, at offset: UInt64? = nil) -> ScanStop {
        ScanStop(rule: rule, offset: offset, message: message)
    }

    private mutating func sizes() throws(ScanStop) {
        offsetSize = Int(try cursor.byte())
        lengthSize = Int(try cursor.byte())
        guard [4, 8].contains(offsetSize), [4, 8].contains(lengthSize) else {
            throw Self.fault("hdf5-version", "addresses of \(offsetSize) bytes are not known")
        }
    }

    /// The base, a second address that has to be none, and the end of the file, which has to be the input's.
    private mutating func addresses(second: String) throws(ScanStop) {
        guard try address() == 0 else { throw Self.fault("hdf5-base", "the file does not begin at its first byte") }
        guard try address() == nil else {
            throw Self.fault("hdf5-extension", "the superblock has an \(second), which is not read")
        }
        guard try address() == input.size else {
            throw Self.fault("hdf5-end", "the file does not end where it says: something follows, or is missing")
        }
    }

    /// Goes on at an address.
    mutating func move(to address: UInt64, count: UInt64? = nil) throws(ScanStop) {
        guard address <= input.size, count ?? 0 <= input.size - address else {
            throw Self.fault("truncated", "an address lies outside the file", at: address)
        }
        cursor.move(to: address..<(count.map { address + $0 } ?? input.size))
    }

    var offset: UInt64 { cursor.offset }
    var remaining: UInt64 { cursor.remaining }

    mutating func number(_ size: Int) throws(ScanStop) -> UInt64 { try cursor.number(size) }
    mutating func bytes(_ count: UInt64) throws(ScanStop) -> [UInt8] { try cursor.bytes(count) }
    mutating func skip(_ count: UInt64) throws(ScanStop) { try cursor.skip(count) }
    mutating func length() throws(ScanStop) -> UInt64 { try cursor.number(lengthSize) }

    /// An address; nil where it is undefined.
    mutating func address() throws(ScanStop) -> UInt64? {
        let value = try cursor.number(offsetSize)
        return value == (offsetSize == 8 ? UInt64.max : UInt64(UInt32.max)) ? nil : value
    }

    /// Four letters that a structure begins with.
    mutating func expect(_ signature: String) throws(ScanStop) {
        let place = offset
        guard try bytes(4).elementsEqual(signature.utf8) else {
            throw Self.fault("hdf5-structure", "`\(signature)` is expected", at: place)
        }
    }

    /// A name in a local heap's data.
    mutating func name(in heap: UInt64, at place: UInt64, _ context: ScanContext) throws(ScanStop) -> String {
        try move(to: heap)
        try expect("HEAP")
        try skip(4)
        let size = try length()
        _ = try length()
        guard let data = try address(), place < size else {
            throw Self.fault("hdf5-heap", "a name lies outside its heap")
        }
        try move(to: data, count: size)
        try skip(place)
        var name: [UInt8] = []
        while name.count < 4096 {
            let byte = UInt8(truncatingIfNeeded: try number(1))
            if byte == 0 {
                try context.budget.step(name.count / 4)
                return String(decoding: name, as: UTF8.self)
            }
            name.append(byte)
        }
        throw Self.fault("hdf5-heap", "a name is longer than names are")
    }

    /// An object of a global heap, where strings of any length lie.
    mutating func object(_ index: UInt64, inHeapAt heap: UInt64, _ context: ScanContext) throws(ScanStop) -> [UInt8] {
        try move(to: heap)
        try expect("GCOL")
        try skip(4)
        let size = try length()
        try move(to: heap, count: size)
        try skip(UInt64(8 + lengthSize))
        while remaining >= UInt64(8 + lengthSize) {
            try context.budget.step(2)
            let number = try number(2)
            try skip(6)
            let size = try length()
            if number == index {
                guard size <= 64 << 20 else {
                    throw Self.fault("hdf5-heap", "a string is longer than can be looked through")
                }
                return try bytes(size)
            }
            guard number != 0 else { break }
            try skip((size + 7) / 8 * 8)
        }
        throw Self.fault("hdf5-heap", "a global heap does not have the object that is asked for", at: heap)
    }
}
