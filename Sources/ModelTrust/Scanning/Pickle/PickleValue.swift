/// What lies on the stack of the abstract machine: constants as they are, everything else by what made it.
enum PickleValue {
    case none
    case bool(Bool)
    /// An integer; nil where it does not fit.
    case integer(Int?)
    case float
    /// Text of at most ``PickleValue/longestText`` bytes.
    case text(String)
    /// Longer text, of which the beginning is kept, and how many bytes it has: rare, so that it makes no value larger.
    indirect case longText(String, count: Int)
    case bytes(PickleBytes)
    case global(PickleGlobal)
    case container(PickleContainer)
    case object(PickleObject)
    /// What comes from outside the pickle: an extension, a buffer, a persistent object.
    case unknown

    /// The longest text that is kept whole: longer than any name.
    static let longestText = 512

    /// Text that is as short as nearly every name, and always kept whole.
    static let shortText = 64

    /// How many values a walk through it meets: a value that occurs twice counts twice.
    var weight: Int {
        switch self {
        case .container(let container): container.weight
        case .object(let object): object.weight
        default: 1
        }
    }

    /// How many bytes a copy of it takes, of what is large: bytes, long texts, and what was made of them.
    var size: Int {
        switch self {
        case .bytes(let bytes): Int(min(bytes.count, 1 << 50))
        case .longText(_, let count): count
        case .object(let object): object.size
        default: 0
        }
    }

    /// Whether Python may take it for false: unpicklers set no state that is.
    var mayBeFalse: Bool {
        switch self {
        case .bool(let value): !value
        case .integer(let number): number == 0
        case .text(let text): text.isEmpty
        case .longText, .global: false
        case .bytes(let bytes): bytes.count == 0
        default: true
        }
    }

    /// How deep values lie in one another within it.
    var depth: Int {
        switch self {
        case .container(let container): container.depth
        case .object(let object): object.depth
        default: 0
        }
    }

    /// Whether it is, or a tuple has among its items, a class or function that may be called and not be held.
    var holdsClass: Bool {
        switch self {
        case .global(let global): if case .listed(let rule) = global.standing { rule.isOfEstimators } else { false }
        case .container(let container): container.kind == .tuple && container.holdsClass
        default: false
        }
    }

    /// Notes that it lies in something else.
    func hold() {
        switch self {
        case .container(let container): container.isHeld = true
        case .object(let object): object.isHeld = true
        default: break
        }
    }

    /// A whole number, of Python or of NumPy.
    var number: Int? {
        if case .object(let object) = self { return object.number }
        return integer
    }

    var object: PickleObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The items of a tuple, where all of them were kept.
    var tuple: [PickleValue]? {
        guard case .container(let container) = self, container.kind == .tuple else { return nil }
        return container.allItems
    }

    /// A tuple of integers.
    static func integers(_ value: PickleValue) -> [Int]? {
        guard let items = value.tuple else { return nil }
        let numbers = items.compactMap(\.integer)
        return numbers.count == items.count ? numbers : nil
    }

    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }
}

/// A run of bytes, of which the beginning is kept.
final class PickleBytes {
    let count: UInt64
    /// Where they lie in the input.
    let offset: UInt64
    /// Up to eight bytes, which are most often those of a number.
    private let word: UInt64
    private let more: [UInt8]

    init(count: UInt64, beginning: [UInt8], offset: UInt64) {
        self.count = count
        self.offset = offset
        let isShort = count <= 8
        self.word = isShort ? beginning.reversed().reduce(0) { $0 << 8 | UInt64($1) } : 0
        self.more = isShort ? [] : beginning
    }

    var beginning: [UInt8] {
        count <= 8 ? (0..<Int(count)).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } : more
    }
}

/// A name that the pickle imports.
final class PickleGlobal {
    let module: String
    let name: String
    /// Module and name in one.
    let qualified: String
    let standing: PickleStanding

    init(module: String, name: String, loader: PickleMachine.Loader) {
        self.module = module
        self.name = name
        self.qualified = "\(module).\(name)"
        let script = loader == .torchScript ? PickleAllowList.scriptStanding(module: module, name: name) : nil
        self.standing = script ?? PickleAllowList.standing(module: module, name: name)
    }
}

/// A tuple, list, dictionary or set.
///
/// A pickle may make hundreds of thousands in few bytes, so that its numbers are no larger than they need to be.
final class PickleContainer {
    enum Kind: UInt8 { case tuple, list, dictionary, set, frozenSet }

    /// How many items are kept; of the rest only the number is known.
    private static let kept = 1024

    let kind: Kind
    /// Whether it lies in something else, or is its state.
    var isHeld = false
    /// Whether a data type of NumPy was made of it, which goes on looking at it.
    var isFrozen = false
    /// Whether one of its items is a class or function of the estimators' list.
    private(set) var holdsClass = false
    /// Whether a list has anything in it that is no part of an ensemble.
    private(set) var holdsOthers = false
    /// Whether containers are among the items that are kept.
    private var holdsContainers = false
    private var storedDepth: UInt16 = 1
    private var storedAdditions: UInt16 = 0
    private var storedCount: UInt32 = 0
    private var storedWeight: UInt32 = 1
    /// Keys and values of a dictionary alternate.
    private(set) var items: [PickleValue] = []
    /// What is known of all of its items, where that is more than what is kept of them.
    private(set) var contents: EstimatorContents?

    init(_ kind: Kind, _ items: [PickleValue] = []) {
        self.kind = kind
        for item in items { add(item) }
    }

    var count: Int { Int(storedCount) }
    /// How many values a walk through it meets.
    var weight: Int { Int(storedWeight) }
    /// How deep values lie in one another within it.
    var depth: Int { Int(storedDepth) }

    /// How many opcodes added one thing alone; beyond what is allowed anywhere, only that there were more.
    var singleAdditions: Int {
        get { Int(storedAdditions) }
        set { storedAdditions = UInt16(clamping: newValue) }
    }

    func add(_ item: PickleValue) {
        storedCount += 1
        storedWeight = UInt32(min(weight &+ item.weight, Int(Int32.max)))
        storedDepth = max(storedDepth, UInt16(clamping: item.depth + 1))
        holdsClass = holdsClass || item.holdsClass
        note(item)
        item.hold()
        guard items.count < Self.kept else { return }
        if case .container(let other) = item {
            // A list in itself would never be freed.
            if other === self { return }
            holdsContainers = true
        }
        items.append(item)
    }

    private func note(_ item: PickleValue) {
        guard kind != .dictionary else {
            guard count > Self.kept else { return }
            if contents == nil { contents = vocabulary }
            if count.isMultiple(of: 2) { contents?.add(value: item) } else { contents?.add(key: item) }
            return
        }
        switch item {
        case .container(let container) where container.kind == .list:
            holdsOthers = holdsOthers || container.holdsOthers
            guard let inner = container.contents else { return }
            if contents == nil { contents = EstimatorContents() }
            contents?.add(inner)
        case .object(let object) where object.estimator?.isPart == true:
            if contents == nil { contents = EstimatorContents() }
            contents?.add(object)
        default: holdsOthers = true
        }
    }

    /// A dictionary's keys and values as those of a vocabulary.
    var vocabulary: EstimatorContents {
        if let contents { return contents }
        let known = EstimatorContents()
        for (index, item) in items.enumerated() {
            if index.isMultiple(of: 2) { known.add(key: item) } else { known.add(value: item) }
        }
        return known
    }

    /// Frees what lies within one after the other: a chain of containers is as long as the pickle, and freed by
    /// recursion it would overflow the stack.
    deinit {
        guard holdsContainers else { return }
        var pending = release()
        while !pending.isEmpty {
            var container = pending.removeLast()
            if isKnownUniquelyReferenced(&container) { pending += container.release() }
        }
    }

    /// Gives up the items; returns the containers among them.
    private func release() -> [PickleContainer] {
        defer { items = [] }
        return items.compactMap { if case .container(let container) = $0 { container } else { nil } }
    }

    /// The items, where none was left out.
    var allItems: [PickleValue]? { items.count == count ? items : nil }

    /// The last value under a key of a dictionary.
    func value(_ key: String) -> PickleValue? {
        guard kind == .dictionary, let all = allItems else { return nil }
        for index in stride(from: all.count - 2, through: 0, by: -2) where all[index].text == key {
            return all[index + 1]
        }
        return nil
    }
}

/// What a call gave back.
final class PickleObject {
    /// What it is known to be.
    enum Nature {
        /// A dictionary by another name: OrderedDict, defaultdict, Counter.
        case dictionary
        /// A list by another name: deque.
        case list
        case set
        /// A value that nothing can be done with: a date, a complex number, a tensor.
        case value
        /// An object whose attributes alone are set: argparse.Namespace.
        case namespace
        case array
        case maskedArray
        /// A generator of random numbers.
        case generator
        indirect case dtype(NumpyType?)
        /// The type of NumPy's records, whose fields follow.
        case recordType
        /// The stand-in that joblib leaves for an array whose bytes follow.
        case arrayWrapper
        case parameter
        /// An object of a TorchScript class, whose code the archive holds and TorchScript alone runs.
        case script
        /// An object of scikit-learn, whose state is its attributes.
        case estimator
        /// A tree of scikit-learn: compiled code that believes its state.
        case tree
        /// A tree of neighbours, the same.
        case neighbours
        /// A distance of scikit-learn.
        case distance
        /// A loss of scikit-learn: numbers.
        case loss
        /// A sparse matrix of SciPy.
        case sparse
        /// What the machine has refused already.
        case refused
    }

    /// The name that was called, or by whose persistent identifier it is known; nil where what was called has none.
    private let global: PickleGlobal?
    var nature: Nature
    /// What it was made of, or what few objects have.
    private var more = More.none
    private var storedAmount = 0
    private var storedWeight: UInt32
    private var storedDepth: UInt16
    private var amountKind = AmountKind.none
    private var state: State = []

    private enum AmountKind: UInt8 { case none, number, elements }

    private enum More {
        case none
        case arguments(PickleContainer)
        case details(PickleObjectDetails)
    }

    private struct State: OptionSet {
        let rawValue: UInt8

        static let built = State(rawValue: 1)
        static let held = State(rawValue: 2)
    }

    init(maker: PickleGlobal?, nature: Nature, of argument: PickleValue = .none) {
        self.global = maker
        self.nature = nature
        self.storedWeight = UInt32(argument.weight)
        self.storedDepth = UInt16(clamping: argument.depth + 1)
    }

    /// What made it, for messages.
    var maker: String { global?.qualified ?? "a call" }

    /// How many values a walk through it meets.
    var weight: Int { Int(storedWeight) }
    /// How deep values lie in one another within it.
    var depth: Int { Int(storedDepth) }

    /// How many elements a tensor has; more than its storage holds where it repeats them.
    var elements: Int {
        get { amountKind == .elements ? storedAmount : 0 }
        set { if newValue != 0 { (amountKind, storedAmount) = (.elements, newValue) } }
    }

    /// The value of a whole number of NumPy.
    var number: Int? {
        get { amountKind == .number ? storedAmount : nil }
        set { if let newValue { (amountKind, storedAmount) = (.number, newValue) } }
    }

    /// Whether its state has been set, so that it cannot change any more.
    var isBuilt: Bool {
        get { state.contains(.built) }
        set { if newValue { state.insert(.built) } else { state.remove(.built) } }
    }

    /// Whether it lies in something else.
    var isHeld: Bool {
        get { state.contains(.held) }
        set { if newValue { state.insert(.held) } else { state.remove(.held) } }
    }

    /// Takes in what was added or set as its state.
    func absorb(_ value: PickleValue) {
        storedWeight = UInt32(min(weight &+ value.weight, Int(Int32.max)))
        if case .object(let other) = value, other === self { return }
        storedDepth = max(storedDepth, UInt16(clamping: value.depth + 1))
    }
}

/// What few of the objects have that a pickle makes.
private final class PickleObjectDetails {
    var arguments: PickleContainer?
    var storage: TorchStorage?
    var size = 0
    var className = ""
    var array: PickleArray?
    var attributes: PickleContainer?
    var estimator: EstimatorFacts?
    var singleAdditions = 0
}

extension PickleObject {
    private var details: PickleObjectDetails? { if case .details(let details) = more { details } else { nil } }

    private var known: PickleObjectDetails {
        if let details { return details }
        let made = PickleObjectDetails()
        made.arguments = arguments
        more = .details(made)
        return made
    }

    /// What it was called with, where something else is to be compared with that: of tensors, storages and sizes.
    var arguments: PickleContainer? {
        get {
            switch more {
            case .none: nil
            case .arguments(let arguments): arguments
            case .details(let details): details.arguments
            }
        }
        set {
            if let details {
                details.arguments = newValue
            } else {
                more = newValue.map { .arguments($0) } ?? .none
            }
        }
    }

    /// The storage that a persistent identifier stands for.
    var storage: TorchStorage? {
        get { details?.storage }
        set { known.storage = newValue }
    }

    /// How many bytes a copy of it takes, of those that the pickle gave it.
    var size: Int {
        get { details?.size ?? 0 }
        set { if newValue != size { known.size = newValue } }
    }

    /// The name of its class, of an object of scikit-learn.
    var className: String {
        get { details?.className ?? "" }
        set { known.className = newValue }
    }

    /// What an array holds, once its state has been set.
    var array: PickleArray? {
        get { details?.array }
        set { known.array = newValue }
    }

    /// The attributes of an object, once they have been set and found in order.
    var attributes: PickleContainer? {
        get { details?.attributes }
        set { known.attributes = newValue }
    }

    /// What is known of an object of scikit-learn, or of a part of one.
    var estimator: EstimatorFacts? {
        get { details?.estimator }
        set { if newValue != nil || details != nil { known.estimator = newValue } }
    }

    /// How many opcodes added one thing alone.
    var singleAdditions: Int {
        get { details?.singleAdditions ?? 0 }
        set { known.singleAdditions = newValue }
    }
}
