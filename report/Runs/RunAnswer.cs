using System.Globalization;
using Lab.Application.Comparing;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Settings;

namespace Lab.Report.Runs;

/// <summary>A run's answer: was anything caught; who was faster, for whom and by how much, or what the cost is made of; and what
/// is to be doubted.</summary>
internal static class RunAnswer
{
    private const int PhasesMost = 3;
    private const double PhaseLeast = 0.05;
    private const string PhaseOf = ".phase.";

    /// <summary>Strategies that did not run clean.</summary>
    private static IEnumerable<string> Failed(RunRecord run) => run.Strategies.Where(
        strategy => run.Manifest.Measurements.Any(m => m.Strategy == strategy && m.Verdict is Verdict.Violated or Verdict.Hung));

    internal static Mood Mood(RunRecord run)
    {
        IReadOnlyList<Measurement> measurements = run.Manifest.Measurements;
        if (Failed(run).Any(strategy => !run.IsBroken(strategy))) return Documents.Mood.Bad;
        return run.State != RunState.Complete || measurements.Count == 0 || measurements.Any(IsWithoutNumbers)
            || Failed(run).Any()
            || Contamination.Of(run).Count > 0 ? Documents.Mood.Warn : Documents.Mood.Good;
    }

    internal static IReadOnlyList<Prose> Sentences(RunRecord run)
    {
        bool isEmulated = run.Manifest.Machine.Emulated == true;
        Prose[] caught = [.. WhatWasCaught(run)];
        Prose[] costs = isEmulated ? [new Prose("EMULATED: a program was the processor; order, counts and verdicts are this "
                + "kernel's, times mean nothing and are not shown.", Documents.Mood.Warn)]
            : [.. run.Scenes.SelectMany(scene => Costs(run, scene))];
        return Failed(run).Any() ? [.. caught, .. costs, .. Rest(run)] : [.. costs, .. caught, .. Rest(run)];
    }

    /// <summary>What decides, or tells more.</summary>
    internal static IEnumerable<(string, string)> Next(RunRecord run)
    {
        string[] sound = [.. run.Strategies.Where(strategy => IsCandidate(run, strategy) && IsAName(strategy))];
        if (run.Strategies.Any(strategy => run.Manifest.Measurements.Any(m => m.Strategy == strategy
            && m.Verdict == Verdict.Violated)
            && IsAName(strategy)))
        {
            yield return ("the schedule that breaks it", $"lab explore --strategy {Failed(run).First(IsAName)}");
        }
        else if (run.Manifest.Machine.Emulated == true)
        {
            yield return ("what differs under another kernel", "lab compare --kernel TREE --kernel PACKAGE");
        }
        else if (sound.Length > 1) yield return ("to decide it", Again(run, ["lab", "compare", .. sound]));
        else if (sound.Length == 1) yield return ("beside all others", Again(run, ["lab", "run", "--strategy", "all"]));
        if (Contamination.Of(run).Count > 0) yield return ("what disturbs", "lab doctor");
    }

    /// <summary>With the settings of the run that shape a measurement.</summary>
    private static string Again(RunRecord run, List<string> words)
    {
        bool isTaken = false;
        foreach (string word in run.Manifest.CommandLine)
        {
            if (word.StartsWith("--", StringComparison.Ordinal))
            {
                isTaken = CompareSettings.OfRuns.Any(setting => setting.Option == word.Split('=')[0]
                    && setting.Name != "strategy");
            }
            if (isTaken) words.Add(word);
        }
        return ShellText.Of(words);
    }

    /// <summary>Of more than these and the last, the tables tell.</summary>
    private const int RankedMost = 5;

    /// <summary>In one sentence: for each who waits what is asked for first, and the doubt.</summary>
    private static IEnumerable<Prose> Costs(RunRecord run, Scene scene)
    {
        string[] candidates = [.. run.StrategiesIn(scene).Where(strategy => IsCandidate(run, strategy))];
        List<string> told = [];
        foreach (IGrouping<string, string> whose in Figures.LatenciesIn(run, scene).GroupBy(Told.Whose))
        {
            // What a strategy makes a vCPU wait for, before what it may find slow; of several sizes the largest.
            string first = whose.FirstOrDefault(one => one.Split('.')[0] is "reload" or "put") ?? whose.First();
            string metric = whose.Last(one => one.Split(".pages_")[0] == first.Split(".pages_")[0]);
            (string Name, PooledMetric Value)[] ranked = [.. candidates.Select(name => (name, run.Pool(name, scene, metric)))
                .Where(one => one.Item2 is { P50: > 0 }).Select(one => (one.name, one.Item2!)).OrderBy(one => one.Item2.P50)];
            if (ranked.Length == 0) continue;
            told.Add($"{Told.Of(metric)}: " + (ranked.Length > 1 ? Ranking(run, scene, metric, ranked)
                : Quantity.Format(ranked[0].Value.P50, ranked[0].Value.Unit) + Phases(run, scene, ranked[0].Name, metric)));
        }
        if (told.Count == 0) yield break;
        yield return $"{(run.Scenes.Count > 1 ? $"{scene}: " : "")}{string.Join("; ", told)}"
            + $"{Doubt(run, scene, candidates.Length)}.";
    }

    /// <summary>Each against the first, and whether the difference is more than that between runs.</summary>
    private static string Ranking(RunRecord run, Scene scene, string metric, (string Name, PooledMetric Value)[] ranked)
    {
        SummaryRow[] Rows(string strategy) => [.. run.Summary.Where(
            row => row.Scene == scene && row.Metric == metric && row.Strategy == strategy && row.Count > 0)];
        PooledMetric best = ranked[0].Value;
        double most = Rows(ranked[0].Name).Max(row => row.P50);
        bool IsNoise((string Name, PooledMetric Value) one) => one.Value.Runs > 1 && Rows(one.Name).Min(row => row.P50) <= most;
        if (ranked.All(IsNoise))
        {
            return $"{Quantity.Format(best.P50, best.Unit)} to {Quantity.Format(ranked[^1].Value.P50, best.Unit)}, which is no "
                + "more than runs differ";
        }
        string Said((string Name, PooledMetric Value) one) => $"{one.Name} {Quantity.Format(one.Value.P50, one.Value.Unit)}"
            + (one == ranked[0] ? ""
                : $" ({Told.Ratio(one.Value.P50 / best.P50)}{(IsNoise(one) ? ", as much as runs differ" : "")})");
        int left = ranked.Length - RankedMost - 1;
        return left <= 0 ? string.Join(", ", ranked.Select(Said))
            : $"{string.Join(", ", ranked.Take(RankedMost).Select(Said))}, {left} between, {Said(ranked[^1])}";
    }

    /// <summary>The largest parts of an operation.</summary>
    private static string Phases(RunRecord run, Scene scene, string strategy, string metric)
    {
        (string Name, double Time)[] parts = [.. run.MetricsIn(scene)
            .Where(one => one.StartsWith(metric + PhaseOf, StringComparison.Ordinal)).Select(one => (one, run.Pool(strategy,
                scene, one)))
            .Where(one => one.Item2 is not null)
            .Select(one => (one.one[(metric.Length + PhaseOf.Length)..], one.Item2!.Mean * one.Item2.Count))
            .OrderByDescending(one => one.Item2)];
        double all = parts.Sum(part => part.Time);
        string[] told = [.. parts.Where(part => part.Time >= PhaseLeast * all).Take(PhasesMost).Select(
            part => FormattableString.Invariant($"{100 * part.Time / all:0} % {part.Name.Replace('_', ' ')}"))];
        return all > 0 ? $", of which {string.Join(", ", told)}" : "";
    }

    private static string Doubt(RunRecord run, Scene scene, int strategies)
    {
        Measurement[] all = [.. run.Manifest.Measurements.Where(one => one.Scene == scene)];
        int runs = all.Select(one => one.Run).Distinct().Count(), contaminated = all.Count(one => Contamination.Of(run,
            one).Any());
        string few = strategies < 2 ? "" : runs == 1 ? "; 1 run does not decide" : $"; {runs} runs do not decide";
        return contaminated == 0 ? few : $"{(few.Length > 0 ? $"{few}, and" : "; but")} {contaminated} of "
            + $"{Plural.Of(all.Length, "measurement")} {(contaminated == 1 ? "is" : "are")} contaminated";
    }

    private static IEnumerable<Prose> WhatWasCaught(RunRecord run)
    {
        int strategies = run.Strategies.Count;
        string[] failed = [.. Failed(run)], open = [.. run.Strategies.Except(failed)
            .Where(strategy => run.Manifest.Measurements.Where(m => m.Strategy == strategy).All(IsWithoutNumbers))];
        if (open.Length == strategies)
        {
            yield return new("Nothing was measured.", Documents.Mood.Warn);
            yield break;
        }
        yield return failed.Length + open.Length == 0
            ? new Prose(strategies == 1 ? $"{run.Strategies[0]} ran clean: no invariant was violated."
                : $"All {strategies} strategies ran clean: no invariant was violated.", Documents.Mood.Good)
            : $"{strategies - failed.Length - open.Length} of {strategies} strategies ran clean.";
        foreach (string strategy in open) yield return new($"Of {strategy} nothing was measured.", Documents.Mood.Warn);
        foreach (string strategy in failed)
        {
            Measurement[] of = [.. run.Manifest.Measurements.Where(m => m.Strategy == strategy)];
            int hung = of.Count(m => m.Verdict == Verdict.Hung), violations = of.Sum(m => m.Violations);
            string[] what = [.. violations > 0 ? [$"violated an invariant {(violations == 1 ? "once" : $"{violations} times")}"]
                : (string[])[], .. hung > 0 ? [$"hung in {Plural.Of(hung, "measurement")}"] : (string[])[]];
            yield return new($"{strategy}{(run.IsBroken(strategy) ? " (BROKEN, kept to be caught)" : "")} "
                + $"{string.Join(" and ", what)} under "
                + $"{string.Join(", ", of.Where(m => m.Verdict is Verdict.Violated or Verdict.Hung).Select(m => m.Scene).Distinct())}.",
                Documents.Mood.Bad);
        }
    }

    /// <summary>How far it got, what disturbed it, how to read it.</summary>
    private static IEnumerable<Prose> Rest(RunRecord run)
    {
        IReadOnlyList<Measurement> all = run.Manifest.Measurements;
        int count = all.Count;
        yield return run.State switch
        {
            RunState.Partial => new Prose($"PARTIAL RUN ({run.WhyPartial}): it ended early; {Plural.Of(count, "measurement")} "
                + $"had finished.",
                Documents.Mood.Warn),
            RunState.Running => $"This run is still in progress; {Plural.Of(count, "measurement")} so far.",
            _ => new Prose($"{Plural.Of(count, "measurement")} in {Plural.Of(run.Scenes.Count, "scene")} (workload on MMU).")
                { For = Reader.Page },
        };
        foreach ((Verdict verdict, string words) in ((Verdict, string)[])[(Verdict.Interrupted, "were interrupted"),
            (Verdict.Starved, "were given up: others had the cores"), (Verdict.Unmeasured, "gave no sample")])
        {
            if (all.Count(m => m.Verdict == verdict) is var such and > 0)
            {
                yield return new($"{Plural.Of(such, "measurement")} of these {words}.", Documents.Mood.Warn);
            }
        }
        (int Count, string Words)[] found =
        [
            (all.Count(m => Contamination.Of(run, m).Any()), "it shows in the results of {0} (see disturbances)"),
            (all.Count(m => m.GcInWindow > 0), "garbage collection in {0}"), (all.Count(m => m.JitInWindow > 0),
                "compilation in {0}"),
        ];
        string[] said = [.. found.Where(one => one.Count > 0).Select((one, index) => string.Format(CultureInfo.InvariantCulture,
            one.Words, Plural.Of(one.Count, one.Words[0] == 'i' ? "measurement" : "measured window"))),
            .. run.Manifest.Warnings.Count is var warnings and > 0 ? [Plural.Of(warnings, "warning")] : (string[])[]];
        if (said.Length > 0) yield return new($"Disturbed: {string.Join(", ", said)}.") { For = Reader.Page };
        if (Crowding.Of([run]) is { } crowded) yield return new(Told.Capital(crowded), Documents.Mood.Warn);
        yield return new(run.Summary.Any(row => row.Metric.EndsWith(".intended", StringComparison.Ordinal))
            ? "Fixed rate: the .intended latencies count from when an operation was due, the others from when it began."
            : "Closed loop: each operation began when the one before had ended, so the numbers include no queueing delay.")
            { For = Reader.Page };
    }

    private static bool IsCandidate(RunRecord run, string strategy) => !run.IsBroken(strategy) && !run.IsBound(strategy);

    /// <summary>Not one that stands for several choices.</summary>
    private static bool IsAName(string strategy) => strategy.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool IsWithoutNumbers(Measurement measurement) => measurement.Verdict is Verdict.Starved or Verdict.Unmeasured;
}
