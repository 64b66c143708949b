using System.Globalization;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Report.Runs;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;
using Lab.Results;
using Lab.Settings;

namespace Lab.Report.Comparisons;

/// <summary>A comparison: the verdict in words, what else differs, then numbers and figures metric by metric, those that decide
/// first, and how to do it again.</summary>
public static class ComparisonReport
{
    /// <summary>Writes <c>figures/*.svg</c> and <c>report.html</c> into a comparison's folder and returns the page's
    /// path.</summary>
    /// <exception cref="ResultsUnwritableException">An older report is still whole; figures may be newer.</exception>
    public static string Write(ArmComparison comparison, ComparisonFolder folder)
    {
        ComparedDistributions distributions = ComparedDistributions.Read(comparison.Arms);
        IReadOnlyList<Figure> figures = [.. ComparisonFigures.Of(comparison, distributions)];
        ComparisonFigures.WriteAll(figures, folder.Path);
        string path = Path.Combine(folder.Path, "report.html");
        HtmlPage.Save(Of(comparison, folder.Manifest, folder.Path, distributions, figures), path);
        return path;
    }

    /// <param name="manifest">Null where nothing was measured in blocks.</param>
    /// <param name="folder">Where it can be resumed; null where it cannot.</param>
    public static string Render(ArmComparison comparison, ComparisonManifest? manifest, string? folder = null) =>
        HtmlPage.Render(Of(comparison, manifest, folder, ComparedDistributions.Read(comparison.Arms)));

    /// <param name="distributions">For a page; reading them takes time.</param>
    /// <param name="figures">Those drawn already.</param>
    public static Document Of(ArmComparison comparison, ComparisonManifest? manifest, string? folder,
        ComparedDistributions? distributions = null, IReadOnlyList<Figure>? figures = null)
    {
        IReadOnlyList<ArmRuns> arms = comparison.Arms;
        string name = $"{string.Join(", ", arms.Skip(1).Select(arm => arm.Label))} against {arms[0].Label}";
        Manifest? first = arms.SelectMany(arm => arm.Runs).FirstOrDefault()?.Record.Manifest;
        IReadOnlyList<Prose> answer = [.. ComparisonWords.Alarm(comparison), .. ComparisonVerdict.Of(comparison),
            .. Lacks(comparison, manifest)];
        Func<IReadOnlyList<Figure>> drawn = () => figures ?? [.. ComparisonFigures.Of(comparison, distributions!)];
        return new Document($"lab compare: {name}")
        {
            Heading = name,
            Badge = manifest is { State: RunState.Partial } ? Badge.Partial : null,
            Place = string.Join(" · ", ((string?[])[manifest is null ? null : $"lab compare {manifest.Id}",
                manifest is null ? null : Told.Minute(manifest.StartedUtc), first is null ? null : RunFacts.Place(first)])
                .OfType<string>()),
            Mood = answer.Max(one => one.Mood is Mood.Soft ? Mood.Plain : one.Mood),
            Answer = answer,
            Next = [.. Next(comparison, manifest, folder)],
            Parts =
            [
                new Items([.. ComparisonWords.Agreement(comparison),
                    .. ComparisonWords.Problems(comparison)]) { For = Reader.Text },
                Besides(comparison, distributions),
                .. comparison.Rows.Select(row => row.Scene).Distinct().Index().Select(scene => new Section(scene.Item.ToString(),
                [
                    .. comparison.Rows.Where(row => row.Scene == scene.Item).DistinctBy(row => row.Metric)
                        .Select(metric => Metric(comparison, metric, drawn)),
                ], $"scene{scene.Index}")),
                new Items([.. ComparisonWords.Design(comparison, manifest), .. ComparisonWords.Contaminated(comparison)])
                    { For = Reader.Text },
                .. distributions is null ? (Part[])[] : [Disturbances.Of(comparison, distributions)],
                Method(comparison, manifest, folder, first),
            ],
        };
    }

    private static IEnumerable<Prose> Lacks(ArmComparison comparison, ComparisonManifest? manifest)
    {
        if (manifest is not null && manifest.Blocks.Count < manifest.BlocksAsked)
        {
            yield return new($"It ended early: {manifest.Blocks.Count} of {manifest.BlocksAsked} blocks.", Mood.Warn);
        }
        if (comparison.Arms.Sum(arm => arm.Problems.Count) is var left and > 0)
        {
            yield return new($"{(left == 1 ? "One run was" : $"{left} runs were")} left out.", Mood.Warn);
        }
    }

    /// <summary>What to type: to settle what is open, for a quieter machine, for the tail.</summary>
    private static IEnumerable<(string, string)> Next(ArmComparison comparison, ComparisonManifest? manifest, string? folder)
    {
        if (manifest is null || folder is null) yield break;
        int blocks = manifest.Blocks.Count;
        ComparedRow[] gated = [.. comparison.Rows.Where(row => row.Gated)];
        if (blocks < manifest.BlocksAsked) yield return ("to go on", Resume(folder, manifest.BlocksAsked));
        else if (gated.Select(row => row.Answer?.MoreBlocks).Max() is { } more and > 0)
        {
            yield return ("to settle it", Resume(folder, blocks + more));
        }
        if (comparison.Arms.Any(arm => arm.Contaminations.Count > 0)) yield return ("what disturbs", "lab doctor");
        if (gated.Any(row => row is { Quantile: "p99", Answer: null }) && manifest.CommandLine is { Count: > 1 } command
            && !command.Contains("--tail") && !command.Contains("--resume"))
        {
            yield return ("for the tail", ShellText.Of([.. command, "--tail", "p99"]));
        }
    }

    private static string Resume(string folder, int blocks) => ShellText.Of(
        "lab", "compare", "--resume", Told.ShortPath(folder), "--blocks", blocks.ToString(CultureInfo.InvariantCulture));

    /// <summary>What a reader must know before the numbers: other differences, arms that are no candidates, runs that are
    /// missing.</summary>
    private static Section Besides(ArmComparison comparison, ComparedDistributions? distributions)
    {
        IReadOnlyList<ArmDifference> differences = comparison.Differences;
        string subject = ComparisonWords.SubjectOf(comparison);
        return new Section($"Besides the {subject}",
        [
            .. ComparisonWords.Agreement(comparison).Select(text => new Prose(text)),
            .. differences.Count == 0 ? (Part[])[] : [new Prose($"The arms differ in more than the {subject}:"),
                new Table(["what", .. comparison.Arms.Select(arm => (Column)arm.Label)],
                    [.. differences.Select(one => (IReadOnlyList<Cell>)[one.What + (one.IsMachine ? " (another machine)" : ""),
                        .. one.Values.Select(value => (Cell)value)])]) { IsSortable = false }],
            new Items([.. ComparisonWords.Problems(comparison),
                .. distributions?.Problems.Select(problem => $"{problem}.") ?? []]),
        ], "besides") { For = Reader.Page };
    }

    /// <summary>What decides stands open, the rest is folded away.</summary>
    private static Section Metric(ArmComparison comparison, ComparedRow metric, Func<IReadOnlyList<Figure>> figures) =>
        new(metric.Metric + (metric.Gated ? " (decides)" : ""),
        [
            .. comparison.Rows.Where(row => row.Scene == metric.Scene && row.Metric == metric.Metric).GroupBy(row => row.ArmB)
                .Select(arm => Numbers(comparison, [.. arm])),
            new Drawings(() => figures().Where(figure => figure.Scene == metric.Scene && figure.What == metric.Metric)
                .Select(figure => (figure.Plot.Title, figure.Plot.GetSvg()))),
        ]) { IsFolded = metric.Gated ? null : true };

    /// <summary>Of one arm, a line per quantile.</summary>
    private static Section Numbers(ArmComparison comparison, IReadOnlyList<ComparedRow> rows)
    {
        ComparedRow first = rows[0];
        (string a, string b) = (first.ArmA, first.ArmB);
        bool isBothWays = rows.Any(row => double.IsFinite(row.UndisturbedA) || double.IsFinite(row.UndisturbedB));
        Table table = new(
            ["value", .. Column.Numbers(a, b, "ratio", ComparisonWords.EstimateName(first)), "interval",
                $"verdict ({(first.IsPaired ? "blocks" : "runs")})",
                .. isBothWays ? ((string[])[$"{a} without tagged samples", $"{b} without tagged samples", "ratio without tagged"])
                    .Select(header => new Column(header, true, Reader.Page)) : []],
            [.. rows.Select(row => (IReadOnlyList<Cell>)
            [
                new(row.Quantile, Order(row.Quantile)), Cell.Of(row.Shown.A, row.Unit), Cell.Of(row.Shown.B, row.Unit),
                new(ComparisonWords.Ratio(row), row.RatioOfValues),
                new(ComparisonWords.Estimate(row), row.Answer?.Ratio ?? double.NaN),
                new(ComparisonWords.Interval(row), row.Answer?.Interval.Low ?? double.NaN), Verdict(row, comparison.Threshold),
                .. isBothWays ? [Cell.Of(row.UndisturbedShown.A, row.Unit), Cell.Of(row.UndisturbedShown.B, row.Unit),
                    Cell.Number(row.UndisturbedRatio, "0.000")] : (Cell[])[],
            ])]);
        return new Section($"{b} against {a}", [table, .. Tagged(comparison, first, isBothWays),
            .. ComparisonWords.Notes(rows).Select(note => new Prose(note, Mood.Soft))]) { Note = ComparisonWords.Count(first) };
    }

    private static IEnumerable<Prose> Tagged(ArmComparison comparison, ComparedRow row, bool isBothWays)
    {
        if (!isBothWays) yield break;
        IEnumerable<string> tagged = comparison.Arms.Where(arm => arm.Label == row.ArmA || arm.Label == row.ArmB).Select(arm =>
        {
            UndisturbedRow[] left = [.. arm.UndisturbedOf(row.Scene, row.Metric).Select(one => one.Row)];
            return left.Length == 0 ? $"{arm.Label} was not watched" : $"{Quantity.Count(left.Sum(one => one.Tagged))} of "
                + $"{Quantity.Count(left.Sum(one => one.Tagged + one.Count))} of {arm.Label}";
        });
        yield return new($"Tagged samples, which a located disturbance overlapped: {string.Join(", ", tagged)}. They are in all "
            + "other columns and in the figures.", Mood.Soft) { For = Reader.Page };
    }

    private static Cell Verdict(ComparedRow row, double threshold)
    {
        (string sign, Mood mood, double order) = row.Answer?.Verdict switch
        {
            RatioVerdict.Slower => ("▲", Mood.Bad, 4.0),
            RatioVerdict.Faster => ("▼", Mood.Good, 1),
            RatioVerdict.Equivalent => ("=", Mood.Good, 2),
            RatioVerdict.Inconclusive => ("?", Mood.Warn, 3),
            _ => ("", Mood.Plain, 5),
        };
        return new(ComparisonWords.Verdict(row, threshold), order) { Sign = sign, Mood = mood };
    }

    /// <summary>Quantiles as they rise, then the rest.</summary>
    private static double Order(string quantile) => quantile switch
    {
        "max" => 100,
        "rate" => 101,
        _ => double.Parse(quantile.AsSpan(1), CultureInfo.InvariantCulture),
    };

    private static Section Method(ArmComparison comparison, ComparisonManifest? manifest, string? folder, Manifest? first) =>
        new("How it was measured, and how to do it again",
        [
            new Items([.. ComparisonWords.Design(comparison, manifest), .. ComparisonWords.Contaminated(comparison)]),
            .. manifest is { CommandLine.Count: > 0 }
                ? [new Commands("To measure it again", ShellText.Of(manifest.CommandLine))] : (Part[])[],
            .. manifest is null || folder is null ? (Part[])[] : [new Commands("To go on with it, or to add blocks once (looking "
                + "again and again at growing data would exceed the error rate)", Resume(folder,
                manifest.Blocks.Count < manifest.BlocksAsked ? manifest.BlocksAsked : 2 * manifest.BlocksAsked))],
            .. first is null ? (Part[])[]
                : [new Section("Environment and settings of the first run", [RunFacts.Table(first)]) { IsFolded = true }],
        ], "method") { ShortName = "method", For = Reader.Page };
}
