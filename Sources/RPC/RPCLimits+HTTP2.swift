import NIOHTTP2

extension RPCLimits {
    /// The limits of a connection, in HTTP/2's terms.
    func connectionConfiguration(isServer: Bool) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxHeaderListSize, value: self.maximumHeaderListSize)
        ]
        if isServer {
            configuration.initialSettings.append(
                HTTP2Setting(parameter: .maxConcurrentStreams, value: self.maximumConcurrentStreams)
            )
        } else {
            // RFC 9113 §6.5.2: a client that takes no pushes says so.
            configuration.initialSettings.append(HTTP2Setting(parameter: .enablePush, value: 0))
        }
        configuration.controlFrameRateLimit.maximumCount = self.maximumControlFrames
        // One call's window must not be the whole connection's.
        configuration.targetWindowSize = 1 << 20
        // gRPC's streams may carry empty frames, to end them.
        configuration.maximumSequentialEmptyDataFrames = 8
        return configuration
    }

    /// The limits of a stream, in HTTP/2's terms.
    var streamConfiguration: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.streamResetFrameRateLimit.maximumCount = self.maximumResets
        configuration.outboundBufferSizeHighWatermark = self.outboundHighWatermark
        configuration.outboundBufferSizeLowWatermark = self.outboundHighWatermark / 2
        return configuration
    }
}
