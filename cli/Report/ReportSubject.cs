using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Plots;
using Lab.Report.Comparisons;
using Lab.Report.Documents;
using Lab.Report.Histories;
using Lab.Report.Logs;
using Lab.Report.Runs;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.HdrLog;
using Lab.Settings;

namespace Lab.Cli.Report;

/// <summary>What <c>lab report</c> can be asked for: it has files of its own, and numbers and a document for standard output.
/// <see cref="WriteReport"/> writes figures and page again and returns the page's path; <see cref="Log"/> is its histograms, null
/// for what has none of its own; <see cref="Figures"/> are named.</summary>
internal sealed record ReportSubject(Func<string> WriteReport, Action<OutputFormat, LabConsole> Print, Func<Document> Page,
    Func<HdrLogFile?> Log, Func<IEnumerable<(string Name, Plot Plot)>> Figures)
{
    /// <param name="what">An id, the beginning of one, a path, <c>latest</c>, a history's or a histogram log's file.</param>
    /// <param name="runs">Folder of the run folders; comparisons are beside it.</param>
    /// <param name="console">For what is said while reading.</param>
    /// <exception cref="RunNotFoundException">Nothing answers to the name.</exception>
    /// <exception cref="RunDamagedException">The file is no such file.</exception>
    public static ReportSubject Find(string what, string runs, LabConsole console)
    {
        string name = what.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? what[..^3] : what;
        if (name.EndsWith(".hlog", StringComparison.OrdinalIgnoreCase) && File.Exists(what)) return OfLog(what);
        if (name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && File.Exists(what))
        {
            return OfHistory(what, console);
        }
        if (ComparisonOf(what, runs) is { } comparison) return OfComparison(comparison, console);
        return OfRun(new RunStore(runs).Open(what));
    }

    private static ReportSubject Of(
        Output output, Func<string> write, Func<HdrLogFile?> log, Func<IEnumerable<(string Name, Plot Plot)>> figures) =>
        new(write, (format, console) => output.Print(format, console.Text, console.Out), output.Document, log, figures);

    /// <summary>A run, to be reported again.</summary>
    private static ReportSubject OfRun(RunRecord run) => Of(RunReport.Output(run), () =>
    {
        _ = Lab.Plots.Figures.WriteAll(run, run.Folder);
        return Saved(RunReport.Of(run), Path.Combine(run.Folder, "report.html"));
    }, () => RunHdrLog.Of(run), () => Lab.Plots.Figures.Of(run).Select(figure => (figure.Name, figure.Plot)));

    /// <summary>A histogram log, to be read back: ours or anybody's.</summary>
    private static ReportSubject OfLog(string path)
    {
        IReadOnlyList<NamedHistogram> log = RunHdrLog.Read(path) is { Count: > 0 } read ? read : throw new RunDamagedException(
            path, null, "holds no histogram; expected lines '[Tag=…,]start,length,max,base64'");
        Output output = HdrLogReport.Output(log, Path.GetFileName(path));
        return Of(output, () => Saved(output.Document(), Path.ChangeExtension(Path.GetFullPath(path), ".html")),
            () => HdrLogFile.Read(path), () => [("percentiles", HdrLogReport.Drawn(log, Path.GetFileName(path)))]);
    }

    /// <summary>A history, as <c>lab track show</c> has it, with its page beside it.</summary>
    private static ReportSubject OfHistory(string path, LabConsole console)
    {
        TrackedHistory history = TrackedHistory.Read(path, machine: "", mayBeOthers: true);
        history.PrintNotes(console.Error);
        Output output = HistoryReport.Output(history, history.Series);
        return Of(output, () => Saved(output.Document(), Path.ChangeExtension(Path.GetFullPath(path), ".html")), () => null,
            () => history.Series.Select(one => (Figure.FileSafe(one.Key.ToString()), HistoryFigure.Draw(one))));
    }

    /// <summary>A comparison that was measured in blocks, to be reported again with the threshold and the metrics that it was
    /// made with.</summary>
    /// <exception cref="UsageException">It has one arm, or an arm that was measured before is gone.</exception>
    private static ReportSubject OfComparison(ComparisonFolder folder, LabConsole console)
    {
        IReadOnlyList<ComparisonArm> arms = folder.Manifest.Arms;
        if (arms.Count < 2) throw new UsageException(
            $"'{folder.Path}' has one arm, so there is nothing to compare; report its runs.");
        FixedArms given = new(arms, console.Error);
        ArmComparison comparison = ArmComparison.Of(
            [.. arms.Select(
                (arm, index) => arm.Source == ArmSource.Strategy ? ArmReader.FromBlocks(folder, index) : given.Of(index))],
            folder.Manifest.Threshold, folder.Manifest.Gated) with { Subject = folder.Manifest.Subject };
        return new ReportSubject(() => ComparisonReport.Write(comparison, folder), (format, output) => CompareOutput.Print(
            comparison, folder, Enum.Parse<CompareFormat>(format.ToString()), output.Text, output.Out, output.Error),
            () => ComparisonReport.Of(comparison, folder.Manifest, folder.Path, ComparedDistributions.Read(comparison.Arms)),
            () => null, () => ComparisonFigures.Of(comparison, ComparedDistributions.Read(comparison.Arms))
                .Select(figure => (figure.Name, figure.Plot)));
    }

    private static string Saved(Document page, string path)
    {
        HtmlPage.Save(page, path);
        return path;
    }

    /// <summary>By the path of its folder or manifest, else by its id or the beginning of exactly one. Null if it is none; a run
    /// of that id comes first.</summary>
    private static ComparisonFolder? ComparisonOf(string what, string runs)
    {
        if (Path.GetFileName(what) == ComparisonFolder.ManifestFile
            || File.Exists(Path.Combine(what, ComparisonFolder.ManifestFile)))
        {
            return ComparisonFolder.Open(what);
        }
        string comparisons = Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(runs)) ?? "", "comparisons");
        if (what.Length == 0 || what == RunStore.Latest || what.Contains(Path.DirectorySeparatorChar)
            || !Directory.Exists(comparisons) || Begins(runs, what).Any())
        {
            return null;
        }
        string[] found = [.. Begins(comparisons, what)];
        if (found.Length > 1 && !found.Contains(what)) throw new RunNotFoundException($"'{what}' is ambiguous, {found.Length} "
            + $"comparisons begin with it: {string.Join(", ", found.Take(5))}{(found.Length > 5 ? ", …" : "")}.");
        return found.Length == 0 ? null
            : ComparisonFolder.Open(Path.Combine(comparisons, found.Contains(what) ? what : found[0]));
    }

    private static IEnumerable<string> Begins(string root, string prefix) =>
        Directory.Exists(root)
            ? Directory.EnumerateDirectories(root).Select(folder => Path.GetFileName(folder)!)
                .Where(id => id.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            : [];
}
