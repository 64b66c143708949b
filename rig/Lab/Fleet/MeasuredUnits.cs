using Lab.Application.Comparing;
using Lab.Results.Comparisons;
using Lab.Results.Fleet;

namespace Lab.Application.Fleet;

/// <summary>Units that are measured: blocks of a comparison and runs, each <c>lab run</c> in a process of its own.</summary>
public static class MeasuredUnits
{
    /// <summary>Every arm once, in the block's order.</summary>
    public static UnitAnswer Block(
        ComparisonManifest comparison, FleetUnit unit, string folder, TextWriter log, CancellationToken cancellation)
    {
        OneBlock block = new(comparison, new LocalProcess(Path.Combine(folder, "runs")));
        IEnumerable<string> labels = block.OrderOf(unit.Block).Select(arm => comparison.Arms[arm].Label);
        log.WriteLine($"block {unit.Block}: {string.Join(", ", labels)}");
        if (block.Measure(unit.Block, cancellation) is not { } measured) return new UnitAnswer(ExitCode.Interrupted);
        foreach (BlockRun run in measured.Runs.Where(run => run.Problem is not null)) log.WriteLine(run.Problem);
        // What was violated is an answer; so is, in the end, that others had the cores.
        BlockRun? failed = measured.Runs.FirstOrDefault(run => run.Problem is not null
            && run.ExitCode is not (ExitCode.InvariantViolated or ExitCode.Contaminated));
        int[] codes = [.. measured.Runs.Select(run => run.ExitCode)];
        return new UnitAnswer(failed?.ExitCode ?? (codes.Contains(ExitCode.InvariantViolated) ? ExitCode.InvariantViolated
            : codes.Max()), failed?.Problem) { Block = measured };
    }

    /// <summary>One <c>lab run</c>.</summary>
    public static UnitAnswer Run(FleetUnit unit, string folder, TextWriter log, CancellationToken cancellation)
    {
        using IPlacedRun run = new LocalProcess(Path.Combine(folder, "runs")).Start(unit.Arguments, takesTurns: false);
        using CancellationTokenRegistration killed = cancellation.Register(run.Kill);
        PlacedRunEnd end = run.End();
        foreach (string line in end.Complaints) log.WriteLine(line);
        if (end.Announced is { State: "complete" } announced)
        {
            return new UnitAnswer(end.ExitCode) { Run = run.Fetch(announced) };
        }
        const string Said = "lab: ";
        string? complaint = end.Complaints.LastOrDefault(line => line.StartsWith(Said, StringComparison.Ordinal));
        return new UnitAnswer(end.ExitCode == ExitCode.Fine ? ExitCode.InternalError : end.ExitCode,
            complaint?[Said.Length..].TrimEnd('.') ?? $"the run ended with exit code {end.ExitCode} and left no whole run folder")
            { Run = end.Announced is { } partial ? run.Fetch(partial) : null };
    }
}
