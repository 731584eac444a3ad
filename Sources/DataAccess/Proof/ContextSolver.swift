import ZeroTrust

/// Finds a value for each key of a request under which some conditions hold and others do not.
///
/// Keys are independent of each other. What is found is tried with the very code that decides; that there is nothing is
/// believed only where every kind of value that could make a difference was tried.
struct ContextSolver {
    /// A condition that has to hold, or that must not.
    struct Wish: Hashable, Sendable {
        let condition: PolicyCondition
        let isWanted: Bool
    }

    enum Outcome {
        /// Values; a key that is not there is absent.
        case found([String: RequestContext.Value])
        /// There are none.
        case none
        /// There may be some.
        case unknown
    }

    /// Keys whose value is fixed by who asks and what for; nil for one that is surely absent.
    let fixed: [String: RequestContext.Value?]
    /// The values that are fixed, by key in lower case.
    let values: [String: RequestContext.Value]
    /// A request that has these and nothing else.
    let known: RequestContext

    /// - Parameter fixed: the keys whose value is fixed, in lower case; nil for one that is surely absent.
    init(fixed: [String: RequestContext.Value?]) {
        self.fixed = fixed
        values = fixed.compactMapValues { $0 }
        known = RequestContext(lowercase: values)
    }

    /// Finds values for all keys; each wish is there once.
    func solve(_ wishes: [Wish]) -> Outcome {
        guard !wishes.isEmpty else { return .found(values) }
        var values = self.values
        var isUnknown = false
        // Those whose values say something of other keys come last, when these have theirs.
        var waiting: [[Wish]] = []
        for group in Self.groups(wishes) {
            guard !group.contains(where: hasFreeVariables) else {
                waiting.append(group)
                continue
            }
            switch answer(group) {
            case .none: return .none
            case .unknown: isUnknown = true
            case .value(let value): if let value { values[group[0].condition.name] = value }
            }
        }
        for group in waiting {
            switch search(group, beside: values) {
            case .none: return .none
            case .unknown: isUnknown = true
            case .value(let value): if let value { values[group[0].condition.name] = value }
            }
        }
        return isUnknown ? .unknown : .found(values)
    }

    /// Whether the wishes about one key can surely not be met together, whatever other keys have.
    func isHopeless(_ name: String, among wishes: [Wish]) -> Bool {
        if case .none = answer(wishes.filter { $0.condition.name == name }) { true } else { false }
    }

    /// The wishes by their keys, in order.
    private static func groups(_ wishes: [Wish]) -> [[Wish]] {
        var groups: [[Wish]] = []
        for wish in wishes {
            if let index = groups.firstIndex(where: { $0[0].condition.name == wish.condition.name }) {
                groups[index].append(wish)
            } else {
                groups.append([wish])
            }
        }
        return groups
    }

    /// What came of the wishes about one key.
    private enum Answer {
        /// A value under which they are met, absence included.
        case value(RequestContext.Value?)
        case none
        case unknown
    }

    /// What was asked before: the same conditions meet again on each way through a policy.
    private final class Memory {
        var answers: [[Wish]: Answer] = [:]
    }
    private let memory = Memory()

    private func answer(_ group: [Wish]) -> Answer {
        if let answer = memory.answers[group] { return answer }
        let answer = search(group, beside: values)
        memory.answers[group] = answer
        return answer
    }

    private func search(_ group: [Wish], beside values: [String: RequestContext.Value]) -> Answer {
        let key = group[0].condition.name
        if fixed.keys.contains(key) {
            let context = group.contains(where: hasFreeVariables) ? RequestContext(lowercase: values) : known
            if group.allSatisfy({ $0.condition.holds(context) == $0.isWanted }) { return .value(values[key]) }
            return group.contains(where: hasFreeVariables) ? .unknown : .none
        }
        let (candidates, isComplete) = candidates(group)
        let hasVariables = group.contains { !$0.condition.variables.isEmpty }
        let found = candidates.first { candidate in
            var tried = hasVariables ? values : [:]
            tried[key] = candidate
            let context = RequestContext(lowercase: tried)
            return group.allSatisfy { $0.condition.holds(context) == $0.isWanted }
        }
        if let found { return .value(found) }
        return isComplete ? .none : .unknown
    }

    private func hasFreeVariables(_ wish: Wish) -> Bool {
        wish.condition.variables.contains { !fixed.keys.contains($0) }
    }

    // MARK: - Values that may make a difference

    /// Values to try, absence first, and whether there can be no other.
    private func candidates(_ wishes: [Wish]) -> ([RequestContext.Value?], isComplete: Bool) {
        var texts: [String] = []
        var isComplete = !wishes.contains(where: hasFreeVariables)
        var kinds: Set<Kind> = []
        var hasQuantifier = false
        for wish in wishes {
            guard let op = wish.condition.op else {
                isComplete = false
                continue
            }
            hasQuantifier = hasQuantifier || op.quantifier != nil
            let kind = Kind(op.comparison)
            if kind != .presence { kinds.insert(kind) }
            let values = wish.condition.values.compactMap { $0.resolved(known)?.plain }
            switch kind {
            case .number, .time:
                texts += Self.around(values, kind)
                isComplete = isComplete && Self.isExact(values, kind)
            case .address: texts += Self.addresses(values)
            case .flag: texts += ["true", "false"]
            case .bytes: texts += values + ["AA=="]
            case .text, .foldedText, .arn, .presence: break
            }
        }
        if !kinds.isDisjoint(with: [.text, .foldedText, .arn]) {
            let (found, isExact) = strings(wishes, known)
            // A value may be empty; where nothing else does, that is tried.
            texts += found + [""]
            isComplete = isComplete && isExact
        }
        if kinds.isEmpty { texts.append("x") }
        // Kinds that do not mix: a text that is a number and an address is none of ours.
        let isOfTexts = kinds.isSubset(of: [.text, .arn])
        if kinds.count > 1 && !isOfTexts || kinds.contains(.bytes) { isComplete = false }
        var candidates: [RequestContext.Value?] = [nil] + texts.map { .single($0) }
        if hasQuantifier {
            candidates += [.list([])] + texts.map { .list([$0]) } + [.list(texts)]
            // One element at a time decides, unless several conditions each want their own, or the one value.
            isComplete = isComplete && wishes.count { $0.condition.op?.comparison != .null } <= 1
        }
        return (candidates, isComplete)
    }

    private enum Kind: Hashable {
        case text, foldedText, number, time, flag, bytes, address, arn, presence

        init(_ comparison: ConditionOperator.Comparison) {
            switch comparison {
            case .string, .like: self = .text
            case .stringIgnoringCase: self = .foldedText
            case .numeric: self = .number
            case .date: self = .time
            case .bool: self = .flag
            case .binary: self = .bytes
            case .address: self = .address
            case .arn: self = .arn
            case .null: self = .presence
            }
        }
    }

    /// Every number that a condition names, and one on each side of it and between two.
    private static func around(_ values: [String], _ kind: Kind) -> [String] {
        let numbers = values.compactMap {
            kind == .time ? ConditionComparison.milliseconds($0).map(Double.init) : ConditionComparison.number($0)
        }.sorted()
        guard let first = numbers.first, let last = numbers.last else { return ["0"] }
        let between = zip(numbers, numbers.dropFirst()).map { ($0 + $1) / 2 }
        return ([first - 1] + numbers + between + [last + 1]).filter { $0 >= 0 || kind == .number }.map { number in
            // Milliseconds, long enough to be read as such.
            if kind == .time {
                let digits = String(Int64(number))
                return String(repeating: "0", count: max(0, 13 - digits.count)) + digits
            }
            return number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : "\(number)"
        }
    }

    /// Whether the numbers that are tried are all that make a difference: neither too large to be told from the next, nor
    /// before 1970.
    private static func isExact(_ values: [String], _ kind: Kind) -> Bool {
        let numbers = values.compactMap {
            kind == .time ? ConditionComparison.milliseconds($0).map(Double.init) : ConditionComparison.number($0)
        }.sorted()
        guard numbers.allSatisfy({ abs($0) < 1e15 && (kind == .number || $0 >= 1) }) else { return false }
        return zip(numbers, numbers.dropFirst()).allSatisfy { $0 == $1 || $1 - $0 > 1e-6 }
    }

    /// The ends of every block that a condition names, what lies just outside, and addresses far from all.
    private static func addresses(_ values: [String]) -> [String] {
        var result: [String] = ["198.51.100.77", "2001:db8:ffff::77"]
        for block in values.compactMap({ AddressBlock($0) }) {
            let width = block.network.family == .v4 ? 32 : 128
            let size: UInt128 =
                width - block.prefixLength >= 128 ? .max : (1 << UInt128(width - block.prefixLength)) - 1
            let (first, last) = (block.network.bits, block.network.bits | size)
            let highest: UInt128 = width == 32 ? UInt128(UInt32.max) : .max
            for bits in [first, last] + (first > 0 ? [first - 1] : []) + (last < highest ? [last + 1] : []) {
                let address = width == 32 ? IPAddress(v4: UInt32(bits)) : IPAddress(v6: bits)
                result.append(address.description)
            }
        }
        return result
    }

    /// A text for each way in which the conditions can be met, and whether all ways were looked at.
    private func strings(_ wishes: [Wish], _ known: RequestContext) -> ([String], isExact: Bool) {
        let folds = wishes.contains { $0.condition.op?.comparison == .stringIgnoringCase }
        var isExact =
            !folds || wishes.allSatisfy { [.stringIgnoringCase, .null].contains($0.condition.op?.comparison) }
        var choices: [[Glob]] = []
        var forbidden: [Glob] = []
        for wish in wishes {
            guard let op = wish.condition.op, op.comparison != .null else { continue }
            let globs = wish.condition.values.compactMap { text -> Glob? in
                guard let resolved = text.resolved(known) else { return nil }
                switch op.comparison {
                case .like: return Glob(resolved)
                case .arn:
                    guard case .glob(let glob) = ARNPattern.read(resolved, in: .condition) else { return nil }
                    return glob
                default: return Glob(literal: folds ? resolved.plain.lowercased() : resolved.plain)
                }
            }
            // A text that is no ARN does not meet a negated comparison of ARNs either, and neither does any text where one
            // of the policy's values is none.
            if op.comparison == .arn, op.isNegated, !wish.isWanted {
                guard Self.arnKeys.contains(wish.condition.name), globs.count == wish.condition.values.count
                else {
                    isExact = false
                    choices.append([Glob(tokens: [Glob.star])])
                    continue
                }
            }
            if op.isNegated != wish.isWanted { choices.append(globs) } else { forbidden += globs }
            // A negated comparison of ARNs holds for ARNs only.
            if op.comparison == .arn, op.isNegated, wish.isWanted { choices.append([Self.anyARN]) }
        }
        var found: [String] = []
        for choice in Self.product(choices, limit: 512, isExact: &isExact) {
            // What is empty is tried anyway.
            switch GlobSearch(all: choice + [Self.nonEmpty], none: forbidden).run() {
            case .found(let bytes): found.append(String(decoding: bytes, as: UTF8.self))
            case .none: break
            case .unknown: isExact = false
            }
            if found.count >= 8 { break }
        }
        return (found, isExact)
    }

    /// Keys that have an ARN or are absent.
    private static let arnKeys: Set<String> = [
        "aws:principalarn", "aws:sourcearn", "aws:sourcevpcarn", "s3:dataaccesspointarn", "lambda:sourcefunctionarn",
    ]
    private static let nonEmpty = Glob(tokens: [Glob.any, Glob.star])
    private static let anyARN: Glob = {
        let colon = Glob.Token(UInt8(ascii: ":"))
        let part: [Glob.Token] = [Glob.starInPart, colon]
        return Glob(tokens: Glob.tokens("arn:", isLiteral: true) + part + part + part + part + [Glob.star])
    }()

    /// Every way to choose one of each.
    static func product(_ choices: [[Glob]], limit: Int, isExact: inout Bool) -> [[Glob]] {
        var result: [[Glob]] = [[]]
        for choice in choices {
            result = result.flatMap { chosen in choice.map { chosen + [$0] } }
            if result.count > limit {
                isExact = false
                result = Array(result.prefix(limit))
            }
        }
        return result
    }
}
