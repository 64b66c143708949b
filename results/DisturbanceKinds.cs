namespace Lab.Results;

/// <summary>What can have disturbed a run, by the names of <see cref="DisturbanceRow.Kind"/>.</summary>
public static class DisturbanceKinds
{
    public static IReadOnlyList<string> All { get; } =
    [
        "gc-pause", "jit", "tier-up", "lock-contention", "thread-pool", "steal", "run-queue-delay", "involuntary-switch",
        "migration", "major-fault", "frequency-change",
    ];

    /// <summary>What a kind must be, in words.</summary>
    internal static string Words { get; } = $"a kind of disturbance ({string.Join(", ", All)})";

    /// <summary>Of some, joined by <c>+</c>, each once.</summary>
    internal static bool AreKnown(string text) =>
        text.Split('+') is var kinds && kinds.All(All.Contains) && kinds.Distinct().Count() == kinds.Length;
}
