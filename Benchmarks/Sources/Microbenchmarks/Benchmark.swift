/// Something to measure: a name, and work that can be repeated.
///
/// ```swift
/// Benchmark("policy/allow, 10 rules") { count in
///     for _ in 0..<count { blackHole(engine.evaluate(attributes)) }
/// }
/// ```
struct Benchmark {
    /// What the table calls it: the part, a slash, the work.
    let name: String
    /// Does the work so many times.
    let run: (_ count: Int) throws -> Void
    /// What else to say of it once it has run, such as how often data was forced to disk.
    let remark: (() -> String)?

    /// Takes away what the work left, after the last round.
    let finish: (() -> Void)?

    /// A benchmark.
    init(
        _ name: String,
        remark: (() -> String)? = nil,
        finish: (() -> Void)? = nil,
        run: @escaping (_ count: Int) throws -> Void
    ) {
        self.name = name
        self.run = run
        self.remark = remark
        self.finish = finish
    }
}

/// Takes a value so that the optimiser cannot leave out what made it.
@inline(never)
func blackHole<T: ~Copyable>(_ value: borrowing T) {}
