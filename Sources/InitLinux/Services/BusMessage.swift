// A D-Bus message, written or read piece by piece. What is read is spelled as `systemctl show` spells it: yes and no,
// lists divided by blanks.

import CSystemd
import Glibc
import InitCore

/// What the bus, or who is asked through it, said no with.
struct BusError: Error {
    /// org.freedesktop.systemd1.NoSuchUnit, say.
    let name: String
    let text: String

    /// A negative errno as sd-bus(3) returns it.
    init(_ code: Int32) {
        name = ""
        text = String(cString: strerror(-code))
    }

    init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    var description: String { name.isEmpty ? text : "\(text) (\(name))" }
}

@discardableResult
func checked(_ code: Int32) throws -> Int32 {
    guard code >= 0 else { throw BusError(code) }
    return code
}

final class BusMessage {
    /// SD_BUS_TYPE_…: macros that Swift doesn't see as numbers.
    private enum Kind {
        static let text = CChar(UInt8(ascii: "s"))
        static let path = CChar(UInt8(ascii: "o"))
        static let flag = CChar(UInt8(ascii: "b"))
        static let number = CChar(UInt8(ascii: "u"))
        static let signed = CChar(UInt8(ascii: "i"))
        static let long = CChar(UInt8(ascii: "t"))
        static let byte = CChar(UInt8(ascii: "y"))
        static let array = CChar(UInt8(ascii: "a"))
        static let variant = CChar(UInt8(ascii: "v"))
        static let structure = CChar(UInt8(ascii: "r"))
        static let entry = CChar(UInt8(ascii: "e"))
    }

    let pointer: OpaquePointer

    /// Takes over one reference.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { sd_bus_message_unref(pointer) }

    // MARK: Writing

    func append(_ text: String) throws { try checked(sd_bus_message_append_basic(pointer, Kind.text, text)) }

    func append(_ flag: Bool) throws {
        var value: Int32 = flag ? 1 : 0
        try checked(sd_bus_message_append_basic(pointer, Kind.flag, &value))
    }

    func append(_ number: UInt32) throws {
        var value = number
        try checked(sd_bus_message_append_basic(pointer, Kind.number, &value))
    }

    func append(_ list: [String]) throws {
        try checked(sd_bus_message_open_container(pointer, Kind.array, "s"))
        for text in list { try append(text) }
        try checked(sd_bus_message_close_container(pointer))
    }

    // MARK: Reading

    func text() throws -> String { try text(Kind.text) }
    func path() throws -> String { try text(Kind.path) }

    private func text(_ kind: CChar) throws -> String {
        var value: UnsafePointer<CChar>?
        try checked(sd_bus_message_read_basic(pointer, kind, &value))
        return value.map { String(cString: $0) } ?? ""
    }

    func flag() throws -> Bool {
        var value: Int32 = 0
        try checked(sd_bus_message_read_basic(pointer, Kind.flag, &value))
        return value != 0
    }

    func number() throws -> UInt32 {
        var value: UInt32 = 0
        try checked(sd_bus_message_read_basic(pointer, Kind.number, &value))
        return value
    }

    /// Each member of an array of structures (`(sss)`, say), read by the body to its end.
    func structures(_ signature: String, _ body: () throws -> Void) throws {
        try checked(sd_bus_message_enter_container(pointer, Kind.array, "(\(signature))"))
        while try checked(sd_bus_message_enter_container(pointer, Kind.structure, signature)) > 0 {
            try body()
            try checked(sd_bus_message_exit_container(pointer))
        }
        try checked(sd_bus_message_exit_container(pointer))
    }

    /// Of a map of variants those that are wanted, as text.
    func properties(_ wanted: Set<String>) throws -> [String: String] {
        var found: [String: String] = [:]
        try checked(sd_bus_message_enter_container(pointer, Kind.array, "{sv}"))
        while try checked(sd_bus_message_enter_container(pointer, Kind.entry, "sv")) > 0 {
            let name = try text()
            if wanted.contains(name) {
                found[name] = try variant()
            } else {
                try checked(sd_bus_message_skip(pointer, "v"))
            }
            try checked(sd_bus_message_exit_container(pointer))
        }
        try checked(sd_bus_message_exit_container(pointer))
        return found
    }

    /// The next variant as text; nil for a kind that nobody here has a use for.
    func variant() throws -> String? {
        var kind: CChar = 0
        var contents: UnsafePointer<CChar>?
        try checked(sd_bus_message_peek_type(pointer, &kind, &contents))
        let signature = contents.map { String(cString: $0) } ?? ""
        try checked(sd_bus_message_enter_container(pointer, Kind.variant, signature))
        let value = try plain(signature)
        try checked(sd_bus_message_exit_container(pointer))
        return value
    }

    private func plain(_ signature: String) throws -> String? {
        switch signature {
        case "s": return try text()
        case "o": return try path()
        case "b": return try flag() ? "yes" : "no"
        case "u": return "\(try number())"
        case "i":
            var value: Int32 = 0
            try checked(sd_bus_message_read_basic(pointer, Kind.signed, &value))
            return "\(value)"
        case "t":
            var value: UInt64 = 0
            try checked(sd_bus_message_read_basic(pointer, Kind.long, &value))
            return "\(value)"
        case "as":
            var list: [String] = []
            try checked(sd_bus_message_enter_container(pointer, Kind.array, "s"))
            while try checked(sd_bus_message_at_end(pointer, 0)) == 0 { list.append(try text()) }
            try checked(sd_bus_message_exit_container(pointer))
            return list.joined(separator: " ")
        case "ay":
            var bytes: UnsafeRawPointer?
            var count = 0
            try checked(sd_bus_message_read_array(pointer, Kind.byte, &bytes, &count))
            return hexadecimal(UnsafeRawBufferPointer(start: bytes, count: count))
        case "(uo)":
            // A job: its number, 0 for none.
            try checked(sd_bus_message_enter_container(pointer, Kind.structure, "uo"))
            let id = try number()
            _ = try path()
            try checked(sd_bus_message_exit_container(pointer))
            return "\(id)"
        default:
            try checked(sd_bus_message_skip(pointer, signature))
            return nil
        }
    }
}
