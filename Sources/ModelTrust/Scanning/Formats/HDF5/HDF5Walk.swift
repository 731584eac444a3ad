/// Comes to every object of an HDF5 file from its root.
struct HDF5Walk {
    private static let messages = 100_000

    private let input: ScanInput
    private let context: ScanContext
    private var file: HDF5File
    private var pending: [(header: UInt64, name: String)] = []
    private var seen: Set<UInt64> = []

    init(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        self.input = input
        self.context = context
        file = try HDF5File(input)
        visitLater(file.root, "/")
    }

    private func find(
        _ rule: String,
        _ verdict: ScanVerdict,
        _ offset: UInt64?,
        _ element: String,
        _ message: String
    ) throws(ScanStop) {
        try context.find(rule, verdict, in: input.path, at: offset, element, message)
    }

    /// Visits all objects.
    mutating func objects() throws(ScanStop) {
        while let (header, name) = pending.popLast() {
            for message in try messages(header) { try visit(message, name) }
        }
    }

    /// Notes an object to be visited, once however many links lead to it.
    private mutating func visitLater(_ header: UInt64, _ name: String) {
        guard seen.insert(header).inserted else { return }
        pending.append((header, String(name.prefix(400))))
    }

    // MARK: Headers

    private mutating func messages(_ header: UInt64) throws(ScanStop) -> [HDF5Message] {
        try file.move(to: header)
        let first = try file.bytes(1)
        return first == [0x4F] ? try secondHeader(header) : try firstHeader(header)
    }

    /// A header of version 1.
    private mutating func firstHeader(_ header: UInt64) throws(ScanStop) -> [HDF5Message] {
        try file.move(to: header)
        guard try file.number(1) == 1 else {
            throw HDF5File.fault("hdf5-header", "an object's header is of no version that is known", at: header)
        }
        try file.skip(1)
        let total = try file.number(2)
        try file.skip(4)
        let size = try file.number(4)
        try file.skip(4)
        var blocks = [(start: file.offset, count: size)]
        var result: [HDF5Message] = []
        while let block = blocks.popLast() {
            try file.move(to: block.start, count: block.count)
            while file.remaining >= 8, result.count < total {
                try context.budget.step()
                let type = try file.number(2)
                let count = try file.number(2)
                let flags = try file.number(1)
                try file.skip(3)
                let start = file.offset
                try file.skip(count)
                let next = file.offset
                result.append(HDF5Message(type: type, flags: flags, start: start, count: count))
                guard type == 0x10 else { continue }
                blocks.append(try continuation(start, count))
                guard blocks.count < 1_000 else {
                    throw HDF5File.fault("hdf5-header", "a header goes on for ever", at: header)
                }
                try file.move(to: next, count: block.start + block.count - next)
            }
        }
        return result
    }

    private mutating func continuation(_ start: UInt64, _ count: UInt64) throws(ScanStop) -> (
        start: UInt64, count: UInt64
    ) {
        try file.move(to: start, count: count)
        guard let address = try file.address() else {
            throw HDF5File.fault("hdf5-header", "a header goes on nowhere", at: start)
        }
        return (address, try file.length())
    }

    /// A header of version 2.
    private mutating func secondHeader(_ header: UInt64) throws(ScanStop) -> [HDF5Message] {
        try file.move(to: header)
        try file.expect("OHDR")
        guard try file.number(1) == 2 else {
            throw HDF5File.fault("hdf5-header", "an object's header is of no version that is known", at: header)
        }
        let flags = try file.number(1)
        if flags & 0x20 != 0 { try file.skip(16) }
        if flags & 0x10 != 0 { try file.skip(4) }
        let size = try file.number(1 << Int(flags & 3))
        var blocks = [(start: file.offset, count: size)]
        var result: [HDF5Message] = []
        var visited: Set<UInt64> = []
        while let block = blocks.popLast() {
            guard visited.insert(block.start).inserted else {
                throw HDF5File.fault("hdf5-header", "a header goes round in a circle", at: header)
            }
            try file.move(to: block.start, count: block.count)
            let head: UInt64 = flags & 4 != 0 ? 6 : 4
            while file.remaining >= head {
                try context.budget.step()
                let type = try file.number(1)
                let count = try file.number(2)
                let messageFlags = try file.number(1)
                if flags & 4 != 0 { try file.skip(2) }
                let start = file.offset
                try file.skip(count)
                let next = file.offset
                result.append(HDF5Message(type: type, flags: messageFlags, start: start, count: count))
                guard result.count < Self.messages else {
                    throw HDF5File.fault("hdf5-header", "a header is too long", at: header)
                }
                guard type == 0x10 else { continue }
                let more = try continuation(start, count)
                try file.move(to: more.start)
                try file.expect("OCHK")
                guard more.count >= 8 else {
                    throw HDF5File.fault("hdf5-header", "a header goes on nowhere", at: start)
                }
                blocks.append((more.start + 4, more.count - 8))
                try file.move(to: next, count: block.start + block.count - next)
            }
        }
        return result
    }

    // MARK: Messages

    private mutating func visit(_ message: HDF5Message, _ name: String) throws(ScanStop) {
        let isShared = message.flags & 2 != 0
        switch message.type {
        // Nothing, a space, a type, fill values, group information, times, continuations and counts.
        case 0x00, 0x01, 0x03, 0x04, 0x05, 0x0A, 0x0D, 0x0E, 0x10, 0x12, 0x13, 0x16: return
        case 0x02: try linkInfo(message, name)
        case 0x06: try link(message, name)
        case 0x07:
            try find("hdf5-external", .unsafe, message.start, name, "a dataset's values are read from other files")
        case 0x08: try layout(message, name)
        case 0x0B where !isShared: try filters(message, name)
        case 0x0C where !isShared: try attribute(message, name)
        case 0x11: try symbolTable(message, name)
        case 0x15: try attributeInfo(message, name)
        default:
            throw HDF5File.fault("hdf5-message", "a message of type \(message.type) is not read", at: message.start)
        }
    }

    private mutating func linkInfo(_ message: HDF5Message, _ name: String) throws(ScanStop) {
        try file.move(to: message.start, count: message.count)
        try file.skip(1)
        if try file.number(1) & 1 != 0 { try file.skip(8) }
        guard let heap = try file.address(), let index = try file.address() else { return }
        var dense = HDF5Dense(file, context)
        for record in try dense.objects(heap: heap, index: index, recordSize: 11, skip: 4) {
            try link(HDF5Message(type: 0x06, flags: 0, start: record.start, count: record.count), name)
        }
    }

    private mutating func attributeInfo(_ message: HDF5Message, _ name: String) throws(ScanStop) {
        try file.move(to: message.start, count: message.count)
        try file.skip(1)
        if try file.number(1) & 1 != 0 { try file.skip(2) }
        guard let heap = try file.address(), let index = try file.address() else { return }
        var dense = HDF5Dense(file, context)
        for record in try dense.objects(heap: heap, index: index, recordSize: 17, skip: 0) {
            try attribute(HDF5Message(type: 0x0C, flags: 0, start: record.start, count: record.count), name)
        }
    }

    private mutating func link(_ message: HDF5Message, _ parent: String) throws(ScanStop) {
        try file.move(to: message.start, count: message.count)
        guard try file.number(1) == 1 else {
            throw HDF5File.fault("hdf5-link", "a link is of no version that is known")
        }
        let flags = try file.number(1)
        let type = flags & 8 != 0 ? try file.number(1) : 0
        if flags & 4 != 0 { try file.skip(8) }
        if flags & 16 != 0 { try file.skip(1) }
        let length = try file.number(1 << Int(flags & 3))
        guard length <= 4096 else { throw HDF5File.fault("hdf5-link", "a name is longer than names are") }
        // Many links may be the same one.
        try context.budget.step(Int(length) / 16)
        let name = String(decoding: try file.bytes(length), as: UTF8.self)
        switch type {
        case 0: if let header = try file.address() { visitLater(header, "\(parent.prefix(200))\(name)/") }
        case 1: break
        case 64: try find("hdf5-external", .unsafe, message.start, name, "a link leads into another file")
        default: try find("hdf5-link", .notProven, message.start, name, "a link of a kind that an extension brings")
        }
    }

    private mutating func symbolTable(_ message: HDF5Message, _ parent: String) throws(ScanStop) {
        try file.move(to: message.start, count: message.count)
        guard let tree = try file.address(), let heap = try file.address() else { return }
        var nodes = [(address: tree, depth: 0)]
        var visited: Set<UInt64> = []
        while let node = nodes.popLast() {
            guard visited.insert(node.address).inserted, node.depth < 32 else {
                throw HDF5File.fault("hdf5-tree", "a group's tree goes round in a circle", at: node.address)
            }
            try file.move(to: node.address)
            let signature = try file.bytes(4)
            if signature.elementsEqual("SNOD".utf8) {
                try symbols(heap, parent)
                continue
            }
            guard signature.elementsEqual("TREE".utf8), try file.number(1) == 0 else {
                throw HDF5File.fault("hdf5-tree", "a group's tree is broken", at: node.address)
            }
            try file.skip(1)
            let count = try file.number(2)
            try file.skip(UInt64(2 * file.offsetSize))
            for _ in 0..<count {
                try context.budget.step()
                _ = try file.length()
                if let child = try file.address() { nodes.append((child, node.depth + 1)) }
            }
        }
    }

    private mutating func symbols(_ heap: UInt64, _ parent: String) throws(ScanStop) {
        try file.skip(2)
        let count = try file.number(2)
        var entries: [(name: UInt64, header: UInt64?, kind: UInt64)] = []
        for _ in 0..<count {
            try context.budget.step()
            let name = try file.number(file.offsetSize)
            let header = try file.address()
            let kind = try file.number(4)
            try file.skip(20)
            entries.append((name, header, kind))
        }
        for entry in entries {
            guard entry.kind <= 2 else {
                throw HDF5File.fault("hdf5-tree", "a group's entry is of a kind that is not known")
            }
            // A soft link names another object of the file, which is come to as well.
            guard entry.kind != 2, let header = entry.header else { continue }
            let name = try file.name(in: heap, at: entry.name, context)
            visitLater(header, "\(parent.prefix(200))\(name)/")
        }
    }

    private mutating func layout(_ message: HDF5Message, _ name: String) throws(ScanStop) {
        try file.move(to: message.start, count: message.count)
        let version = try file.number(1)
        guard (1...5).contains(version) else {
            throw HDF5File.fault("hdf5-layout", "a layout is of no version that is known")
        }
        if version < 3 { try file.skip(1) }
        let kind = try file.number(1)
        switch kind {
        case 3: try find("hdf5-external", .unsafe, message.start, name, "a virtual dataset is read from other files")
        case 1 where version >= 3:
            guard let address = try file.address() else { return }
            let size = try file.length()
            guard address <= input.size, size <= input.size - address else {
                throw HDF5File.fault("hdf5-layout", "a dataset lies outside the file", at: message.start)
            }
        case 0, 1, 2: break
        default: throw HDF5File.fault("hdf5-layout", "a layout is of a kind that is not known", at: message.start)
        }
    }

    /// Filters 1 to 6 and LZF are part of the libraries; all others are loaded from plug-ins.
    private mutating func filters(_ message: HDF5Message, _ name: String) throws(ScanStop) {
        try file.move(to: message.start, count: message.count)
        let version = try file.number(1)
        let count = try file.number(1)
        if version == 1 { try file.skip(6) }
        for _ in 0..<count {
            let identifier = try file.number(2)
            if !(1...6).contains(identifier), identifier != 32_000 {
                try find(
                    "hdf5-filter",
                    .notProven,
                    message.start,
                    name,
                    "filter \(identifier) is loaded from a plug-in"
                )
            }
            let length = version == 1 || identifier >= 256 ? try file.number(2) : 0
            try file.skip(2)
            let values = try file.number(2)
            try file.skip(version == 1 ? (length + 7) / 8 * 8 : length)
            try file.skip(4 * values)
            if version == 1, values % 2 == 1 { try file.skip(4) }
        }
    }

    // MARK: Attributes

    private mutating func attribute(_ message: HDF5Message, _ parent: String) throws(ScanStop) {
        let attribute = try HDF5Attribute(message, &file)
        let place = "\(parent)@\(attribute.name)"
        let name = attribute.name
        try attribute.strings(&file, context) { [input, context] (value) throws(ScanStop) in
            try HDF5Attribute.check(value, named: name, place: place, input, message.start, context)
        }
    }
}
