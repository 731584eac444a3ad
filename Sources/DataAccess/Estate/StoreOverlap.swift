import Resources

/// Finds datasets that lie in the same place, where access to one would be access to the other.
struct StoreOverlap {
    let estate: Estate

    func findings() -> [Diagnostic] { tables() + objects() }

    private func tables() -> [Diagnostic] {
        var owners: [String: (name: String, isShared: Bool)] = [:]
        return estate.datasets.flatMap { dataset in
            dataset.stores.compactMap { store -> Diagnostic? in
                guard case .postgres(let table) = store else { return nil }
                let key = "\(table.database): \(table.schema).\(table.name)"
                guard let owner = owners.updateValue((dataset.name, table.isShared), forKey: key) else { return nil }
                // Rows of a shared table say themselves whose they are.
                if table.isShared, owner.isShared, owner.name != dataset.name { return nil }
                return Diagnostic(
                    at: dataset.location,
                    "`\(dataset.name)` and `\(owner.name)` lie in the same table, `\(key)`; give each its own, or write "
                        + "`shared: true` for both, and labels into every row"
                )
            }
        }
    }

    private func objects() -> [Diagnostic] {
        var places: [String: [(prefix: String, dataset: Estate.Dataset)]] = [:]
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores {
                places[store.bucket, default: []].append((store.prefix, dataset))
            }
        }
        return places.flatMap { bucket, entries -> [Diagnostic] in
            // In order of the prefixes' bytes, what contains another stands directly before something it contains.
            let sorted = entries.sorted { $0.prefix.utf8.lexicographicallyPrecedes($1.prefix.utf8) }
            return zip(sorted, sorted.dropFirst()).compactMap { outer, inner in
                guard inner.prefix.utf8.starts(with: outer.prefix.utf8) else { return nil }
                return Diagnostic(
                    at: max(outer.dataset.location, inner.dataset.location),
                    "`\(outer.dataset.name)` and `\(inner.dataset.name)` overlap in the bucket `\(bucket)`; give each a "
                        + "`prefix` that is no beginning of the other's"
                )
            }
        }
    }
}
