/// Links or attributes that are too many for a header: objects of a fractal heap, which a B-tree of version 2 lists.
struct HDF5Dense {
    private var file: HDF5File
    private let context: ScanContext

    // Of the heap.
    private var identifierLength: UInt64 = 0
    private var width: UInt64 = 0
    private var startSize: UInt64 = 0
    private var largestDirect: UInt64 = 0
    private var heapBits: UInt64 = 0
    private var root: UInt64 = 0
    private var rootRows: UInt64 = 0
    private var isChecksummed = false

    init(_ file: HDF5File, _ context: ScanContext) {
        self.file = file
        self.context = context
    }

    private func fault(_ message: String) -> ScanStop { HDF5File.fault("hdf5-dense", message) }

    /// Where the objects that a tree lists lie; `skip` bytes stand in a record before the object's identifier.
    mutating func objects(
        heap: UInt64,
        index: UInt64,
        recordSize: UInt64,
        skip: UInt64
    ) throws(ScanStop) -> [(start: UInt64, count: UInt64)] {
        try readHeap(heap)
        var result: [(start: UInt64, count: UInt64)] = []
        for record in try records(index, recordSize) {
            try file.move(to: record + skip, count: identifierLength)
            guard try file.number(1) & 0xF0 == 0 else {
                throw fault("an object of a heap is huge or tiny, which is not read")
            }
            let offsetBytes = Int((heapBits + 7) / 8)
            let offset = try file.number(offsetBytes)
            let lengthBytes = min(Int(identifierLength) - 1 - offsetBytes, 8)
            guard lengthBytes > 0 else { throw fault("a heap's identifier is too short") }
            let length = try file.number(lengthBytes)
            result.append((try place(offset, length), length))
        }
        return result
    }

    private mutating func readHeap(_ heap: UInt64) throws(ScanStop) {
        try file.move(to: heap)
        try file.expect("FRHP")
        guard try file.number(1) == 0 else { throw fault("a heap is of no version that is known") }
        identifierLength = try file.number(2)
        guard try file.number(2) == 0 else { throw fault("a heap is filtered, which is not read") }
        isChecksummed = try file.number(1) & 2 != 0
        // The largest object, huge objects' next identifier, tree and free space, then counts.
        try file.skip(4)
        try file.skip(UInt64(file.lengthSize + file.offsetSize))
        try file.skip(UInt64(file.lengthSize + file.offsetSize))
        try file.skip(UInt64(8 * file.lengthSize))
        width = try file.number(2)
        startSize = try file.length()
        largestDirect = try file.length()
        heapBits = try file.number(2)
        try file.skip(2)
        guard let root = try file.address() else { throw fault("a heap has no blocks") }
        self.root = root
        rootRows = try file.number(2)
        guard (1...1024).contains(width), startSize > 0, startSize & (startSize - 1) == 0, largestDirect >= startSize,
            largestDirect <= 1 << 30, heapBits <= 64, (2...32).contains(identifierLength)
        else { throw fault("a heap's sizes are not ones that exist") }
    }

    /// Where an object lies in the file, from where it lies in the heap's own space.
    private mutating func place(_ offset: UInt64, _ length: UInt64) throws(ScanStop) -> UInt64 {
        if rootRows == 0 { return try within(root, offset, length, startSize) }
        guard rootRows <= 64 else { throw fault("a heap has too many rows") }
        try file.move(to: root)
        try file.expect("FHIB")
        try file.skip(UInt64(1 + file.offsetSize) + (heapBits + 7) / 8)
        var start: UInt64 = 0
        for row in 0..<rootRows {
            let size = startSize << (row < 2 ? 0 : row - 1)
            guard size <= largestDirect else { throw fault("a heap has blocks of blocks, which are not read") }
            for _ in 0..<width {
                try context.budget.step()
                let block = try file.address()
                if offset >= start, offset - start < size {
                    guard let block else { throw fault("an object lies in a block that is not there") }
                    return try within(block, offset - start, length, size)
                }
                start += size
            }
        }
        throw fault("an object lies outside its heap")
    }

    private mutating func within(
        _ block: UInt64,
        _ offset: UInt64,
        _ length: UInt64,
        _ size: UInt64
    ) throws(ScanStop) -> UInt64 {
        guard offset <= size, length <= size - offset else { throw fault("an object lies outside its block") }
        try file.move(to: block, count: size)
        try file.expect("FHDB")
        return block + offset
    }

    /// Where the records of a B-tree of version 2 lie.
    private mutating func records(_ tree: UInt64, _ recordSize: UInt64) throws(ScanStop) -> [UInt64] {
        try file.move(to: tree)
        try file.expect("BTHD")
        try file.skip(2)
        let nodeSize = try file.number(4)
        guard try file.number(2) == recordSize else { throw fault("a tree's records are of no size that is known") }
        let depth = try file.number(2)
        try file.skip(2)
        guard let root = try file.address() else { return [] }
        let count = try file.number(2)
        guard depth <= 1, nodeSize <= 1 << 20 else { throw fault("a tree is deeper than is read") }
        if depth == 0 { return try leaf(root, count, recordSize) }
        return try branch(root, count, recordSize, nodeSize)
    }

    private mutating func leaf(_ node: UInt64, _ count: UInt64, _ recordSize: UInt64) throws(ScanStop) -> [UInt64] {
        try file.move(to: node)
        try file.expect("BTLF")
        try file.skip(2)
        var result: [UInt64] = []
        for _ in 0..<count {
            try context.budget.step()
            result.append(file.offset)
            try file.skip(recordSize)
        }
        return result
    }

    private mutating func branch(
        _ node: UInt64,
        _ count: UInt64,
        _ recordSize: UInt64,
        _ nodeSize: UInt64
    ) throws(ScanStop) -> [UInt64] {
        try file.move(to: node)
        try file.expect("BTIN")
        try file.skip(2)
        var result: [UInt64] = []
        for _ in 0..<count {
            result.append(file.offset)
            try file.skip(recordSize)
        }
        let most = (nodeSize - min(nodeSize, 10)) / recordSize
        let countBytes = most < 256 ? 1 : 2
        var children: [(node: UInt64, count: UInt64)] = []
        for _ in 0...count {
            guard let child = try file.address() else { throw fault("a tree's child is not there") }
            children.append((child, try file.number(countBytes)))
        }
        for child in children { result += try leaf(child.node, child.count, recordSize) }
        return result
    }
}
