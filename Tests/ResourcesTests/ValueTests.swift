import Resources
import Testing

@Suite struct ValueTests {
    private func value(_ text: String) throws -> Value {
        let yaml = "apiVersion: a/v1\nkind: K\nmetadata: {name: x}\nspec: {field: \(text)}\n"
        let spec = try #require(try ResourceLoader.parse(yaml: yaml, file: "f.yaml").first?.spec)
        return try #require(try spec.mapping().first?.value)
    }

    @Test(arguments: [("30s", 30.0), ("1h30m", 5400), ("250ms", 0.25), ("5m", 300)])
    func `a length of time is read as Kubernetes writes it`(text: String, seconds: Double) throws {
        #expect(try value(text).duration() == .seconds(seconds))
    }

    @Test(arguments: ["30", "s", "0s", "1m1h", "-5s", "1.5h", "999999999h", "1d", "\"\""])
    func `anything else is no length of time`(text: String) throws {
        let value = try value(text)
        #expect(throws: ResourceError.self) { try value.duration() }
    }

    @Test func `a number that lacks its unit, and one in quotes, are told how to be written`() throws {
        let (bare, quoted, quantity) = (try value("30"), try value("\"8443\""), try value("32Ki"))
        #expect(
            #expect(throws: ResourceError.self) { try quantity.integer(in: 1...65535) }?.description
                == "f.yaml:4:15: error: expected a whole number, found the string `32Ki`; write it out: 32768"
        )
        #expect(
            #expect(throws: ResourceError.self) { try bare.duration() }?.description
                == "f.yaml:4:15: error: expected a length of time, found the number 30; write its unit, such as `30s`"
        )
        #expect(
            #expect(throws: ResourceError.self) { try quoted.integer(in: 1...65535) }?.description
                == "f.yaml:4:15: error: expected a whole number, found the string `8443`; write it without quotes"
        )
    }

    @Test func `one value where a list belongs is told how to be a list`() throws {
        let value = try value("GET")
        #expect(
            #expect(throws: ResourceError.self) { try value.list { $0 } }?.description
                == "f.yaml:4:15: error: expected a list, found the string `GET`; write `[\"GET\"]`"
        )
    }

    @Test(arguments: [("65536", 65536), ("64Ki", 65536), ("1Mi", 1 << 20), ("2Gi", 2 << 30), ("0", 0)])
    func `bytes are digits alone or with a suffix`(text: String, bytes: Int) throws {
        #expect(try value(text).byteCount(in: 0...(4 << 30)) == bytes)
    }

    @Test(arguments: [
        ("64KB", "such as `65536`, `512Ki`, `16Mi` or `1Gi`, found the string `64KB`"), ("Ki", "found the string `Ki`"),
        ("-1Ki", "found the string `-1Ki`"), ("9999999999Gi", "found the string"), ("[]", "found a list"),
        ("1Gi", "expected 1 to 1048576 bytes, found 1073741824"), ("0Ki", "expected 1 to 1048576 bytes, found 0"),
        ("-1", "expected a number from 1 to 1048576, found -1"), ("1.5", "expected a whole number"),
    ])
    func `what is no number of bytes, or not one of the range, is refused`(text: String, words: String) throws {
        let value = try value(text)
        let error = #expect(throws: ResourceError.self) { try value.byteCount(in: 1...(1 << 20)) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["99999999999999999999", "-99999999999999999999", "9223372036854775808"])
    func `a number past all that a machine counts is told its range`(text: String) throws {
        let value = try value(text)
        let error = #expect(throws: ResourceError.self) { try value.integer(in: 1...65535) }
        #expect(error?.description.hasSuffix("expected a number from 1 to 65535, found \(text)") == true)
    }

    @Test func `a value outside its range or list names what is allowed`() throws {
        let port = try value("70000")
        let mode = try value("strct")
        #expect(
            #expect(throws: ResourceError.self) { try port.integer(in: 1...65535) }?.description
                == "f.yaml:4:15: error: expected a number from 1 to 65535, found 70000"
        )
        #expect(
            #expect(throws: ResourceError.self) { try mode.oneOf(["strict", "istio"]) }?.description
                == "f.yaml:4:15: error: unknown value `strct`; did you mean `strict`?"
        )
    }

    @Test(arguments: ["\"8080\"", "'true'", "plain text", "1.2.3.4", "0x1F"])
    func `quoted and plain text are strings`(text: String) throws {
        #expect(throws: Never.self) { try value(text).string() }
    }

    @Test(arguments: ["8080", "true", "[a]", "{a: b}", "~"])
    func `what is no text is refused as text`(text: String) throws {
        let value = try value(text)
        #expect(throws: ResourceError.self) { try value.string() }
    }
}
