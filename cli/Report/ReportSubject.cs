using Lab.Application.Settings;
using Lab.Plots;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.HdrLog;

namespace Lab.Cli.Report;

/// <summary>What <c>lab report</c> can be asked for: it has files of its own, numbers for standard output, and a page.</summary>
internal interface IReportSubject
{
    /// <summary>Writes figures and page again and returns the page's path.</summary>
    string WriteReport();

    void Print(OutputFormat format, LabConsole console);

    /// <summary>The page, as the file written has it.</summary>
    string Page();

    /// <summary>Its figures, with the name of each.</summary>
    IEnumerable<(string Name, Plot Plot)> Figures();

    /// <summary>Its histograms; null for what has none of its own.</summary>
    HdrLogFile? Log();
}

/// <summary>Finds what was meant.</summary>
internal static class ReportSubject
{
    /// <param name="what">An id, the beginning of one, a path, <c>latest</c>, a history's or a histogram log's file.</param>
    /// <param name="runs">Folder of the run folders; comparisons are beside it.</param>
    /// <param name="console">For what is said while reading.</param>
    /// <exception cref="RunNotFoundException">Nothing answers to the name.</exception>
    /// <exception cref="RunDamagedException">The file is no such file.</exception>
    public static IReportSubject Find(string what, string runs, LabConsole console)
    {
        string name = what.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? what[..^3] : what;
        if (name.EndsWith(".hlog", StringComparison.OrdinalIgnoreCase) && File.Exists(what)) return new HdrLogSubject(what);
        if (name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && File.Exists(what))
        {
            return new HistorySubject(what, console);
        }
        if (ComparisonOf(what, runs) is { } comparison) return new ComparisonSubject(comparison, console);
        return new RunSubject(new RunStore(runs).Open(what));
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
