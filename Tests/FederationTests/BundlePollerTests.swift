import Foundation
import Logging
import SPIFFE
import Synchronization
import Testing
import WorkloadIdentity
import ZeroTrust

@testable import Federation

@Suite(.timeLimit(.minutes(5))) struct BundlePollerTests {
    private struct Away: Error {}

    @Test func `a bundle that nobody could take is fetched again soon, and one that does not count is not`()
        async throws
    {
        let relationship = try FederatedTrustDomain(
            name: "p",
            trustDomain: try TrustDomain("partner.example"),
            url: try BundleEndpointURL("https://127.0.0.1:9/"),
            profile: .web(authoritiesFile: nil),
            bundle: nil
        )
        let now = Mutex(ContinuousClock.now)
        let fetches = Mutex(0)
        let problem = Mutex<(any Error)?>(nil)
        let poller = BundlePoller(
            fetch: { _, _ in
                fetches.withLock { $0 += 1 }
                return Array("{\"keys\":[]}".utf8)
            },
            report: { _, _ in
                if let error = problem.withLock({ $0 }) { throw error }
            },
            ticks: { now.withLock { $0 } },
            logger: quietLogger
        )
        poller.follow([relationship])
        func round(after seconds: Int) async -> Int {
            now.withLock { $0 += .seconds(seconds) }
            await poller.round()
            return fetches.withLock { $0 }
        }
        #expect(await round(after: 0) == 1)
        #expect(await round(after: 5) == 1)
        problem.withLock { $0 = Away() }
        #expect(await round(after: 300) == 2)
        #expect(await round(after: 5) == 3)
        problem.withLock { $0 = BundlePoller.Refusal("it is older") }
        #expect(await round(after: 10) == 4)
        #expect(await round(after: 100) == 4)
        #expect(await round(after: 300) == 5)
    }
}
