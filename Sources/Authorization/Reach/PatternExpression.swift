extension Pattern {
    /// The strings that match, as a regular expression, or nil for a pattern of addresses or ports.
    func expression(ignoringCase: Bool = false) -> RegularExpression? {
        func literal(_ bytes: [UInt8]) -> RegularExpression { ignoringCase ? .ignoringCase(bytes) : .literal(bytes) }
        switch self {
        case .present: return .anything
        case .nonEmpty: return .repeated(.byte(.all))
        case .exact(let value): return literal(value)
        case .prefix(let value): return .sequence([literal(value), .anything])
        case .suffix(let value): return .sequence([.anything, literal(value)])
        case .enclosed(let prefix, let suffix): return .sequence([.literal(prefix), .anything, .literal(suffix)])
        case .trustDomain(let prefix, let suffix):
            let inner = RegularExpression.many(.byte(ByteSet.all.subtracting(ByteSet("/"))))
            return .sequence([
                .literal(SPIFFEName.scheme), .literal(prefix), inner, .literal(suffix), .text("/"), .anything,
            ])
        case .glob(let glob):
            let parts = glob.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
            var sequence: [RegularExpression] = []
            for (index, part) in parts.enumerated() {
                if index > 0 { sequence.append(.anything) }
                sequence.append(.literal(Array(part)))
            }
            return .sequence(sequence)
        case .serviceAccount(let namespace, let name):
            let some = RegularExpression.repeated(.byte(.all))
            return .sequence([
                .literal(SPIFFEName.scheme), some, .text("/ns/"), .literal(namespace), .text("/"),
                .optional(.sequence([some, .text("/")])), .text("sa/"), .literal(name),
                .optional(.sequence([.text("/"), some])),
            ])
        case .template(let template): return template.expression
        case .workload(let workload): return workload.expression
        case .block, .port, .requestPrincipal: return nil
        }
    }
}

extension PathTemplate {
    /// The paths that match, as a regular expression.
    var expression: RegularExpression {
        let segmentByte = RegularExpression.byte(ByteSet { Self.isSegmentByte($0) })
        var sequence: [RegularExpression] = []
        for segment in segments {
            sequence.append(.text("/"))
            switch segment {
            case .literal(let bytes): sequence.append(.literal(bytes))
            case .one: sequence.append(.repeated(segmentByte))
            }
        }
        if let tail {
            let pathByte = RegularExpression.byte(ByteSet { $0 == UInt8(ascii: "/") || Self.isSegmentByte($0) })
            sequence += [.text("/"), .many(pathByte), .literal(tail)]
        }
        return .sequence(sequence)
    }
}

extension WorkloadPattern {
    /// The names that match, as a regular expression.
    fileprivate var expression: RegularExpression {
        let segmentByte = RegularExpression.byte(ByteSet.all.subtracting(ByteSet("/")))
        let any = RegularExpression.many(segmentByte)
        let domain: RegularExpression = trustDomains.isEmpty ? any : .choice(trustDomains.map { .literal($0) })
        let parts = namespace.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        var space: [RegularExpression] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { space.append(any) }
            space.append(.literal(Array(part)))
        }
        let name: RegularExpression = account.map { .literal($0) } ?? .repeated(segmentByte)
        return .sequence([.literal(SPIFFEName.scheme), domain, .text("/ns/"), .sequence(space), .text("/sa/"), name])
    }
}

extension FoldedPattern {
    /// The folded paths that match, as a regular expression.
    var expression: RegularExpression {
        let slash = RegularExpression.text("/")
        let below = RegularExpression.optional(.sequence([slash, .anything]))
        switch self {
        case .exact(let value): return .ignoringCase(value)
        case .subtree(let value): return .sequence([.ignoringCase(value), below])
        case .prefix(let value): return .sequence([.ignoringCase(value), .anything])
        case .suffix(let value): return .sequence([.anything, .ignoringCase(value)])
        case .template(let segments, let tail):
            let segmentByte = RegularExpression.byte(ByteSet.all.subtracting(ByteSet("/")))
            var sequence: [RegularExpression] = segments.map { segment in
                segment.map { .ignoringCase($0) } ?? .sequence([slash, .repeated(segmentByte)])
            }
            guard let tail else { return .sequence(sequence) }
            let end = RegularExpression.ignoringCase(tail)
            if segments.isEmpty {
                sequence += [.anything, end]
            } else if tail.isEmpty {
                sequence.append(below)
            } else {
                // What follows a segment begins with a slash, as the tail does.
                sequence.append(.choice([end, .sequence([slash, .anything, end])]))
            }
            return .sequence(sequence)
        }
    }
}
