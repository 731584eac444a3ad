/// Reads the records of a GGUF file one after the other.
struct GGUFReader {
    /// The largest alignment that a file may ask for.
    private static let largestAlignment: UInt64 = 1 << 20
    /// How many keys and tensors a model may have, of which the largest have a few hundred and some thousands.
    private static let (mostKeys, mostTensors): (UInt64, UInt64) = (1 << 14, 1 << 16)
    private static let template = Array("chat_template".utf8)
    /// What a text of a list costs, in steps.
    private static let textSteps = 4

    private let input: ScanInput
    private let context: ScanContext
    private(set) var cursor: ByteCursor
    private(set) var tensorCount: UInt64 = 0
    private(set) var metadataCount: UInt64 = 0
    private(set) var alignment: UInt64 = 32
    private(set) var keys: Set<String> = []

    init(_ input: ScanInput, _ context: ScanContext) {
        self.input = input
        self.context = context
        cursor = ByteCursor(input)
    }

    private func fault(_ rule: String, _ message: String, _ element: String? = nil) -> ScanStop {
        ScanStop(rule: rule, offset: cursor.offset, element: element, message: message)
    }

    /// Reads the magic, the version and the two counts.
    mutating func header() throws(ScanStop) {
        try cursor.skip(4)
        let version = try cursor.number(4)
        guard version == 2 || version == 3 else {
            throw fault("gguf-version", version & 0xFFFF == 0 ? "it is big endian" : "version \(version) is not 2 or 3")
        }
        tensorCount = try cursor.number(8)
        metadataCount = try cursor.number(8)
        // A key with a value takes 13 bytes at least, and a tensor 24.
        guard metadataCount <= cursor.remaining / 13, tensorCount <= cursor.remaining / 24 else {
            throw fault("gguf-count", "it declares more metadata or tensors than it has bytes for")
        }
        guard metadataCount <= Self.mostKeys, tensorCount <= Self.mostTensors else {
            throw fault(
                "limit-values",
                "it has more than \(Self.mostKeys) keys or \(Self.mostTensors) tensors, as no model has"
            )
        }
    }

    private mutating func string(_ longest: UInt64) throws(ScanStop) -> [UInt8] {
        let length = try cursor.number(8)
        guard length <= longest, length <= cursor.remaining else {
            throw fault("gguf-string", "a string of \(length) bytes is longer than it may be or than the file")
        }
        return try cursor.bytes(length)
    }

    /// Reads a key with its value.
    mutating func metadata() throws(ScanStop) {
        try context.budget.step()
        let bytes = try string(65_535)
        guard let key = String(validating: bytes, as: UTF8.self), !bytes.isEmpty,
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw fault("gguf-key", "a key is not of plain letters") }
        guard keys.insert(key).inserted else { throw fault("gguf-duplicate-key", "a key stands twice", key) }
        let type = UInt32(truncatingIfNeeded: try cursor.number(4))
        let isTemplate = bytes.holds(Self.template)
        switch type {
        case GGUFTypes.string:
            let place = cursor.offset + 8
            let text = try self.text(key)
            if isTemplate {
                try ChatTemplate.check(text, element: key, path: input.path, offset: place, context)
            } else if key == "tokenizer.huggingface.json" {
                try JSONScanner.scan(Array(text.utf8), path: input.path, offset: place, context)
            }
        case GGUFTypes.array: try array(key, isTemplate)
        default:
            if isTemplate { throw fault("gguf-template", "the chat template is not a string", key) }
            try scalar(type, key)
        }
        if key == "general.architecture", type != GGUFTypes.string {
            throw fault("gguf-metadata", "the architecture is not a string", key)
        }
        if key == "general.alignment", type != GGUFTypes.uint32 {
            throw fault("gguf-alignment", "the alignment is not a number of 32 bits", key)
        }
    }

    private mutating func text(_ key: String) throws(ScanStop) -> String {
        String(decoding: try bytes(key), as: UTF8.self)
    }

    private mutating func bytes(_ key: String) throws(ScanStop) -> [UInt8] {
        let bytes = try string(64 << 20)
        guard PlainText.isUTF8(bytes) else { throw fault("gguf-string", "a string is not UTF-8", key) }
        return bytes
    }

    private mutating func scalar(_ type: UInt32, _ key: String) throws(ScanStop) {
        guard let size = GGUFTypes.values[type], size > 0 else {
            throw fault("gguf-type", "type \(type) is not known", key)
        }
        let value = try cursor.number(size)
        if type == GGUFTypes.bool, value > 1 { throw fault("gguf-bool", "a boolean is neither 0 nor 1", key) }
        guard key == "general.alignment" else { return }
        guard type == GGUFTypes.uint32, value >= 8, value <= Self.largestAlignment, value & (value - 1) == 0 else {
            throw fault("gguf-alignment", "the alignment is not a power of two of 8 to \(Self.largestAlignment)", key)
        }
        alignment = value
    }

    private mutating func array(_ key: String, _ isTemplate: Bool) throws(ScanStop) {
        let type = UInt32(truncatingIfNeeded: try cursor.number(4))
        let count = try cursor.number(8)
        guard key != "general.alignment", let size = GGUFTypes.values[type] else {
            throw fault("gguf-type", "an array of type \(type) is not known here", key)
        }
        guard type != GGUFTypes.array else { throw fault("gguf-array", "arrays within arrays have no reader", key) }
        guard type == GGUFTypes.string else {
            let (bytes, over) = count.multipliedReportingOverflow(by: UInt64(size))
            guard !over, !isTemplate else { throw fault("gguf-array", "an array is longer than the file", key) }
            guard type == GGUFTypes.bool else { return try cursor.skip(bytes) }
            for _ in 0..<min(count, cursor.remaining + 1) where try cursor.byte() > 1 {
                throw fault("gguf-bool", "a boolean is neither 0 nor 1", key)
            }
            return
        }
        guard count <= cursor.remaining / 8 else { throw fault("gguf-array", "an array is longer than the file", key) }
        for _ in 0..<count {
            try context.budget.step(Self.textSteps)
            let place = cursor.offset + 8
            let bytes = try self.bytes(key)
            // `tokenizer.chat_templates` lists the names of others; whatever looks like a template is checked as one.
            if isTemplate, bytes.contains(UInt8(ascii: "{")) {
                let text = String(decoding: bytes, as: UTF8.self)
                try ChatTemplate.check(text, element: key, path: input.path, offset: place, context)
            }
        }
    }

    /// Reads the description of a tensor.
    mutating func tensor() throws(ScanStop) -> GGUFTensor {
        try context.budget.step()
        let name = try string(63)
        guard !name.isEmpty, String(validating: name, as: UTF8.self) != nil,
            !name.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw fault("gguf-tensor", "a tensor's name is not text") }
        let text = String(decoding: name, as: UTF8.self)
        // Tools that make a file of each tensor would write it there.
        guard name[0] != UInt8(ascii: "/"), !text.split(separator: "/").contains(".."), !text.contains("\\") else {
            throw fault("gguf-tensor", "a tensor's name is a path out of its folder", text)
        }
        let dimensions = try cursor.number(4)
        guard (1...4).contains(dimensions) else {
            throw fault("gguf-dimensions", "a tensor has \(dimensions) dimensions, and 1 to 4 are allowed", text)
        }
        var count: UInt64 = 1
        var row: UInt64 = 1
        for index in 0..<dimensions {
            let size = try cursor.number(8)
            if index == 0 { row = size }
            let (product, over) = count.multipliedReportingOverflow(by: size)
            guard size > 0, !over, product <= UInt64(Int64.max) else {
                throw fault("gguf-dimensions", "a tensor's shape is empty or more than 63 bits can count", text)
            }
            count = product
        }
        let type = UInt32(truncatingIfNeeded: try cursor.number(4))
        guard let block = GGUFTypes.tensors[type] else {
            throw fault("gguf-type", "tensor type \(type) is not known", text)
        }
        let offset = try cursor.number(8)
        let (size, over) = (count / block.elements).multipliedReportingOverflow(by: block.bytes)
        guard row % block.elements == 0, !over, size <= UInt64(Int64.max), offset <= UInt64(Int64.max) else {
            throw fault("gguf-dimensions", "a tensor's rows are not whole blocks, or it is too large to count", text)
        }
        return GGUFTensor(name: name, offset: offset, size: size)
    }
}
