import Foundation
import Resources
import Testing
import ZeroTrust

@testable import Authorization

/// The analysis and the engine, which share no code that matches, agree on each of very many requests.
///
/// `LAPWING_SCALE` multiplies how many: 25 makes more than a hundred thousand.
@Suite struct ReachBruteForceTests {
    private static let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
    private static let policySets = 40
    private static let requestsEach = 120

    private struct Setting: CustomTestStringConvertible {
        let compatibility: Compatibility
        let callers: Reachability.Options.Callers
        let normalization: PathNormalization
        var offersTunnels = false
        var testDescription: String {
            "\(compatibility) \(callers) \(normalization)\(offersTunnels ? " with tunnels" : "")"
        }
    }

    /// How many regions there are, or nil where they are too many.
    private static func count(_ reach: Reachability) throws -> Int? {
        do { return try reach.allowed().count } catch {
            guard error.code == .tooLarge else { throw error }
            return nil
        }
    }

    @Test func `what the analysis calls allowed, the engine allows, and nothing else`() throws {
        let settings = [
            Setting(compatibility: .strict, callers: .spiffe, normalization: .mergeSlashes),
            Setting(compatibility: .istio, callers: .anyone, normalization: .base),
            Setting(compatibility: .istio, callers: .named, normalization: .none),
            Setting(compatibility: .strict, callers: .spiffe, normalization: .base, offersTunnels: true),
            Setting(compatibility: .istio, callers: .anyone, normalization: .mergeSlashes, offersTunnels: true),
        ]
        var (requests, allowed, regions, unknown, bounds) = (0, 0, 0, 0, 0)
        for (number, setting) in settings.enumerated() {
            for index in 0..<(Self.policySets * Self.scale / settings.count + 1) {
                var random = RandomPolicies(seed: UInt64(number * 1_000_003 + index), callers: setting.callers)
                let text = random.policies()
                let documents = try ResourceLoader.parse(yaml: text, file: "random.yaml")
                let engine = try PolicyEngine(
                    applying: try PolicySet.load(documents, checks: .dataPlane).policies,
                    options: PolicyEngine.Options(
                        compatibility: setting.compatibility,
                        trustDomains: index % 3 == 0 ? ["cluster.local", "td2"] : []
                    )
                )
                let reach = try Reachability(
                    engine,
                    options: Reachability.Options(
                        callers: setting.callers,
                        normalization: setting.normalization,
                        limits: ReachLimits(states: 20_000, regions: 3_000),
                        offersTunnels: setting.offersTunnels
                    )
                )
                // Each region's witness is put to the engine on the way.
                let count: Int?
                do { count = try Self.count(reach) } catch {
                    Issue.record("\(setting.testDescription), set \(index): \(error)\n\(text)")
                    continue
                }
                guard let found = count else {
                    unknown += 1
                    continue
                }
                regions += found
                for _ in 0..<Self.requestsEach {
                    let made =
                        setting.offersTunnels
                        ? try random.requestOrTunnel(setting.normalization, setting.compatibility)
                        : try random.request(setting.normalization, setting.compatibility)
                    guard let request = made else { continue }
                    requests += 1
                    let outcome = engine.evaluate(request).outcome
                    if outcome == .allow { allowed += 1 }
                    guard let says = try reach.allows(request) else {
                        bounds += 1
                        continue
                    }
                    #expect(says == (outcome == .allow), "\(setting.testDescription)\n\(request)\n\(text)")
                }
            }
        }
        print(
            "policy reach: \(requests) requests agree, \(allowed) of them allowed, \(regions) witnesses, \(unknown) unknown"
        )
        #expect(requests > 1000 * Self.scale)
        #expect(allowed > requests / 50 && allowed < requests)
        #expect(unknown * 20 < Self.policySets * Self.scale, "the limits are for the few")
    }
}
