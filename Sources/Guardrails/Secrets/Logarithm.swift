import Foundation

/// The logarithm that entropy is measured with.
enum Logarithm {
    static func base2(_ value: Double) -> Double { log2(value) }
}
