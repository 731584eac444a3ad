/// HDF5: Keras' weights, and whole models of Keras 2 whose layers stand in an attribute as JSON.
///
/// Every object that a reader can come to is read: groups, links, datasets' layouts and filters, attributes. What lies
/// in no object is never read by anybody. A link into another file, data in another file and a filter that a plug-in
/// brings are refused.
enum HDF5Scanner: FormatScanner {
    static let format = "hdf5"
    static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool { try input.head(8) == signature }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        // The signature alone holds nothing that could be read.
        guard input.size > 8 else { return }
        var walk = try HDF5Walk(input, context)
        try walk.objects()
    }
}
