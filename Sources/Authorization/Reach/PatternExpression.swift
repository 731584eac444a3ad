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
        case .block, .port: return nil
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
