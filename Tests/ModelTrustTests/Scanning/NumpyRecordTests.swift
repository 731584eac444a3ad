import Foundation
import Testing

@testable import ModelTrust

/// Records of NumPy whose elements would be read by other types than those that were looked at; made with CPython and NumPy.
@Suite struct NumpyRecordTests {
    /// The dictionary of the fields is changed after the data type was made of it, which goes on looking at it.
    private static let changed = [
        "gAQoY251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CihjbnVtcHkKbmRhcnJheQpLAIVDAWJ0UihLAUsChWNu"
            + "dW1weQpkdHlwZQoojAJWOImIdFIoSwOMAXxOjAFhhX1xBSiMAWFjbnVtcHkKZHR5cGUKKIwCZjiJiHRSKEsDjAE8Tk5OSv//"
            + "//9K/////0sAdGJLAIZ1SwhLAUsQdGKJQxBBQUFBAAAAAEJCQkIAAAAAdGJoBYwBYWNudW1weQpkdHlwZQoojAJPOImIdFIo"
            + "SwOMAXxOTk5K/////0r/////Sz90YksAhnN0Lg==",
        "gAQoY251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CihjbnVtcHkKbmRhcnJheQpLAIVDAWJ0UihLAUsChWNu"
            + "dW1weQpkdHlwZQoojAJWOImIdFIoSwOMAXxOjAFhhX1xBSiMAWFjbnVtcHkKZHR5cGUKKIwCZjiJiHRSKEsDjAE8Tk5OSv//"
            + "//9K/////0sAdGJLAIZ1SwhLAUsQdGKJQxBBQUFBAAAAAEJCQkIAAAAAdGJoBSiMAWFjbnVtcHkKZHR5cGUKKIwCTziJiHRS"
            + "KEsDjAF8Tk5OSv////9K/////0s/dGJLAIZ1dC4=",
    ]
    /// A field is an object under its title, and a number under its name.
    private static let titled = [
        "gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MK"
            + "ZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwKFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAFY4"
            + "cQyJiIdxDVJxDihLA1gBAAAAfHEPTlgBAAAAYXEQhXERfXESKGgQaAtYAgAAAGY4cROJiIdxFFJxFShLA1gBAAAAPHEWTk5O"
            + "Sv////9K/////0sAdHEXYksAWAEAAAB3cRiHcRloGGgLWAEAAABPcRqJiIdxG1JxHChLA2gPTk5OSv////9K/////0s/dHEd"
            + "YksAaBiHcR51SwhLAUsQdHEfYoloA1gQAAAAQUFBQUFBQUFCQkJCQkJCQnEgaAWGcSFScSJ0cSNiLg==",
        "gASV9gAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZST"
            + "lEsAhZRDAWKUh5RSlChLAUsChZRoA4wFZHR5cGWUk5SMAlY4lImIh5RSlChLA4wBfJROjAFhlIWUfZQoaBFoDIwCZjiUiYiH"
            + "lFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYksAjAF3lIeUaBloDIwBT5SJiIeUUpQoSwNoEE5OTkr/////Sv////9LP3SU"
            + "YksAaBmHlHVLCEsBSxB0lGKJQxBBQUFBQUFBQUJCQkJCQkJClHSUYi4=",
    ]

    @Test(arguments: changed + titled)
    func `an element is read as what was looked at, or not proven`(_ text: String) throws {
        let bytes = try #require(Data(base64Encoded: text))
        #expect(ScanProbe.verdict(Array(bytes)) != .proven)
    }
}
