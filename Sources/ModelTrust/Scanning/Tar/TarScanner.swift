/// Tar archives of the ustar, pax and GNU kinds: NeMo's models, and what PyTorch wrote in 2016.
enum TarScanner: FormatScanner {
    static let format = "tar"

    private static let block = 512
    /// What a header costs, in steps.
    private static let record = 64
    private static let longestHeader: UInt64 = 1 << 20

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.size >= UInt64(block) else { return false }
        let header = TarHeader(try input.head(block))
        return header.isWhole
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var archive = Archive(input: input, context: context)
        try archive.read()
        let members = archive.members
        let names = Names(members)
        for member in members {
            context.within(input) { () throws(ScanStop) in
                let content = try input.member(member.name, at: member.start, count: member.size)
                content.folder = ScanFolder { (name) throws(ScanStop) in
                    let path = MemberPath.folder(of: member.name) + name
                    guard MemberName.fault(name) == nil, let other = names[path] else { return nil }
                    return try input.member(other.name, at: other.start, count: other.size)
                }
                context.scan(content)
            }
        }
    }

    /// A regular file in the archive.
    private struct Member {
        let name: String
        let start: UInt64
        let size: UInt64
    }

    /// Members by their names, put in order when one is asked for.
    private final class Names {
        private let members: [Member]
        private lazy var byName = Dictionary(
            members.indices.lazy.map { (self.members[$0].name, $0) },
            uniquingKeysWith: { $1 }
        )

        init(_ members: [Member]) { self.members = members }

        subscript(name: String) -> Member? { byName[name].map { members[$0] } }
    }

    /// Walks through the headers; what is wrong goes to the context.
    private struct Archive {
        let input: ScanInput
        let context: ScanContext
        var members: [Member] = []
        private var names: Set<String> = []
        /// What extended headers say of the next member.
        private var path: String?
        private var size: UInt64?

        init(input: ScanInput, context: ScanContext) {
            self.input = input
            self.context = context
        }

        mutating func read() throws(ScanStop) {
            var offset: UInt64 = 0
            while offset < input.size {
                try context.budget.step(TarScanner.record)
                guard input.size - offset >= UInt64(TarScanner.block) else { throw Self.broken(offset) }
                let header = TarHeader(try input.read(at: offset, count: TarScanner.block))
                if header.isZero { return try end(offset) }
                guard header.isWhole, let declared = header.size else { throw Self.broken(offset) }
                let count = "xgLK".contains(header.type) ? declared : size ?? declared
                let start = offset + UInt64(TarScanner.block)
                guard count <= input.size - start else {
                    throw ScanStop(rule: "truncated", offset: offset, message: "the archive ends within a member")
                }
                try take(header, at: offset, start: start, count: count)
                let padded = (count + 511) & ~511
                offset = start + min(padded, input.size - start)
            }
            try report("tar-end", .notProven, offset, "the archive has no end")
        }

        private mutating func take(_ header: TarHeader, at offset: UInt64, start: UInt64, count: UInt64)
            throws(ScanStop)
        {
            switch header.type {
            case "x", "g": return try pax(at: start, count: count, isGlobal: header.type == "g")
            case "L", "K":
                guard count <= TarScanner.longestHeader else { throw Self.broken(offset) }
                let text = String(
                    decoding: try input.read(at: start, count: Int(count)).prefix { $0 != 0 },
                    as: UTF8.self
                )
                if header.type == "L" { path = text } else { try check(name: text, offset, "links to a place that") }
                return
            default: break
            }
            var name = path ?? header.name
            (path, size) = (nil, nil)
            while name.hasPrefix("./") { name = String(name.dropFirst(2)) }
            let isFolder = header.type == "5" || name.hasSuffix("/")
            if isFolder, name.hasSuffix("/") { name = String(name.dropLast()) }
            if !(isFolder && (name.isEmpty || name == ".")) { try check(name: name, offset, "has a name that") }
            switch header.type {
            case "0", "\0", "7":
                if isFolder { return try report("tar-member", .notProven, offset, "a file is named as a folder") }
                if !names.insert(name).inserted {
                    try report("tar-duplicate", .notProven, offset, "`\(shown(name))` is there twice")
                }
                members.append(Member(name: name, start: start, size: count))
                try context.budget.check(members: members.count)
            case "5":
                if count != 0 { try report("tar-member", .notProven, offset, "a folder has bytes") }
            case "1", "2":
                let leads = MemberName.fault(header.link).map { $0.verdict == .unsafe } ?? false
                let where_ = leads ? "outside the archive" : "to `\(shown(header.link))`"
                try report("tar-link", leads ? .unsafe : .notProven, offset, "`\(shown(name))` is a link \(where_)")
            case "3", "4", "6": try report("tar-link", .unsafe, offset, "`\(shown(name))` is a device or a pipe")
            default:
                try report("tar-member", .notProven, offset, "`\(shown(name))` is of a kind that is not known")
                if count > 0 { members.append(Member(name: name, start: start, size: count)) }
            }
        }

        /// Records of the form `LENGTH KEY=VALUE\n` (POSIX.1-2001).
        private mutating func pax(at start: UInt64, count: UInt64, isGlobal: Bool) throws(ScanStop) {
            guard count <= TarScanner.longestHeader else { throw Self.broken(start) }
            var rest = try input.read(at: start, count: Int(count))[...]
            while !rest.isEmpty {
                let digits = rest.prefix { $0 != 0x20 }
                guard digits.count <= 7, let length = Int(String(decoding: digits, as: UTF8.self)),
                    length > digits.count + 3,
                    length <= rest.count, rest[rest.startIndex + length - 1] == 0x0a
                else { throw Self.broken(start) }
                let record = rest.dropFirst(digits.count + 1).prefix(length - digits.count - 2)
                guard let equals = record.firstIndex(of: 0x3d) else { throw Self.broken(start) }
                let key = String(decoding: record[..<equals], as: UTF8.self)
                let value = String(decoding: record[(equals + 1)...], as: UTF8.self)
                rest = rest.dropFirst(length)
                switch key {
                case "path" where !isGlobal: path = value
                case "size" where !isGlobal:
                    guard let number = UInt64(value) else { throw Self.broken(start) }
                    size = number
                case "linkpath": try check(name: value, start, "links to a place that")
                case "path", "size":
                    try report("tar-member", .notProven, start, "a header gives all members one \(key)")
                case _ where key.hasPrefix("GNU.sparse"):
                    try report("tar-member", .notProven, start, "a member is sparse, which readers expand differently")
                default: break
                }
            }
        }

        private func check(name: String, _ offset: UInt64, _ what: String) throws(ScanStop) {
            guard let fault = MemberName.fault(name) else { return }
            try report("tar-name", fault.verdict, offset, "`\(shown(name))` \(what) \(fault.why)")
        }

        /// After two blocks of zeros there are only more of them.
        private func end(_ start: UInt64) throws(ScanStop) {
            var offset = start
            while offset < input.size {
                let bytes = try input.read(at: offset, count: Int(min(1 << 16, input.size - offset)))
                if let index = bytes.firstIndex(where: { $0 != 0 }) {
                    let place = offset + UInt64(index)
                    context.scan(try input.member("after the archive", at: place, count: input.size - place))
                    return try report("trailing-bytes", .notProven, place, "bytes follow the end of the archive")
                }
                offset += UInt64(bytes.count)
            }
        }

        private func shown(_ name: String) -> String { PickleText.clean(name, limit: 120) }

        private func report(
            _ rule: String,
            _ verdict: ScanVerdict,
            _ offset: UInt64,
            _ message: String
        ) throws(ScanStop) {
            try context.add(
                ScanFinding(rule: rule, verdict: verdict, path: input.path, offset: offset, message: message)
            )
        }

        private static func broken(_ offset: UInt64) -> ScanStop {
            ScanStop(rule: "tar-header", offset: offset, message: "what should be a member's header is none")
        }
    }
}
