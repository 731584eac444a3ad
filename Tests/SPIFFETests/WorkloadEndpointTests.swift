import SPIFFE
import Testing

@Suite struct `Workload endpoint` {
    @Test(arguments: [
        ("unix:///run/lapwing/workload.sock", "unix:///run/lapwing/workload.sock"),
        ("unix:/run/lapwing/workload.sock", "unix:///run/lapwing/workload.sock"),
        ("tcp://127.0.0.1:8000", "tcp://127.0.0.1:8000"),
        ("tcp://[::1]:8000", "tcp://[::1]:8000"),
    ])
    func `is a socket with an absolute path or an address with a port`(text: String, canonical: String) throws {
        #expect(try "\(WorkloadEndpoint(text))" == canonical)
    }

    @Test(arguments: [
        ("", WorkloadEndpointError.missingScheme), ("/run/sock", .missingScheme), ("http://a", .wrongScheme),
        ("UNIX:///run/sock", .wrongScheme), ("unix:", .missingPath), ("unix://", .missingPath),
        ("unix:///", .missingPath), ("unix:sock", .relativePath), ("unix://run/sock", .authority),
        ("unix://a@/run/sock", .userInfo), ("unix:///run/sock?a", .query), ("unix:///run/sock#a", .fragment),
        ("unix:///run/%2e%2e/sock", .badCharacter), ("unix:///run/a b", .badCharacter),
        ("unix:///run/\u{0}", .badCharacter), ("tcp:127.0.0.1:8000", .missingHost), ("tcp://", .missingHost),
        ("tcp://:8000", .missingHost), ("tcp://127.0.0.1", .missingPort), ("tcp://127.0.0.1:", .missingPort),
        ("tcp://[::1]", .missingPort), ("tcp://localhost:8000", .hostIsNoAddress), ("tcp://::1:8000", .hostIsNoAddress),
        ("tcp://[127.0.0.1]:8000", .hostIsNoAddress), ("tcp://127.0.0.1:0", .badPort),
        ("tcp://127.0.0.1:65536", .badPort), ("tcp://127.0.0.1:+80", .badPort), ("tcp://127.0.0.1:8000/", .path),
        ("tcp://a@127.0.0.1:8000", .userInfo), ("unix:///" + String(repeating: "a", count: 4096), .tooLong),
    ])
    func `is refused with the rule that it breaks`(text: String, error: WorkloadEndpointError) {
        #expect(throws: error) { try WorkloadEndpoint(text) }
        #expect(!error.description.isEmpty)
    }
}
