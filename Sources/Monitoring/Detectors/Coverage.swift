import ZeroTrust

/// M5: little at a time, and in the end much of a dataset.
///
/// For each identity and dataset the different objects that were read within memory are counted, in two halves as they age;
/// the share of the dataset decides. How large a dataset is, is declared, or estimated from what everybody together has
/// read; a dataset with a single reader and no declared size is not judged.
struct Coverage: Detector {
    struct Settings: Hashable, Sendable {
        /// Nanoseconds of memory.
        var memory: Int64
        /// From which share of a dataset on reading is a finding, 0 to 1.
        var share: Double
        /// How many objects each dataset has, where that is declared.
        var sizes: [String: Double]
        /// Datasets with fewer objects are not judged.
        var minimum: Double = 1_000
        var maximumPairs = 1 << 14
        var maximumDatasets = 1 << 12
    }

    let settings: Settings
    private var pairs: [Pair: Reading] = [:]
    private var datasets: [UInt32: Dataset] = [:]
    /// The pair that was read longest ago makes room.
    private var clock: UInt64 = 0

    private struct Pair: Hashable, Comparable {
        var caller: UInt32
        var dataset: UInt32

        static func < (left: Pair, right: Pair) -> Bool { (left.caller, left.dataset) < (right.caller, right.dataset) }
    }

    private struct Reading {
        var half: Int64
        var current = HyperLogLog(precision: 10)
        var before = HyperLogLog(precision: 10)
        /// New objects until the share is worked out again.
        var wait = 16
        /// The largest share that was reached while the source was learned from.
        var usual = 0.0
        var used: UInt64 = 0
        var began: Int64
    }

    private struct Dataset {
        var objects = HyperLogLog(precision: 12)
        var readers: Set<UInt32> = []
    }

    init(_ settings: Settings) {
        self.settings = settings
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let observation = seen.observation
        guard observation.decision != .deny, observation.verbClass == .read || observation.verbClass == .call,
            !observation.object.isEmpty, observation.marks.isDisjoint(with: [.controlPlane, .continuation]),
            seen.caller != 0, seen.callee != 0
        else { return }
        let object = StableHash.of(observation.object)
        note(object, by: seen.caller, in: seen.callee)
        let pair = Pair(caller: seen.caller, dataset: seen.callee)
        guard let place = place(of: pair, seen.time), pairs.values[place].current.insert(object) else { return }
        pairs.values[place].wait -= 1
        guard pairs.values[place].wait <= 0 else { return }
        var reading = pairs.values[place]
        judge(&reading, pair, seen, &book)
        pairs.values[place] = reading
    }

    private mutating func note(_ object: UInt64, by caller: UInt32, in callee: UInt32) {
        guard let place = datasets.index(forKey: callee) else {
            guard datasets.count < settings.maximumDatasets else { return }
            var dataset = Dataset()
            dataset.objects.insert(object)
            dataset.readers.insert(caller)
            datasets[callee] = dataset
            return
        }
        datasets.values[place].objects.insert(object)
        if datasets.values[place].readers.count < 2 { datasets.values[place].readers.insert(caller) }
    }

    /// Where the reading of a pair lies, which is made where there is none, and brought to a time.
    private mutating func place(of pair: Pair, _ time: Int64) -> Dictionary<Pair, Reading>.Index? {
        let half = time / max(settings.memory / 2, 1)
        clock += 1
        let known = pairs.index(forKey: pair)
        if known == nil {
            if pairs.count >= settings.maximumPairs { makeRoom() }
            pairs[pair] = Reading(half: half, began: time)
        }
        guard let place = known ?? pairs.index(forKey: pair) else { return nil }
        pairs.values[place].used = clock
        let last = pairs.values[place].half
        if half > last {
            pairs.values[place].before = half == last + 1 ? pairs.values[place].current : HyperLogLog(precision: 10)
            pairs.values[place].current = HyperLogLog(precision: 10)
            pairs.values[place].half = half
        }
        return place
    }

    /// A quarter of the pairs, those that were read longest ago, make room.
    private mutating func makeRoom() {
        let uses = pairs.values.map(\.used).sorted()
        let limit = uses[uses.count / 4]
        pairs = pairs.filter { $0.value.used > limit }
    }

    private func judge(_ reading: inout Reading, _ pair: Pair, _ seen: Observed, _ book: inout Casebook) {
        var both = reading.current
        both.merge(reading.before)
        let count = both.estimate
        let declared = settings.sizes[seen.observation.callee]
        let known = declared ?? datasets[pair.dataset]?.objects.estimate ?? 0
        // Looking again is worth it once a hundredth more of what there is, or of the count, may be new.
        reading.wait = max(16, Int(min(known, count) / 128))
        guard known >= settings.minimum, declared != nil || (datasets[pair.dataset]?.readers.count ?? 0) > 1 else {
            return
        }
        let share = min(count / known, 1)
        if !seen.isPastLearning {
            reading.usual = max(reading.usual, share)
            return
        }
        let limit = max(settings.share, min(reading.usual * 1.5, 0.99))
        guard share > limit else { return }
        let days = Double(seen.time - reading.began) / 86_400e9
        let usual = reading.usual
        let key = FindingKey(.lowAndSlow, UInt64(pair.caller), UInt64(pair.dataset))
        let severity: Severity = share >= 0.25 ? .critical : .high
        book.report(key, seen, severity: severity, amount: share) { names in
            Signal(
                type: .lowAndSlow,
                severity: severity,
                subject: names[pair.caller],
                object: names[pair.dataset],
                cause: "`\(names[pair.caller])` has read \(Self.percent(share)) of `\(names[pair.dataset])`, about "
                    + "\(Int(count)) different objects of \(Int(known)), within \(Int(days.rounded(.up))) days",
                measure: .init(baseline: usual, observed: share, threshold: limit, unit: "share of the dataset")
            )
        }
    }

    static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }

    mutating func setBack(to time: Int64) {
        let half = time / max(settings.memory / 2, 1)
        for place in pairs.values.indices {
            pairs.values[place].half = min(pairs.values[place].half, half)
            pairs.values[place].began = min(pairs.values[place].began, time)
        }
    }

    func write(to writer: inout StateWriter) {
        writer.write(clock)
        writer.write(UInt64(pairs.count))
        for (pair, reading) in pairs.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(pair.caller))
            writer.write(UInt64(pair.dataset))
            writer.write(reading.half)
            reading.current.write(to: &writer)
            reading.before.write(to: &writer)
            writer.write(Int64(reading.wait))
            writer.write(reading.usual)
            writer.write(reading.used)
            writer.write(reading.began)
        }
        writer.write(UInt64(datasets.count))
        for (number, dataset) in datasets.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(number))
            dataset.objects.write(to: &writer)
            writer.write(UInt64(dataset.readers.count))
            for reader in dataset.readers.sorted() { writer.write(UInt64(reader)) }
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        (pairs, datasets) = ([:], [:])
        clock = try reader.number()
        for _ in 0..<(try reader.count(of: 12)) {
            let pair = Pair(
                caller: UInt32(clamping: try reader.number()),
                dataset: UInt32(clamping: try reader.number())
            )
            var reading = Reading(half: try reader.signed(), began: 0)
            reading.current = try HyperLogLog(from: &reader)
            reading.before = try HyperLogLog(from: &reader)
            guard reading.current.precision == 10, reading.before.precision == 10 else {
                throw reader.damaged("a reading")
            }
            reading.wait = Int(clamping: try reader.signed())
            reading.usual = try reader.double()
            reading.used = try reader.number()
            reading.began = try reader.signed()
            pairs[pair] = reading
        }
        for _ in 0..<(try reader.count(of: 4)) {
            let number = UInt32(clamping: try reader.number())
            var dataset = Dataset()
            dataset.objects = try HyperLogLog(from: &reader)
            for _ in 0..<(try reader.count(of: 1)) { dataset.readers.insert(UInt32(clamping: try reader.number())) }
            datasets[number] = dataset
        }
    }
}
