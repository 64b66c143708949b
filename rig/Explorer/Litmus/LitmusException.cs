namespace Lab.Explorer.Litmus;

/// <summary>What is wrong with a litmus test, where, and what is supported.</summary>
public sealed class LitmusException(int line, string message) : Exception(message)
{
    /// <summary>Counted from 1.</summary>
    public int Line { get; } = line;
}
