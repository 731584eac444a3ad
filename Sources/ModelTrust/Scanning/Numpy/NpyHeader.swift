/// The header of an array file: a Python dictionary with three keys, as a literal (NumPy's `lib/format.py`).
///
/// NumPy evaluates it with `ast.literal_eval`. Here only what NumPy writes is read: names, integers, booleans, tuples
/// and lists, to a small depth.
struct NpyHeader {
    /// The type of the elements.
    let type: NumpyType
    let shape: [Int]
    /// Where the elements begin.
    let dataStart: UInt64

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// NumPy refuses longer ones as well.
    private static let longest = 10_000

    init(_ input: ScanInput) throws(ScanStop) {
        let head = try input.read(at: 0, count: 12)
        let isShort = head[6] == 1
        guard head[7] == 0, 1...3 ~= head[6] else { throw Self.broken("it is of no known version", at: 6) }
        let fields = ByteFields(head)
        let count = isShort ? Int(fields.u16(8)) : Int(clamping: fields.u32(8))
        let start = isShort ? 10 : 12
        guard count <= Self.longest else { throw Self.broken("its header is longer than NumPy reads", at: 8) }
        let text = try input.read(at: UInt64(start), count: count)
        var literal = PythonLiteral(text)
        guard case .dictionary(let keys, let items)? = literal.parse(), literal.isAtEnd, keys.count == 3 else {
            throw Self.broken("its header is not the literal that NumPy writes", at: UInt64(start))
        }
        let values = Dictionary(zip(keys, items)) { first, _ in first }
        guard values.count == 3, let descr = values["descr"], let type = Self.type(descr, depth: 0) else {
            throw Self.broken("its header names no type that is known", at: UInt64(start))
        }
        guard case .boolean? = values["fortran_order"], case .sequence(let sizes)? = values["shape"] else {
            throw Self.broken("its header has no shape", at: UInt64(start))
        }
        var shape: [Int] = []
        for size in sizes {
            guard case .integer(let number) = size, number >= 0 else {
                throw Self.broken("its shape is none", at: UInt64(start))
            }
            shape.append(number)
        }
        guard shape.count <= 64 else { throw Self.broken("it has more dimensions than NumPy reads", at: UInt64(start)) }
        self.type = type
        self.shape = shape
        self.dataStart = UInt64(start + count)
    }

    private static func type(_ value: PythonLiteral.Value, depth: Int) -> NumpyType? {
        switch value {
        case .text(let text): return NumpyType(text)
        // A list of fields: (name, type) or (name, type, shape).
        case .sequence(let fields):
            guard depth < 4, !fields.isEmpty else { return nil }
            var size: UInt64 = 0
            var holdsObjects = false
            for field in fields {
                guard case .sequence(let parts) = field, 2...3 ~= parts.count, isName(parts[0]),
                    let type = type(parts[1], depth: depth + 1)
                else { return nil }
                var shape: [Int] = []
                if parts.count == 3 {
                    guard case .sequence(let sizes) = parts[2] else { return nil }
                    for size in sizes {
                        guard case .integer(let number) = size else { return nil }
                        shape.append(number)
                    }
                }
                guard let bytes = type.bytes(shape: shape) else { return nil }
                let (sum, overflows) = size.addingReportingOverflow(bytes)
                guard !overflows else { return nil }
                size = sum
                holdsObjects = holdsObjects || type.holdsObjects
            }
            return NumpyType(size: size, holdsObjects: holdsObjects)
        default: return nil
        }
    }

    /// A field's name, or its title and its name.
    private static func isName(_ value: PythonLiteral.Value) -> Bool {
        switch value {
        case .text: true
        case .sequence(let parts): parts.count == 2 && parts.allSatisfy { if case .text = $0 { true } else { false } }
        default: false
        }
    }

    private static func broken(_ why: String, at offset: UInt64) -> ScanStop {
        ScanStop(rule: "npy-header", offset: offset, message: why)
    }
}
