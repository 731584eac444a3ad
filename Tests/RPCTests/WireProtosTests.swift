import Foundation
import SwiftProtobuf
import Testing
import WireProtos

/// Every field of the Workload API under its number: a tag is the number times eight, and the type of the wire.
@Suite(.timeLimit(.minutes(5))) struct `The messages on the wire` {
    static func hexadecimal(_ message: some Message) throws -> String {
        let bytes: [UInt8] = try message.serializedBytes()
        return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test func `X509SVIDResponse`() throws {
        let response = WorkloadAPI_X509SVIDResponse.with {
            $0.svids = [
                .with {
                    $0.spiffeID = "a"
                    $0.x509Svid = Data([1])
                    $0.x509SvidKey = Data([2])
                    $0.bundle = Data([3])
                    $0.hint = "h"
                }
            ]
            $0.crl = [Data([4])]
            $0.federatedBundles = ["b": Data([5])]
        }
        #expect(
            try Self.hexadecimal(response)
                == "0a0f" + "0a0161" + "120101" + "1a0102" + "220103" + "2a0168" + "120104" + "1a06" + "0a0162"
                + "120105"
        )
    }

    @Test func `X509BundlesResponse`() throws {
        let response = WorkloadAPI_X509BundlesResponse.with {
            $0.crl = [Data([4])]
            $0.bundles = ["b": Data([5])]
        }
        #expect(try Self.hexadecimal(response) == "0a0104" + "1206" + "0a0162" + "120105")
    }

    @Test func `the JWT profile`() throws {
        #expect(
            try Self.hexadecimal(
                WorkloadAPI_JWTSVIDRequest.with {
                    $0.audience = ["a", "b"]
                    $0.spiffeID = "c"
                }
            ) == "0a0161" + "0a0162" + "120163"
        )
        #expect(
            try Self.hexadecimal(
                WorkloadAPI_JWTSVIDResponse.with {
                    $0.svids = [
                        .with {
                            $0.spiffeID = "a"
                            $0.svid = "b"
                            $0.hint = "c"
                        }
                    ]
                }
            ) == "0a09" + "0a0161" + "120162" + "1a0163"
        )
        #expect(
            try Self.hexadecimal(WorkloadAPI_JWTBundlesResponse.with { $0.bundles = ["b": Data([5])] })
                == "0a06" + "0a0162" + "120105"
        )
        #expect(
            try Self.hexadecimal(
                WorkloadAPI_ValidateJWTSVIDRequest.with {
                    $0.audience = "a"
                    $0.svid = "b"
                }
            ) == "0a0161" + "120162"
        )
        #expect(
            try Self.hexadecimal(
                WorkloadAPI_ValidateJWTSVIDResponse.with {
                    $0.spiffeID = "a"
                    $0.claims = Google_Protobuf_Struct(fields: ["k": true])
                }
            ) == "0a0161" + "1209" + "0a07" + "0a016b" + "1202" + "2001"
        )
    }

    @Test func `the WIT profile`() throws {
        #expect(try Self.hexadecimal(WorkloadAPI_WITSVIDRequest.with { $0.spiffeID = "a" }) == "0a0161")
        #expect(
            try Self.hexadecimal(
                WorkloadAPI_WITSVIDResponse.with {
                    $0.svids = [
                        .with {
                            $0.spiffeID = "a"
                            $0.witSvid = "b"
                            $0.witSvidKey = "c"
                            $0.hint = "d"
                        }
                    ]
                }
            ) == "0a0c" + "0a0161" + "120162" + "1a0163" + "220164"
        )
        #expect(
            try Self.hexadecimal(WorkloadAPI_WITBundlesResponse.with { $0.bundles = ["b": "c"] })
                == "0a06" + "0a0162" + "120163"
        )
    }

    @Test func `health`() throws {
        #expect(try Self.hexadecimal(Health_HealthCheckRequest.with { $0.service = "a" }) == "0a0161")
        #expect(try Self.hexadecimal(Health_HealthCheckResponse.with { $0.status = .serviceUnknown }) == "0803")
    }
}
