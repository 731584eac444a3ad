/// A message of an object's header.
struct HDF5Message {
    let type: UInt64
    let flags: UInt64
    let start, count: UInt64
}
