using Lab.Results.Comparisons;
using Lab.Results.Fleet;

namespace Lab.Application.Fleet;

/// <summary>What came of doing a unit.</summary>
/// <param name="ExitCode">As the verb by itself would have ended.</param>
/// <param name="Problem">Why it is no answer; null if it is one.</param>
public sealed record UnitAnswer(int ExitCode, string? Problem = null)
{
    /// <summary>Of a block.</summary>
    public ComparisonBlock? Block { get; init; }

    /// <summary>Of a run: the name of its folder below <c>runs</c>.</summary>
    public string? Run { get; init; }

    /// <summary>Of a shard.</summary>
    public IReadOnlyList<ShardResult>? Explored { get; init; }
}

/// <summary>Does a unit.</summary>
/// <param name="unit">Which.</param>
/// <param name="folder">What is left goes here; <c>runs</c> is for run folders.</param>
/// <param name="log">For people.</param>
/// <param name="cancellation">Ends it early.</param>
public delegate UnitAnswer DoUnit(FleetUnit unit, string folder, TextWriter log, CancellationToken cancellation);
