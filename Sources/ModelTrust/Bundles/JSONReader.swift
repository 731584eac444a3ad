import SPIFFE

/// Reads JSON as one refusal or one value: each question names what it asks for.
struct JSONReader: Sendable {
    let code: ModelRefusal.Code
    let document: String

    init(_ code: ModelRefusal.Code, _ document: String) {
        self.code = code
        self.document = document
    }

    func refuse(_ message: String) -> ModelRefusal { ModelRefusal(code, message) }

    /// Parses a whole text.
    func parse(_ bytes: [UInt8], maximumSize: Int) throws(ModelRefusal) -> StrictJSON {
        guard !bytes.isEmpty else { throw refuse("\(document) is empty") }
        guard bytes.count <= maximumSize else {
            throw refuse("\(document) has \(bytes.count) bytes, and at most \(maximumSize) are read")
        }
        do { return try StrictJSON(bytes, maximumDepth: SignatureBundle.maximumDepth) } catch {
            throw refuse("\(document) is not JSON as it has to be: \(error.message), at byte \(error.offset)")
        }
    }

    /// The value, or nil where it is absent or null.
    func optional(_ value: StrictJSON?) -> StrictJSON? { value == .null ? nil : value }

    func object(_ value: StrictJSON?, _ what: String) throws(ModelRefusal) -> [String: StrictJSON] {
        guard let object = value?.object else { throw refuse("\(what) is missing or no object") }
        return object
    }

    func array(_ value: StrictJSON?, _ what: String) throws(ModelRefusal) -> [StrictJSON] {
        guard let array = value?.array else { throw refuse("\(what) is missing or no list") }
        return array
    }

    func string(_ value: StrictJSON?, _ what: String) throws(ModelRefusal) -> String {
        guard let string = value?.string else { throw refuse("\(what) is missing or no text") }
        return string
    }

    func base64(_ value: StrictJSON?, _ what: String) throws(ModelRefusal) -> [UInt8] {
        guard let bytes = Base64.decode(try string(value, what)), !bytes.isEmpty else {
            throw refuse("\(what) is not base64")
        }
        return bytes
    }

    /// A whole number of at least zero, which protobuf's JSON writes as text.
    func number(_ value: StrictJSON?, _ what: String) throws(ModelRefusal) -> Int64 {
        let number: Int64? =
            if let text = value?.string {
                text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(text) : nil
            } else { value?.integer }
        guard let number, number >= 0 else { throw refuse("\(what) is missing or no whole number") }
        return number
    }

    func list<Element>(
        _ value: StrictJSON?,
        _ what: String,
        maximum: Int = .max,
        _ read: (StrictJSON) throws(ModelRefusal) -> Element
    ) throws(ModelRefusal) -> [Element] {
        let array = try array(value, what)
        guard array.count <= maximum else {
            throw refuse("\(what) has \(array.count) elements; at most \(maximum) are read")
        }
        var elements: [Element] = []
        elements.reserveCapacity(array.count)
        for element in array { elements.append(try read(element)) }
        return elements
    }

    /// Refuses names that are not among these.
    func only(_ names: [String], in object: [String: StrictJSON], _ what: String) throws(ModelRefusal) {
        for name in object.keys.sorted() where !names.contains(name) {
            throw refuse("\(what) has the unknown name `\(name.prefix(60))`")
        }
    }
}
