import FoundationEssentials

/// Keeps what many callers get at a time in one step of the store, since each step costs much more than what is in it.
actor StandingKeeper {
    private let store: any StandingStore
    private let clock: @Sendable () -> Date
    private var waiting: [StandingSVID] = []
    private var callers: [CheckedContinuation<Void, any Error>] = []
    private var isKeeping = false

    init(_ store: any StandingStore, clock: @escaping @Sendable () -> Date) {
        self.store = store
        self.clock = clock
    }

    /// Returns once these are kept.
    func keep(_ svids: [StandingSVID]) async throws {
        waiting += svids
        try await withCheckedThrowingContinuation { caller in
            callers.append(caller)
            guard !isKeeping else { return }
            isKeeping = true
            // Not the caller's task: others wait for it too when that is cancelled.
            Task { await keepWaiting() }
        }
    }

    private func keepWaiting() async {
        while !callers.isEmpty {
            let (svids, served) = (waiting, callers)
            (waiting, callers) = ([], [])
            do {
                try await store.keep(svids, at: clock())
                for caller in served { caller.resume() }
            } catch {
                for caller in served { caller.resume(throwing: error) }
            }
        }
        isKeeping = false
    }
}
