using System.Globalization;
using System.Text;
using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Plots;

/// <summary>A comparison as one page that needs nothing else: the verdict in words, what else differs, then numbers and figures
/// metric by metric, those that decide first, and how to do it again.</summary>
public static class ComparisonReport
{
    private const string Page = "report.html";

    /// <summary>Writes <c>figures/*.svg</c> and <c>report.html</c> into a comparison's folder and returns the page's
    /// path.</summary>
    /// <exception cref="ResultsUnwritableException">An older report is still whole; figures may be newer.</exception>
    public static string Write(ArmComparison comparison, ComparisonFolder folder)
    {
        ComparedDistributions distributions = ComparedDistributions.Read(comparison.Arms);
        IReadOnlyList<Figure> figures = [.. ComparisonFigures.Of(comparison, distributions)];
        ComparisonFigures.WriteAll(figures, folder.Path);
        byte[] html = Encoding.UTF8.GetBytes(Render(comparison, distributions, figures, folder.Manifest, ShortPath(folder.Path)));
        string path = Path.Combine(folder.Path, Page);
        StagedFiles.WriteOne(path, to => to.Write(html));
        return path;
    }

    /// <param name="manifest">Null where nothing was measured in blocks.</param>
    /// <param name="folder">Where it can be resumed; null where it cannot.</param>
    public static string Render(ArmComparison comparison, ComparisonManifest? manifest, string? folder = null)
    {
        ComparedDistributions distributions = ComparedDistributions.Read(comparison.Arms);
        return Render(comparison, distributions, [.. ComparisonFigures.Of(comparison, distributions)], manifest,
            folder is null ? null : ShortPath(folder));
    }

    private static string Render(ArmComparison comparison, ComparedDistributions distributions, IReadOnlyList<Figure> figures,
        ComparisonManifest? manifest, string? folder)
    {
        IReadOnlyList<ArmRuns> arms = comparison.Arms;
        string name = $"{string.Join(", ", arms.Skip(1).Select(arm => arm.Label))} against {arms[0].Label}";
        ReportPage page = new($"lab compare: {name}");
        WriteHead(page.Head, comparison, manifest, name);
        WriteBesides(page, comparison, distributions);
        foreach ((int index, Scene scene) in comparison.Rows.Select(row => row.Scene).Distinct().Index())
        {
            page.Section($"scene{index}", scene.ToString());
            foreach (ComparedRow metric in comparison.Rows.Where(row => row.Scene == scene)
                .DistinctBy(row => row.Metric).ToList())
            {
                WriteMetric(page, comparison, figures, metric);
            }
        }

        ReportDisturbances.Write(page, comparison, distributions);
        WriteMethod(page, comparison, manifest, folder);
        return page.Finish();
    }

    private static void WriteHead(HtmlText html, ArmComparison comparison, ComparisonManifest? manifest, string name)
    {
        html.Add($"<h1>{name}");
        if (manifest is { State: RunState.Partial }) html.Add($"<span class=\"mark bad\">PARTIAL</span>");
        html.Add($"</h1><p class=\"soft\">");
        if (manifest is not null)
        {
            html.Add($"lab compare {manifest.Id} · "
                + $"{manifest.StartedUtc.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)} · ");
        }
        if (comparison.Arms.SelectMany(arm => arm.Runs).FirstOrDefault()?.Record.Manifest is { } first)
        {
            html.Add($"{ReportAppendix.Place(first)}");
        }
        ComparisonVerdict verdict = new(comparison);
        html.Add($"</p><p class=\"verdict {verdict.Class}\">");
        foreach (string sentence in verdict.Sentences) html.Add($"<span class=\"line\">{sentence}</span> ");
        if (manifest is not null && manifest.Blocks.Count < manifest.BlocksAsked)
        {
            html.Add($" It ended early: {manifest.Blocks.Count} of {manifest.BlocksAsked} blocks.");
        }
        if (comparison.Arms.Sum(arm => arm.Problems.Count) is var left and > 0)
        {
            html.Add($" {(left == 1 ? "One run was" : $"{left} runs were")} left out.");
        }
        html.Add($"</p>\n");
    }

    /// <summary>What a reader must know before the numbers: other differences, arms that are no candidates, runs that are
    /// missing.</summary>
    private static void WriteBesides(ReportPage page, ArmComparison comparison, ComparedDistributions distributions)
    {
        page.Section("besides", $"Besides the {ComparisonWords.SubjectOf(comparison)}");
        IReadOnlyList<ArmDifference> differences = comparison.Differences;
        if (comparison.Subject == ComparedSubject.Kernel)
        {
            page.Body.Add($"<p>{ComparisonWords.Differences(comparison).First()}</p>");
        }
        if (differences.Count == 0)
        {
            page.Body.Add($"<p>{ComparisonWords.Differences(comparison).Last()}</p>");
        }
        else
        {
            page.Body.Add(
                $"<p><strong>The arms differ in more than the {ComparisonWords.SubjectOf(comparison)}:</strong></p>");
            page.Body.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"events\"><thead><tr><th scope=\"col\">what</th>");
            foreach (ArmRuns arm in comparison.Arms) page.Body.Add($"<th scope=\"col\">{arm.Label}</th>");
            page.Body.Add($"</tr></thead><tbody>");
            foreach (ArmDifference one in differences)
            {
                page.Body.Add($"<tr><td>{one.What}{(one.IsMachine ? " (another machine)" : "")}</td>");
                foreach (string value in one.Values) page.Body.Add($"<td>{value}</td>");
                page.Body.Add($"</tr>");
            }

            page.Body.Add($"</tbody></table></div>");
        }

        List<string> notes =
        [
            .. comparison.Arms.Where(arm => arm.IsBroken)
                .Select(arm => $"{arm.Label} is known to be broken: its numbers are no result."),
            .. comparison.Arms.Where(arm => arm.IsBound)
                .Select(arm => $"{arm.Label} is a bound, which no strategy can beat: not a candidate."),
            .. comparison.Arms.SelectMany(arm => arm.Problems.Select(problem => $"Left out of {arm.Label}: {problem}.")),
            .. distributions.Problems.Select(problem => $"{problem}."),
        ];
        if (notes.Count == 0) return;
        page.Body.Add($"<ul>");
        foreach (string note in notes) page.Body.Add($"<li>{note}</li>");
        page.Body.Add($"</ul>");
    }

    /// <summary>What decides stands open, the rest is folded away.</summary>
    private static void WriteMetric(ReportPage page, ArmComparison comparison, IReadOnlyList<Figure> figures, ComparedRow metric)
    {
        if (metric.Gated) page.Body.Add($"<h3>{metric.Metric} <span class=\"soft\">(gated: it decides)</span></h3>");
        else page.Body.Add($"<details><summary>{metric.Metric}</summary>");
        ComparisonTables.Write(page.Body, comparison, metric.Scene, metric.Metric);
        foreach (Figure figure in figures.Where(figure => figure.Scene == metric.Scene && figure.What == metric.Metric))
        {
            page.Figure(figure.Plot);
        }
        if (!metric.Gated) page.Body.Add($"</details>\n");
    }

    private static void WriteMethod(ReportPage page, ArmComparison comparison, ComparisonManifest? manifest, string? folder)
    {
        page.Section("method", "How it was measured, and how to do it again", "method");
        page.Body.Add($"<ul>");
        foreach (string sentence in ComparisonWords.Design(comparison, manifest)) page.Body.Add($"<li>{sentence}</li>");
        page.Body.Add($"</ul>");
        if (manifest is { CommandLine.Count: > 0 })
        {
            page.Body.Add($"<p>To measure it again:</p><pre>{ReportAppendix.CommandLine(manifest.CommandLine)}</pre>");
        }
        if (manifest is not null && folder is not null)
        {
            string blocks = (manifest.Blocks.Count < manifest.BlocksAsked ? manifest.BlocksAsked
                : 2 * manifest.BlocksAsked).ToString(CultureInfo.InvariantCulture);
            page.Body.Add($"<p>To go on with it, or to add blocks once (looking again and again at growing data would exceed the "
                + $"error rate):</p>");
            page.Body.Add($"<pre>{ReportAppendix.CommandLine(["lab", "compare", "--resume", folder, "--blocks", blocks])}</pre>");
        }

        if (comparison.Arms.SelectMany(arm => arm.Runs).FirstOrDefault()?.Record.Manifest is { } first)
        {
            page.Body.Add($"<details><summary>Environment and settings of the first run</summary>");
            ReportAppendix.WriteFacts(page.Body, first);
            page.Body.Add($"</details>\n");
        }
    }

    /// <summary>From here if it lies below, so that the page can be passed on.</summary>
    private static string ShortPath(string path) =>
        Path.GetRelativePath(Directory.GetCurrentDirectory(), path) is var relative
            && !relative.StartsWith("..", StringComparison.Ordinal) ? relative : path;
}
