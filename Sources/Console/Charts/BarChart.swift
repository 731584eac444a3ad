/// Counts over time as bars, the newest to the right.
struct BarChart {
    /// How the bars are coloured.
    enum Tone: String { case plain = "", bad = " bad", warn = " warn" }

    let title: String
    let counts: [UInt64]
    /// What a bar counts: `minute`.
    let unit: String
    let tone: Tone

    private static let height = 44
    private static let step = 10

    var html: HTML {
        let total = counts.reduce(0, +)
        let most = counts.max() ?? 0
        let width = counts.count * Self.step
        var bars = ""
        for (place, count) in counts.enumerated() where count > 0 {
            let height = max(2, Int((Double(count) / Double(most) * Double(Self.height - 3)).rounded()))
            bars += "M\(place * Self.step + 1) \(Self.height - 1)v-\(height)h\(Self.step - 2)v\(height)z"
        }
        let words: HTML =
            total == 0 ? "<b>none</b>" : "<b>\(Count.text(total))</b>, at most \(Count.text(most)) a \(unit)"
        return """
            <figure class="chart"><figcaption><span>\(title)</span><span>\(words)</span></figcaption>
            <svg viewBox="0 0 \(width) \(Self.height)" preserveAspectRatio="none" role="img" aria-label="\(title): \(total) in \(counts.count) \(unit)s, at most \(most) in one"><path class="base" d="M0 \(Self.height - 1)H\(width)"/><path class="bars\(tone.rawValue)" d="\(bars)"/></svg></figure>
            """
    }
}
