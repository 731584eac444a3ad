import NIOCore
import Synchronization

/// The connections of a server: counted as they come, told to go when it drains.
final class ConnectionRegistry: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: any Channel] = [:]
        var users: [UInt32: Int] = [:]
        var isDraining = false
        var waiters: [EventLoopPromise<Void>] = []
    }

    /// Guards the open connections, their count by user, and those who wait for the last to close.
    private let state = Mutex(State())
    private let maximum: Int
    private let maximumPerUser: Int

    init(maximum: Int, maximumPerUser: Int) {
        self.maximum = maximum
        self.maximumPerUser = maximumPerUser
    }

    /// The connections that are open.
    var count: Int { self.state.withLock { $0.connections.count } }

    /// Takes a connection in, until it closes; false where there is no place for it.
    func admit(_ channel: any Channel, user: UInt32?) -> Bool {
        let key = ObjectIdentifier(channel)
        let isAdmitted = self.state.withLock { state in
            guard !state.isDraining, state.connections.count < self.maximum else { return false }
            if let user {
                guard state.users[user, default: 0] < self.maximumPerUser else { return false }
                state.users[user, default: 0] += 1
            }
            state.connections[key] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in self.remove(key, user: user) }
        }
        return isAdmitted
    }

    private func remove(_ key: ObjectIdentifier, user: UInt32?) {
        let waiters = self.state.withLock { state -> [EventLoopPromise<Void>] in
            state.connections[key] = nil
            if let user, let count = state.users[user] {
                state.users[user] = count > 1 ? count - 1 : nil
            }
            guard state.connections.isEmpty else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.succeed() }
    }

    /// Admits no more and gives the connections that are open.
    func beginDraining() -> [any Channel] {
        self.state.withLock { state in
            state.isDraining = true
            return Array(state.connections.values)
        }
    }

    /// Keeps the promise when no connection is left.
    func whenEmpty(_ promise: EventLoopPromise<Void>) {
        let isEmpty = self.state.withLock { state in
            if !state.connections.isEmpty { state.waiters.append(promise) }
            return state.connections.isEmpty
        }
        if isEmpty { promise.succeed() }
    }
}
