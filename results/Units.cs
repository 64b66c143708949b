namespace Lab.Results;

/// <summary>What the numbers of a run are counted in: every unit that the lab writes, and no other.</summary>
internal static class Units
{
    /// <summary>Of latencies: the only one that a metric of samples has.</summary>
    internal const string Nanoseconds = "ns";

    internal const string PerSecond = "1/s";

    private static readonly string[] Known = [Nanoseconds, PerSecond, "count", "bytes", "pages", "roots", "number"];

    /// <summary>What a unit must be, in words.</summary>
    internal static string Words { get; } = $"a unit ({string.Join(", ", Known)})";

    internal static bool IsKnown(string text) => Known.Contains(text);
}
