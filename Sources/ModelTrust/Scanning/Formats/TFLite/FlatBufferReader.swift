/// Reads tables, vectors and texts of a FlatBuffers file, each held against the file's bounds, and keeps account of which
/// bytes belong to something.
struct FlatBufferReader {
    /// How many parts a file may have: tables, their layouts, vectors and texts.
    private static let parts = 1 << 20
    /// How many bytes may lie unused between parts: alignment asks for less.
    private static let padding: UInt64 = 64

    /// A table: where it begins, how long it is, and where each of its fields lies in it; 0 where one is left out.
    struct Table {
        let start: UInt64
        fileprivate let count: UInt64
        fileprivate let fields: [UInt16]

        /// The numbers of the fields that are there.
        var present: [Int] { fields.indices.filter { fields[$0] != 0 } }

        fileprivate func place(_ field: Int, _ size: UInt64) throws(ScanStop) -> UInt64? {
            guard field < fields.count, fields[field] != 0 else { return nil }
            guard UInt64(fields[field]) + size <= count else {
                throw FlatBufferReader.fault("a field reaches outside its table", at: start)
            }
            return start + UInt64(fields[field])
        }
    }

    private let context: ScanContext
    private let size: UInt64
    private var cursor: ByteCursor
    /// Where a number was read last.
    private var last: UInt64 = 0
    private var used: [Range<UInt64>] = []
    /// The layouts that were read, which many tables share.
    private var layouts: [UInt64: (size: UInt64, fields: [UInt16])] = [:]

    init(_ input: ScanInput, _ context: ScanContext) {
        self.context = context
        size = input.size
        cursor = ByteCursor(input)
    }

    static func fault(_ message: String, at offset: UInt64) -> ScanStop {
        ScanStop(rule: "flatbuffer", offset: offset, message: message)
    }

    /// The table that the file begins with; the file's identifier stands behind its place.
    mutating func root() throws(ScanStop) -> Table {
        try use(0..<8)
        return try table(at: number(at: 0, 4))
    }

    /// A number of a field, or what the format says where it is left out.
    mutating func number(_ table: Table, _ field: Int, _ bytes: Int, default value: UInt64 = 0) throws(ScanStop)
        -> UInt64
    {
        guard let place = try table.place(field, UInt64(bytes)) else { return value }
        return try number(at: place, bytes)
    }

    /// A table that a field leads to.
    mutating func table(_ table: Table, _ field: Int) throws(ScanStop) -> Table? {
        guard let place = try table.place(field, 4) else { return nil }
        return try self.table(at: target(of: place))
    }

    /// The tables of a vector.
    mutating func tables(_ table: Table, _ field: Int) throws(ScanStop) -> [Table] {
        guard let vector = try vector(table, field, 4) else { return [] }
        var result: [Table] = []
        for place in stride(from: vector.lowerBound, to: vector.upperBound, by: 4) {
            result.append(try self.table(at: target(of: place)))
        }
        return result
    }

    /// The bytes of a vector of numbers; nil where it is left out.
    mutating func vector(_ table: Table, _ field: Int, _ element: UInt64) throws(ScanStop) -> Range<UInt64>? {
        guard let place = try table.place(field, 4) else { return nil }
        let start = try target(of: place)
        let (count, over) = try number(at: start, 4).multipliedReportingOverflow(by: element)
        guard !over, count <= size - start - 4 else { throw Self.fault("a vector reaches outside the file", at: start) }
        try use(start..<(start + 4 + count))
        return (start + 4)..<(start + 4 + count)
    }

    /// The numbers of a vector of 32-bit integers.
    mutating func integers(_ table: Table, _ field: Int) throws(ScanStop) -> [Int]? {
        guard let vector = try vector(table, field, 4) else { return nil }
        guard vector.count <= 4 << 20 else { throw Self.fault("a list of numbers is too long", at: vector.lowerBound) }
        var result: [Int] = []
        for place in stride(from: vector.lowerBound, to: vector.upperBound, by: 4) {
            result.append(Int(Int32(truncatingIfNeeded: try number(at: place, 4))))
        }
        return result
    }

    /// A text, which has to be UTF-8 and ends with a NUL.
    mutating func text(_ table: Table, _ field: Int) throws(ScanStop) -> String? {
        guard let vector = try vector(table, field, 1) else { return nil }
        guard vector.count <= 1 << 20, vector.upperBound < size else {
            throw Self.fault("a text is too long", at: vector.lowerBound)
        }
        // Many fields may lead to the same long text.
        try context.budget.step(vector.count / 64)
        cursor.move(to: vector.lowerBound..<(vector.upperBound + 1))
        let bytes = try cursor.bytes(UInt64(vector.count) + 1)
        guard bytes.last == 0, let text = String(validating: bytes.dropLast(), as: UTF8.self) else {
            throw Self.fault("a text is not one", at: vector.lowerBound)
        }
        try use(vector.upperBound..<(vector.upperBound + 1))
        return text
    }

    /// Notes bytes that belong to something.
    mutating func use(_ bytes: Range<UInt64>) throws(ScanStop) {
        try context.budget.step()
        guard bytes.upperBound <= size else {
            throw Self.fault("something lies outside the file", at: bytes.lowerBound)
        }
        guard used.count < Self.parts else { throw Self.fault("it has too many parts", at: bytes.lowerBound) }
        used.append(bytes)
    }

    /// Where bytes lie that belong to nothing and are more than alignment leaves; nil where there are none.
    func unused() -> UInt64? {
        var end: UInt64 = 0
        for part in used.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if part.lowerBound > end, part.lowerBound - end >= Self.padding { return end }
            end = max(end, part.upperBound)
        }
        return size - end >= Self.padding ? end : nil
    }

    private mutating func table(at start: UInt64) throws(ScanStop) -> Table {
        guard start.isMultiple(of: 4) else { throw Self.fault("a table does not lie on a border", at: start) }
        let back = Int64(Int32(truncatingIfNeeded: try number(at: start, 4)))
        guard let place = UInt64(exactly: Int64(clamping: start) - back), place.isMultiple(of: 2) else {
            throw Self.fault("a table's layout lies outside the file", at: start)
        }
        let layout = try layout(at: place)
        try use(start..<(start + layout.size))
        return Table(start: start, count: layout.size, fields: layout.fields)
    }

    private mutating func layout(at place: UInt64) throws(ScanStop) -> (size: UInt64, fields: [UInt16]) {
        if let known = layouts[place] { return known }
        let (count, size) = (try number(at: place, 2), try number(at: place + 2, 2))
        guard count >= 4, count.isMultiple(of: 2), size >= 4 else {
            throw Self.fault("a table's layout is none", at: place)
        }
        try use(place..<(place + count))
        var fields: [UInt16] = []
        for index in 2..<(count / 2) {
            let offset = try number(at: place + 2 * index, 2)
            guard offset < size, offset == 0 || offset >= 4 else {
                throw Self.fault("a field lies outside its table", at: place)
            }
            fields.append(UInt16(offset))
        }
        // Tables that share a layout are not to look through fields that none of them has.
        while fields.last == 0 { fields.removeLast() }
        layouts[place] = (size, fields)
        return (size, fields)
    }

    private mutating func target(of place: UInt64) throws(ScanStop) -> UInt64 {
        let offset = try number(at: place, 4)
        guard offset > 0, offset <= size - place, size - place - offset >= 4 else {
            throw Self.fault("a reference leads outside the file", at: place)
        }
        return place + offset
    }

    private mutating func number(at place: UInt64, _ bytes: Int) throws(ScanStop) -> UInt64 {
        // A place far from the last one is another read of the file.
        let isFar = place >= last ? place - last > 512 : last - place > 512
        try context.budget.step(isFar ? 8 : 1)
        guard place <= size, size - place >= UInt64(bytes) else {
            throw Self.fault("something lies outside the file", at: place)
        }
        last = place
        cursor.move(to: place..<size)
        return try cursor.number(bytes)
    }
}
