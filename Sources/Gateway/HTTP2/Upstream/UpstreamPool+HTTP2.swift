import NIOCore

/// Connections of HTTP/2, which requests share.
extension UpstreamPool {
    /// A stream on a connection that has room for one; the first such connection is used first, so that the others can
    /// grow old.
    func openStream() -> UpstreamHTTP2Stream? {
        shared.first(where: \.hasRoom)?.open()
    }

    /// A new connection can be used.
    func connected(_ connection: UpstreamHTTP2Connection) {
        connecting -= 1
        worker.metrics.upstreamConnects += 1
        released(connection)
        if upstream.model != nil { models.connected(connection.model) }
    }

    /// A connection has room again, or more than before.
    func released(_ connection: UpstreamHTTP2Connection) {
        while !waiters.isEmpty, let stream = openStream() {
            waiters.removeFirst().pipeline.upstreamReady(.stream(stream))
        }
        connectForWaiters()
        if keepsNone, connection.isIdle { connection.close() }
    }

    /// A new connection came to nothing, and so do the requests that it would have carried.
    func failedToConnect(_ reason: String, _ connection: UpstreamHTTP2Connection, _ problem: Problem) {
        shared.removeAll { $0 === connection }
        couldNotConnect(reason)
        let failing = waiters.prefix(upstream.http2?.maximumStreams ?? 1)
        waiters.removeFirst(failing.count)
        for waiter in failing { waiter.pipeline.upstreamUnavailable(problem) }
        connectForWaiters()
    }

    /// A connection takes no more requests, and ends with those that it carries: another may take its place.
    func spent(_ connection: UpstreamHTTP2Connection) {
        count -= 1
        connectForWaiters()
    }

    /// A connection that could be used is gone.
    func removed(_ connection: UpstreamHTTP2Connection, wasSpent: Bool) {
        shared.removeAll { $0 === connection }
        if !wasSpent { count -= 1 }
        connectForWaiters()
    }

    /// Counts a connection that went wrong.
    func count(error reason: String) {
        worker.metrics.upstreamErrors[reason, default: 0] += 1
    }
}
