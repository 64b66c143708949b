namespace Lab.Results.Fleet;

/// <summary>Whether the exit code that a unit's result names is the one that its answer deserves: a result that says something
/// else than what it holds has been changed, or was not written by this program.</summary>
internal static class UnitCodes
{
    private const int Fine = 0, Violated = 4, Disturbed = 5, Open = 6;

    /// <summary>What the answer in the result deserves; null for a run, whose folder says it.</summary>
    public static int? Deserved(UnitResult result) =>
        result.Explored is { } shards ? Of(shards)
            : result.Block is not { Runs.Count: > 0 } block ? null
            : block.Runs.Any(run => run.ExitCode == Violated) ? Violated : block.Runs.Max(run => run.ExitCode);

    /// <summary>The runs that the result names, each with the exit code that it names for it.</summary>
    public static IEnumerable<(string Run, int ExitCode)> Runs(UnitResult result) =>
        result.Run is { } one ? [(one, result.ExitCode)]
            : (result.Block?.Runs ?? []).Where(run => run is { Run: not null, Problem: null })
                .Select(run => (run.Run!, run.ExitCode));

    /// <summary>The exit codes that a run can have ended with, by the verdicts of its folder: one that was disturbed has 5 only
    /// where that was asked for.</summary>
    public static IReadOnlyList<int> Possible(Manifest run)
    {
        Verdict[] verdicts = [.. run.Measurements.Select(one => one.Verdict)];
        return verdicts.Any(one => one is Verdict.Violated or Verdict.Hung) ? [Violated]
            : verdicts.Any(one => one is Verdict.Starved or Verdict.Unmeasured) ? [Disturbed] : [Fine, Disturbed];
    }

    private static int Of(IReadOnlyList<ShardResult> shards) =>
        shards.Any(one => one.Verdict == "violated") ? Violated
            : shards.Any(one => one.EndedEarly && one.Part is not { Void: true }) ? Open : Fine;
}
