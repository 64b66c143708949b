using System.Globalization;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Report.Comparisons;

/// <summary>A comparison in words, the same on a terminal and on a page: what differs, how it was measured, and what a cell
/// says.</summary>
internal static class ComparisonWords
{
    /// <summary>Settings without which no number means anything.</summary>
    private static readonly string[] Telling = ["workload", "mmu", "vcpus", "memory", "duration", "rate"];

    /// <summary>What is compared.</summary>
    public static string SubjectOf(ArmComparison comparison) => comparison.Subject.ToString().ToLowerInvariant();

    /// <summary>What differs besides what is compared, shouted; nothing if nothing does.</summary>
    public static IEnumerable<Prose> Alarm(ArmComparison comparison)
    {
        if (comparison.Differences is not { Count: > 0 } differences) yield break;
        IEnumerable<string> told = differences.Select(one => $"{one.What}: "
            + string.Join(" | ", comparison.Arms.Select((arm, index) => $"{arm.Label} {one.Values[index]}")));
        yield return new($"THE ARMS DIFFER IN MORE THAN THE {SubjectOf(comparison).ToUpperInvariant()}: "
            + $"{string.Join("; ", told)}.",
            Mood.Warn);
    }

    /// <summary>What is compared where that is not the strategy, and that nothing else differs.</summary>
    public static IEnumerable<string> Agreement(ArmComparison comparison)
    {
        bool isKernel = comparison.Subject == ComparedSubject.Kernel;
        if (isKernel)
        {
            yield return "The kernel is compared: "
                + $"{string.Join(" | ", comparison.Arms.Select(arm => $"{arm.Label} {ArmDifferences.KernelsOf(arm)}"))}.";
        }
        if (comparison.Differences.Count > 0) yield break;
        yield return $"The arms differ in nothing else: machine, {(isKernel ? "" : "kernel, ")}.NET, commit, settings agree.";
    }

    /// <summary>Arms whose numbers are no result, and runs that were left out.</summary>
    public static IEnumerable<string> Problems(ArmComparison comparison) =>
    [
        .. comparison.Arms.Where(arm => arm.IsBroken)
            .Select(arm => $"{arm.Label} is known to be broken: its numbers are no result."),
        .. comparison.Arms.Where(arm => arm.IsBound)
            .Select(arm => $"{arm.Label} is a bound, which no strategy can beat: not a candidate."),
        .. comparison.Arms.SelectMany(arm => arm.Problems.Select(problem => $"left out of {arm.Label}: {problem}.")),
    ];

    /// <summary>How it was measured and judged.</summary>
    /// <param name="manifest">Null where nothing was measured in blocks.</param>
    public static IEnumerable<string> Design(ArmComparison comparison, ComparisonManifest? manifest)
    {
        ComparedRow? any = comparison.Rows.FirstOrDefault(row => row.Runs > 0);
        yield return manifest is null || any is not { IsPaired: true }
            ? "Measured apart, not interleaved: "
                + $"{string.Join(", ", comparison.Arms.Select(Apart))}."
            : string.Create(CultureInfo.InvariantCulture, $"{manifest.Blocks.Count} of "
                + $"{Plural.Of(manifest.BlocksAsked, "block")}{Turns(manifest, comparison)}, ABBA in random order "
                + $"(seed {manifest.Seed}), a process per run.");
        if (comparison.Arms.SelectMany(arm => arm.Runs).FirstOrDefault()?.Record.Manifest.Settings is { } settings)
        {
            yield return string.Join(", ", Telling.Where(settings.ContainsKey).Select(name => $"{name} {settings[name]}")) + ".";
        }
        yield return $"One value per run. The ratio is the middle of those of all pairs, the interval what decides; a difference "
            + $"lies outside ±{Percent(comparison.Threshold)}.";
        yield return $"{Plural.Of(comparison.FamilySize, "value")} decide, {comparison.OtherFamilySize} others are asked on "
            + $"the side: "
            + $"in each of the two sets the chance of any false difference is {Percent(comparison.Alpha)}.";
    }

    /// <summary>An arm's runs, and whether they took turns with others.</summary>
    private static string Apart(ArmRuns arm)
    {
        string[] turns = [.. arm.Runs.Select(run => run.Record.Manifest.Settings.GetValueOrDefault("turns")).OfType<string>()
            .Distinct()];
        return $"{Plural.Of(arm.Runs.Count, "run")} of {arm.Label}"
            + (turns.Length > 0 ? $" in turns of {string.Join(", ", turns)}" : "");
    }

    /// <summary>In turns of what length; where turns were asked for and could not be taken, that.</summary>
    private static string Turns(ComparisonManifest manifest, ArmComparison comparison) =>
        manifest.Turns is not { } turn ? ""
        : comparison.Arms.SelectMany(arm => arm.Runs).SelectMany(run => run.Record.Manifest.Measurements)
            .Any(one => one.Turns is not null) ? $" in turns of {turn}"
        : " without turns";

    /// <summary>How many runs say more about the machine than about their arm, and one of the reasons, and whether the load was
    /// too much for it; nothing if none is.</summary>
    public static IEnumerable<string> Contaminated(ArmComparison comparison)
    {
        IReadOnlyList<string> reasons = [.. comparison.Arms.SelectMany(arm => arm.Contaminations)];
        if (reasons.Count > 0)
        {
            yield return $"{reasons.Count} of {comparison.Arms.Sum(arm => arm.Runs.Count)} runs are contaminated, as "
                + $"{reasons[0]}.";
        }
        if (Crowding.Of(comparison.Arms.SelectMany(arm => arm.Runs).Select(run => run.Record).Distinct()) is { } crowded)
        {
            yield return Told.Capital(crowded);
        }
    }

    /// <summary>Of the two values beside it.</summary>
    public static string Ratio(ComparedRow row) => double.IsFinite(row.RatioOfValues) ? Number(row.RatioOfValues) : "–";

    /// <summary>The one that is judged, which differs from the ratio of the medians where the machine changes from block to
    /// block.</summary>
    public static string Estimate(ComparedRow row) => row.Answer is { } answer ? Number(answer.Ratio) : "–";

    /// <summary>What the estimate is called: of blocks paired, or of every run against every other.</summary>
    public static string EstimateName(ComparedRow row) => row.IsPaired ? "paired" : "est.";

    public static string Interval(ComparedRow row) =>
        row.Answer is not { } answer ? "–"
        : double.IsInfinity(answer.Interval.High) ? "none"
        : $"[{Number(answer.Interval.Low)}, {Number(answer.Interval.High)}]";

    public static string Verdict(ComparedRow row, double threshold) =>
        Bare(row, threshold) + (Doubt(row, threshold) is { } doubt ? $", but {doubt}" : "");

    private static string Bare(ComparedRow row, double threshold) =>
        row.Answer switch
        {
            null => "–",
            { Verdict: RatioVerdict.Slower } => row.Quantile == "rate" ? "slower (lower rate)" : "slower",
            { Verdict: RatioVerdict.Faster } => row.Quantile == "rate" ? "faster (higher rate)" : "faster",
            { Verdict: RatioVerdict.Equivalent } => $"equivalent in ±{Percent(threshold)}",
            { MoreBlocks: { } more } => string.Create(CultureInfo.InvariantCulture, $"inconclusive, ~{more:N0} more"),
            _ => "inconclusive",
        };

    /// <summary>What the same row says without the disturbed samples, where that is something else than its verdict; null where
    /// it agrees, or nobody watched.</summary>
    public static string? Doubt(ComparedRow row, double threshold)
    {
        double ratio = row.UndisturbedRatio;
        if (row.Answer is not { } answer || !(ratio > 0 && double.IsFinite(ratio))) return null;
        bool isWithin = ratio > 1 / (1 + threshold) && ratio < 1 + threshold;
        bool isOtherwise = answer.Verdict switch
        {
            RatioVerdict.Slower or RatioVerdict.Faster => isWithin || (ratio > 1) != (answer.Ratio > 1),
            RatioVerdict.Equivalent => !isWithin,
            _ => false,
        };
        return isOtherwise ? $"{Number(ratio)}× without disturbed samples" : null;
    }

    /// <summary>What a table of rows does not say: why a question was not asked, and where runs fall into two levels, of which
    /// one ratio describes neither.</summary>
    public static IEnumerable<string> Notes(IReadOnlyList<ComparedRow> rows)
    {
        foreach (IGrouping<string, ComparedRow> why in rows.Where(row => row.NotAsked is not null).GroupBy(row => row.NotAsked!))
        {
            yield return $"– {string.Join(", ", why.Select(row => row.Quantile))}: {why.Key}.";
        }
        foreach (ComparedRow row in rows)
        {
            if (row.ModesA is { } ofA) yield return Levels(row, row.ArmA, ofA);
            if (row.ModesB is { } ofB) yield return Levels(row, row.ArmB, ofB);
        }
    }

    private static string Levels(ComparedRow row, string arm, Modes modes) =>
        $"{row.Quantile} of {arm} has two levels: {Quantity.Format(modes.Low, row.Unit)} in {Plural.Of(modes.LowCount, "run")} "
            + $"and {Quantity.Format(modes.High, row.Unit)} in {modes.HighCount}; one ratio describes neither.";

    /// <summary><c>10 blocks</c>, <c>1 run</c>.</summary>
    public static string Count(ComparedRow row) => Plural.Of(row.Runs, row.IsPaired ? "block" : "run");

    private static string Number(double ratio) => ratio.ToString(ratio < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture);

    internal static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");
}
