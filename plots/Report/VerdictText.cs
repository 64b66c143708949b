using Lab.Results;

namespace Lab.Plots;

/// <summary>The report's first paragraph: may the numbers below be believed, and what was caught.</summary>
internal sealed class VerdictText
{
    internal VerdictText(RunRecord run)
    {
        IReadOnlyList<Measurement> measurements = run.Manifest.Measurements;
        List<string> failed = run.Strategies.Where(
            strategy => measurements.Any(m => m.Strategy == strategy && m.Verdict is Verdict.Violated or Verdict.Hung)).ToList();
        bool partial = run.State != RunState.Complete || measurements.Any(IsWithoutNumbers);
        Class = failed.Any(strategy => !run.IsBroken(strategy)) ? "bad"
            : partial || failed.Count > 0 || measurements.Count == 0 || Contamination.Of(run).Count > 0 ? "warn" : "";
        Sentences = [.. WhatWasCaught(run, failed), .. HowFarItGot(run), .. WhatDisturbedIt(run), HowToRead(run)];
    }

    /// <summary>Empty when all is well, <c>warn</c> or <c>bad</c>.</summary>
    internal string Class { get; }

    internal IReadOnlyList<string> Sentences { get; }

    private static IEnumerable<string> WhatWasCaught(RunRecord run, List<string> failed)
    {
        int strategies = run.Strategies.Count;
        if (strategies == 0)
        {
            yield return "Nothing was measured.";
            yield break;
        }

        string[] open = [.. run.Strategies.Except(failed)
            .Where(strategy => run.Manifest.Measurements.Where(m => m.Strategy == strategy).All(IsWithoutNumbers))];
        if (open.Length == strategies)
        {
            yield return "Nothing was measured.";
            yield break;
        }

        yield return failed.Count + open.Length == 0
            ? strategies == 1 ? $"{run.Strategies[0]} ran clean: no invariant was violated."
                : $"All {strategies} strategies ran clean: no invariant was violated."
            : $"{strategies - failed.Count - open.Length} of {strategies} strategies ran clean.";
        foreach (string strategy in open) yield return $"Of {strategy} nothing was measured.";
        foreach (string strategy in failed)
        {
            List<Measurement> of = [.. run.Manifest.Measurements.Where(m => m.Strategy == strategy)];
            int hung = of.Count(m => m.Verdict == Verdict.Hung);
            int violations = of.Sum(m => m.Violations);
            string what = (violations, hung) switch
            {
                (0, _) => $"hung in {Plural.Of(hung, "measurement")}",
                (_, 0) => $"violated an invariant {Times(violations)}",
                _ => $"violated an invariant {Times(violations)} and hung in {Plural.Of(hung, "measurement")}",
            };
            yield return $"{strategy}{(run.IsBroken(strategy) ? " (BROKEN, kept to be caught)" : "")} {what}"
                + $" under {string.Join(", ", of.Where(m => m.Verdict is Verdict.Violated or Verdict.Hung).Select(m => m.Scene).Distinct())}.";
        }
    }

    private static IEnumerable<string> HowFarItGot(RunRecord run)
    {
        int count = run.Manifest.Measurements.Count;
        if (run.State == RunState.Partial)
        {
            yield return $"PARTIAL RUN ({run.WhyPartial}): it ended early; "
                + $"{Plural.Of(count, "measurement")} had finished.";
        }
        else if (run.State == RunState.Running)
        {
            yield return $"This run is still in progress; {Plural.Of(count, "measurement")} so far.";
        }
        else yield return $"{Plural.Of(count, "measurement")} in {Plural.Of(run.Scenes.Count, "scene")} (workload on MMU).";
        if (run.Manifest.Measurements.Count(m => m.Verdict == Verdict.Interrupted) is var interrupted and > 0)
        {
            yield return $"{Plural.Of(interrupted, "measurement")} of these were interrupted.";
        }
        if (run.Manifest.Measurements.Count(m => m.Verdict == Verdict.Starved) is var starved and > 0)
        {
            yield return $"{Plural.Of(starved, "measurement")} of these were given up: others had the cores.";
        }
        if (run.Manifest.Measurements.Count(m => m.Verdict == Verdict.Unmeasured) is var empty and > 0)
        {
            yield return $"{Plural.Of(empty, "measurement")} of these gave no sample.";
        }
    }

    private static bool IsWithoutNumbers(Measurement measurement) => measurement.Verdict is Verdict.Starved or Verdict.Unmeasured;

    private static IEnumerable<string> WhatDisturbedIt(RunRecord run)
    {
        List<string> found = [];
        if (run.Manifest.Measurements.Count(m => Contamination.Of(run, m).Any()) is var contaminated and > 0)
        {
            found.Add($"it shows in the results of {Plural.Of(contaminated, "measurement")} (see disturbances)");
        }
        if (run.Manifest.Measurements.Count(m => m.GcInWindow > 0) is var gc and > 0)
        {
            found.Add($"garbage collection in {Plural.Of(gc, "measured window")}");
        }
        if (run.Manifest.Measurements.Count(m => m.JitInWindow > 0) is var jit and > 0)
        {
            found.Add($"compilation in {Plural.Of(jit, "measured window")}");
        }
        if (run.Manifest.Warnings.Count is var warnings and > 0) found.Add(Plural.Of(warnings, "warning"));
        if (found.Count > 0) yield return $"Disturbed: {string.Join(", ", found)}.";
        if (Crowding.Of([run]) is { } crowded) yield return $"{char.ToUpperInvariant(crowded[0])}{crowded[1..]}";
    }

    private static string HowToRead(RunRecord run) =>
        run.Summary.Any(row => row.Metric.EndsWith(".intended", StringComparison.Ordinal))
            ? "Fixed rate: the .intended latencies count from when an operation was due, the others from when it began."
            : "Closed loop: each operation began when the one before had ended, so the numbers include no queueing delay.";

    private static string Times(int count) => count == 1 ? "once" : $"{count} times";
}
