import Authorization
import Glibc
import Testing
import ZeroTrust

/// Counts the objects that this thread allocates, through the hook that the Swift runtime keeps for tools.
private enum ObjectAllocations {
    typealias Allocate = @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

    // Sound: set before the hook is in place and left as they are; the count is touched by one thread only.
    nonisolated(unsafe) private static var original: Allocate?
    nonisolated(unsafe) private static var thread: pthread_t = 0
    nonisolated(unsafe) private static var count = 0

    /// How many heap objects (arrays, strings, boxes, closures) a piece of work allocates, or nil without the hook.
    static func during(_ work: () -> Void) -> Int? {
        guard let symbol = unsafe dlsym(nil, "_swift_allocObject") else { return nil }
        // Sound: the runtime declares the symbol as a variable that holds a function of this C type.
        let hook = unsafe symbol.assumingMemoryBound(to: Allocate.self)
        unsafe original = hook.pointee
        unsafe thread = pthread_self()
        unsafe count = 0
        unsafe hook.pointee = { metadata, size, alignment in
            if unsafe pthread_equal(pthread_self(), ObjectAllocations.thread) != 0 {
                unsafe ObjectAllocations.count += 1
            }
            return unsafe ObjectAllocations.original?(metadata, size, alignment)
        }
        work()
        if let original = unsafe original { unsafe hook.pointee = original }
        return unsafe count
    }
}

@Suite(.serialized) struct AllocationTests {
    @Test func `the hook sees an allocation`() throws {
        let count = try #require(
            ObjectAllocations.during { blackHole([Int](repeating: 1, count: Int.random(in: 100...200))) }
        )
        #expect(count > 0)
    }

    @Test(arguments: [10, 10_000])
    func `allowing a request allocates nothing`(ruleCount: Int) throws {
        let engine = try ManyRules.engine(count: ruleCount)
        let peer = try Fixture.peer(ManyRules.caller(ruleCount / 2))
        let exchange = Fixture.exchange(path: ManyRules.path(ruleCount / 2) + "?trace=1")
        func allow() {
            switch engine.authorize(peer, exchange) {
            case .allow(let permit): permit.redeem()
            case .deny(let denial): Issue.record("denied: \(denial.reason)")
            }
        }
        // The first call builds the runtime's metadata.
        allow()
        let count = try #require(ObjectAllocations.during { for _ in 0..<100 { allow() } })
        #expect(count == 0)
    }

    @Test func `a canonical path is returned without an allocation`() throws {
        let path = "/v1/models/llama-3.1-70b/versions/3?trace=1"
        func normalize() { blackHole(PathNormalization.decodeAndMergeSlashes.normalize(path)) }
        normalize()
        let count = try #require(ObjectAllocations.during { for _ in 0..<100 { normalize() } })
        #expect(count == 0)
    }

    @inline(never) private func blackHole<Value>(_ value: Value) {}
}
