import Logging
import NIOCore
import SPIFFE
import ZeroTrust

/// Looks whether the models are proved still that a pool's local upstreams were proved to have loaded, and ends the connections
/// to those of which they are not.
///
/// It asks at every change that is told, and every few seconds besides, so that nobody has to be told. Where nobody can say for
/// ``PoolModels/patience``, the proof counts no longer.
final class PoolModels {
    /// How long nobody asks where no change is told.
    private static let interval = TimeAmount.seconds(10)
    /// How long a proof counts of which nobody can say whether it holds.
    private static let patience = TimeAmount.seconds(30)
    /// How long the others are still asked of, where nobody could say of one.
    private static let askingTime = Duration.seconds(5)

    private unowned let pool: UpstreamPool
    /// Grows with every change that is told.
    private(set) var changes: UInt64 = 0
    private var isAsking = false
    /// Whether something has changed since the question that is open.
    private var isAskedAgain = false
    /// Whether nobody could say of some when they were last asked of.
    private var isOwed = false

    init(_ pool: UpstreamPool) {
        self.pool = pool
    }

    /// A connection whose model a local process was proved to have loaded.
    private struct Stand {
        let local: LocalModel
        let seen: NIODeadline
        /// Notes that it was so now.
        let confirm: () -> Void
        let end: () -> Void
    }

    private var stands: [Stand] {
        let single = pool.verified.values.compactMap { connection -> Stand? in
            guard let model = connection.model, let local = model.local else { return nil }
            return Stand(local: local, seen: model.seen) {
                connection.model?.seen = .now()
            } end: {
                connection.end(for: .modelUnproven)
            }
        }
        let shared = pool.shared.compactMap { connection -> Stand? in
            guard let model = connection.model, let local = model.local else { return nil }
            return Stand(local: local, seen: model.seen) {
                connection.model?.seen = .now()
            } end: {
                connection.fail("model_withdrawn", for: .modelUnproven)
            }
        }
        return single + shared
    }

    /// Asks where it was long ago, and ends what nobody can vouch for.
    func check(_ now: NIODeadline) {
        var isDue = isOwed
        for stand in stands {
            if stand.seen + Self.patience <= now {
                end(stand, because: "nobody can say what it has loaded")
            } else if stand.seen + Self.interval <= now {
                isDue = true
            }
        }
        if isDue, !isAsking { askAgain() }
    }

    /// Something has changed: asks of every connection.
    func changed() {
        changes += 1
        askAgain()
    }

    /// A new connection can be used; what was told while its model was asked for may be about it.
    func connected(_ model: UpstreamModel?) {
        if let model, model.changes != changes { askAgain() }
    }

    private func askAgain() {
        guard !isAsking else {
            isAskedAgain = true
            return
        }
        isOwed = false
        let stands = stands
        guard !stands.isEmpty else { return }
        isAsking = true
        let attestor = pool.worker.context.models
        let loop = pool.worker.eventLoop
        let bound = NIOLoopBound((self, pool, stands), eventLoop: loop)
        Task { [locals = stands.map(\.local), end = ContinuousClock.now + Self.askingTime] in
            // One of which nobody can say keeps no other from being asked of; where nobody answers at all, each would take as
            // long as the first, and they are asked of another time.
            var answers: [Bool?] = []
            for local in locals {
                let holds = try? await local.holds(asking: attestor)
                answers.append(holds)
                if holds == nil, end <= ContinuousClock.now { break }
            }
            loop.execute { [answers] in
                let (models, _, stands) = bound.value
                models.heard(answers, of: stands)
            }
        }
    }

    private func heard(_ answers: [Bool?], of stands: [Stand]) {
        isAsking = false
        isOwed = answers.count < stands.count
        for (stand, holds) in zip(stands, answers) {
            switch holds {
            case true?: stand.confirm()
            case false?: end(stand, because: "it is no longer proved to have loaded the model")
            case nil: isOwed = true
            }
        }
        if isAskedAgain {
            isAskedAgain = false
            askAgain()
        }
    }

    private func end(_ stand: Stand, because reason: String) {
        pool.worker.context.logger.notice(
            "upstream connection ended",
            metadata: [
                "upstream": "\(pool.upstream.name)", "model.digest": "\(stand.local.claim.digest)",
                "reason": "\(reason)",
            ]
        )
        stand.end()
    }
}
