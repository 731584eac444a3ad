import Resources

/// Reads one `PeerAuthentication` document and gathers everything that is wrong with it.
struct PeerAuthenticationDecoder {
    private var reader: DocumentReader

    /// The resource, or nil where an error was found, and the findings.
    static func decode(_ document: Document) -> (resource: PeerAuthentication?, diagnostics: [Diagnostic]) {
        var decoder = PeerAuthenticationDecoder(reader: DocumentReader(document))
        let resource = decoder.resource()
        return (decoder.reader.isSound ? resource : nil, decoder.reader.diagnostics)
    }

    private mutating func resource() -> PeerAuthentication? {
        reader.checkVersion()
        reader.refuseDryRun()
        guard let spec = reader.document.spec, !spec.isNull else { return make() }
        guard var fields = reader.open(spec, "the spec of a PeerAuthentication") else { return nil }
        let selector = reader.selector(&fields)
        let mutualTLS = fields.value("mtls")
        let portValue = fields.value("portLevelMtls")
        reader.collect { try fields.finish() }
        let mode = mode(mutualTLS, "mtls")
        let ports = ports(portValue)
        if let portValue, !portValue.isNull, selector.isEmpty {
            reader.report(
                portValue.location,
                "`portLevelMtls` needs a `selector` with labels: the ports are those of single workloads"
            )
        }
        return make(selector: selector, mode: mode, ports: ports)
    }

    private func make(
        selector: [String: String] = [:],
        mode: Mode? = nil,
        ports: [PeerAuthentication.Port] = []
    ) -> PeerAuthentication {
        PeerAuthentication(
            name: reader.document.metadata.name,
            namespace: reader.document.metadata.namespace,
            creationTimestamp: reader.document.metadata.creationTimestamp,
            selector: selector,
            mode: mode?.value,
            modeLocation: mode?.location,
            ports: ports,
            location: reader.document.location
        )
    }

    /// A mode as written; its value is nil for `UNSET`.
    private struct Mode {
        let value: MutualTLSMode?
        let location: SourceLocation
    }

    /// Reads `{mode: …}`; nil for a mode that is not written, and, with an error, for one that is not known.
    private mutating func mode(_ value: Value?, _ owner: String) -> Mode? {
        guard let value, !value.isNull, var fields = reader.open(value, "`\(owner)`") else { return nil }
        let names = ["UNSET"] + MutualTLSMode.allCases.map(\.rawValue)
        let mode = reader.collect {
            try fields.optional("mode") {
                Mode(value: MutualTLSMode(rawValue: try $0.oneOf(names)), location: $0.location)
            }
        }
        reader.collect { try fields.finish() }
        return mode.flatMap { $0 }
    }

    private mutating func ports(_ value: Value?) -> [PeerAuthentication.Port] {
        guard let value, !value.isNull, let entries = reader.collect({ try value.mapping() }) else { return [] }
        if entries.isEmpty {
            reader.report(value.location, "`portLevelMtls` is empty; leave it out, or name a port")
        }
        return entries.compactMap { entry in
            if case .string(let text) = entry.value.content, MutualTLSMode(rawValue: text) != nil || text == "UNSET" {
                reader.report(entry.value.location, "expected a mapping; write `\(entry.key): { mode: \(text) }`")
                return nil
            }
            let mode = mode(entry.value, "portLevelMtls")
            guard let number = UInt16(entry.key), number > 0, String(number) == entry.key else {
                reader.report(entry.keyLocation, "`\(entry.key)` is no port; expected 1 to 65535")
                return nil
            }
            return PeerAuthentication.Port(
                number: number,
                mode: mode?.value,
                modeLocation: mode?.location,
                location: entry.keyLocation
            )
        }
    }
}
