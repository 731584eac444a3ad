/// Python pickles of protocols 0 to 5, one or several after one another.
enum PickleScanner: FormatScanner {
    static let format = "pickle"

    /// How many opcodes of a pickle are tried before it is taken for one: few where it begins with PROTO.
    private static let (trial, shortTrial) = (1 << 14, 1 << 10)
    /// What each of several pickles in one file costs beside its opcodes, in steps.
    private static let beginning = 64

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        let head = try input.head(2)
        guard head.count == 2 else { return false }
        guard PickleOpcode(rawValue: head[0]) != nil else { return false }
        let hasMagic = head[0] == PickleOpcode.proto.rawValue && head[1] <= 5
        let context = ScanContext(scanners: [], budget: ScanBudget(expansion: 0, steps: hasMagic ? shortTrial : trial))
        var machine = PickleMachine(PickleReader(input), loader: .plain, context: context)
        machine.isTrial = true
        // A zip begins with the opcode of a name for something outside, which ends every unpickler that was not told what
        // such names mean. Those that were look for zips first; bytes that happen to be opcodes are none.
        let isZip = try [[3, 4], [5, 6]].contains(Array(input.head(4).dropFirst(2))) && head == [0x50, 0x4B]
        do throws(ScanStop) {
            _ = try machine.run()
            return !isZip || machine.importsLibrary
        } catch {
            if isZip { return machine.importsLibrary }
            if error.verdict == .unsafe || error.rule.hasPrefix("limit-") { return true }
            // Importing a module runs it, whatever follows.
            if machine.importsLibrary { return true }
            // A name alone, of a module that is not there, does nothing: `cat` and `os` are two words.
            if context.findings.contains(where: { $0.verdict == .unsafe && $0.rule != "pickle-import" }) { return true }
            // Protocols 0 and 1 have no magic: what neither runs to its STOP nor does harm before it fails is no pickle.
            guard hasMagic else { return false }
            // The magic is two bytes that a length may begin with as well (640, of a safetensors header). No unpickler
            // gets past a byte that is no opcode; where it has done nothing until then, this is something else.
            return !machine.hasStrayed || machine.reader.offset > 8 || machine.hasCalled || !context.findings.isEmpty
        }
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        if try TorchLegacy.recognises(input) { return try TorchLegacy.scan(input, context) }
        var reader = PickleReader(input)
        repeat {
            try context.budget.step(beginning)
            reader = try scan(reader, loader: .plain, context).reader
        } while reader.remaining > 0
    }

    /// Scans one pickle.
    ///
    /// - Throws: ``ScanStop`` with `trailing-bytes` where what stands after another pickle is none.
    static func scan(
        _ reader: PickleReader,
        loader: PickleMachine.Loader,
        _ context: ScanContext
    ) throws(ScanStop) -> ScannedPickle {
        var machine = PickleMachine(reader, loader: loader, context: context)
        do throws(ScanStop) {
            let value = try machine.run()
            return ScannedPickle(
                reader: machine.reader,
                value: value,
                storages: machine.storages,
                sparseTensors: machine.sparseTensors
            )
        } catch {
            guard reader.offset > 0, reader.remaining > 0, !machine.hasCalled, error.verdict != .unsafe else {
                throw error
            }
            throw ScanStop(
                rule: "trailing-bytes",
                offset: reader.offset,
                message: "\(reader.remaining) bytes follow that are no pickle; another loader may read them"
            )
        }
    }
}

/// What a pickle left.
struct ScannedPickle {
    /// At its end.
    let reader: PickleReader
    let value: PickleValue
    /// The storages that it names, by their keys.
    let storages: [String: TorchStorage]
    /// The sparse tensors that it makes over them.
    let sparseTensors: [TorchSparseCall]
}
