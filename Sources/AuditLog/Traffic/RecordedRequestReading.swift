import ZeroTrust

extension RecordedRequest {
    /// Reads the parts of a record; nil where one of them is not what it should be.
    init?(_ text: Span<UInt8>, _ outline: RecordOutline, defaultPort: UInt16, memory: inout RecordMemory) {
        func string(_ range: Range<Int>) -> String? { JSONScan.decoded(text, range) }
        let loopback = IPAddress(v4: 0x7f00_0001)
        let source = outline.source.isEmpty ? loopback : memory.address(text, outline.source)
        let destination =
            outline.destinationAddress.isEmpty ? loopback : memory.address(text, outline.destinationAddress)
        guard let method = string(outline.method), let path = string(outline.path),
            let authority = memory.word(text, outline.authority), let source, let destination,
            let serverName = memory.word(text, outline.serverName), let outcome = string(outline.outcome),
            let reason = memory.word(text, outline.reason), let id = string(outline.id),
            let modelDigest = memory.word(text, outline.modelDigest),
            let modelSigner = memory.word(text, outline.modelSigner)
        else { return nil }
        var port = defaultPort
        if !outline.destinationPort.isEmpty {
            guard let written = string(outline.destinationPort).flatMap({ UInt16($0) }) else { return nil }
            port = written
        }
        var caller: SPIFFEID?
        if !outline.caller.isEmpty {
            caller = memory.caller(text, outline.caller)
            guard caller != nil else { return nil }
        }
        var isComplete = !outline.isCut
        var token: RecordedToken?
        if !outline.token.isEmpty {
            token = RecordedToken(text, outline.token, &isComplete)
            guard token != nil else { return nil }
        }
        var provider: DecisionRecord.Provider?
        if !outline.provider.isEmpty {
            guard let name = string(outline.provider), let answer = string(outline.providerAnswer) else { return nil }
            provider = DecisionRecord.Provider.Answer(rawValue: answer).map {
                .init(name: name, answer: $0, latency: 0)
            }
        }
        guard let headers = Self.headers(text, outline.headers, &isComplete) else { return nil }
        self.init(
            id: RequestID(id),
            caller: caller,
            modelDigest: modelDigest.isEmpty ? nil : modelDigest,
            modelSigner: modelSigner.isEmpty ? nil : modelSigner,
            method: method,
            path: path,
            authority: authority,
            headers: headers,
            source: source,
            destination: Exchange.Endpoint(address: destination, port: port),
            serverName: outline.serverName.isEmpty ? nil : serverName,
            token: token,
            provider: provider,
            outcome: DecisionRecord.Outcome(rawValue: outcome),
            reason: reason.isEmpty ? nil : reason,
            isComplete: isComplete
        )
    }

    /// Reads the header lines; one whose value was cut or held back makes the request incomplete.
    private static func headers(
        _ text: Span<UInt8>,
        _ range: Range<Int>,
        _ isComplete: inout Bool
    ) -> [Exchange.Header]? {
        guard !range.isEmpty else { return [] }
        var offset = range.lowerBound
        var headers: [Exchange.Header] = []
        var isWhole = true
        let isArray = JSONScan.array(text, &offset) { offset in
            var name: String?
            var value: String?
            let isObject = JSONScan.object(text, &offset) { member, offset in
                guard let range = JSONScan.value(text, &offset, depth: 3) else { return false }
                if JSONScan.equals(text, member, "sha256") || JSONScan.equals(text, member, "redacted") {
                    isWhole = false
                }
                guard text[range.lowerBound] == UInt8(ascii: "\"") else { return true }
                let inner = (range.lowerBound + 1)..<(range.upperBound - 1)
                if JSONScan.equals(text, member, "name") { name = JSONScan.decoded(text, inner) }
                if JSONScan.equals(text, member, "value") { value = JSONScan.decoded(text, inner) }
                return true
            }
            guard isObject, let name else { return false }
            headers.append(Exchange.Header(name: name.lowercased(), value: value ?? ""))
            return true
        }
        guard isArray else { return nil }
        if !isWhole { isComplete = false }
        return headers
    }
}
