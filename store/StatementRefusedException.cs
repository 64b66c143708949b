namespace Lab.Store;

/// <summary>A statement of SQL that a store does not answer: it is not one that only reads, or DuckDB cannot understand it. The
/// message says which, without a full stop.</summary>
public sealed class StatementRefusedException(string message, Exception? cause = null) : Exception(message, cause);
