package func unifiedDiff(from old: [UInt8], to new: [UInt8], oldName: String, newName: String, context: Int = 3)
    -> String?
{ nil }
