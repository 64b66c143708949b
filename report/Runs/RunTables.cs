using System.Globalization;
using System.Text.Json;
using Lab.Application.Settings;
using Lab.Plots;
using Lab.Results;

namespace Lab.Report.Runs;

/// <summary>A run's numbers and verdicts on standard output, in the format asked for. Eighty columns are enough.</summary>
public static class RunTables
{
    private const int EventsShown = 20;
    private const int LaterViolationsShown = 2;
    private static readonly Column[] Columns = [new("strategy"), .. Column.Numbers("count", "p50", "p99", "p99.9", "max")];

    public static void Print(RunRecord run, OutputFormat format, TextWriter to)
    {
        switch (format)
        {
            case OutputFormat.Csv:
                to.Write(run.SummaryCsv());
                break;
            case OutputFormat.Json:
                to.WriteLine(JsonSerializer.Serialize(RunJsonView.Of(run), RunJsonContext.Default.RunJsonView));
                break;
            case OutputFormat.Markdown:
                PrintMarkdown(run, to);
                break;
            default:
                PrintTables(run, to);
                break;
        }
    }

    private static void PrintTables(RunRecord run, TextWriter to)
    {
        foreach (TextTable table in Tables(run))
        {
            to.WriteLine(table.Title);
            foreach (string line in table.Text()) to.WriteLine(line);
            to.WriteLine();
        }
        foreach (string line in VerdictLines(run)) to.WriteLine(line);
    }

    private static void PrintMarkdown(RunRecord run, TextWriter to)
    {
        foreach (TextTable table in Tables(run))
        {
            to.WriteLine($"**{table.Title}**");
            to.WriteLine();
            foreach (string line in table.Markdown()) to.WriteLine(line);
            to.WriteLine();
        }
        foreach (string line in VerdictLines(run)) to.WriteLine($"- {line}");
    }

    private static IEnumerable<TextTable> Tables(RunRecord run)
    {
        foreach (Scene scene in run.Scenes)
        {
            foreach (string metric in Figures.LatenciesIn(run, scene))
            {
                yield return new TextTable($"{scene}: {metric}", Columns, [.. Rows(run, scene, metric)]);
            }
            if (GrowthTable.Rows(run, scene) is { Count: > 0 } points)
            {
                yield return new TextTable($"{scene}: {GrowthTable.Title}", GrowthTable.Columns, points);
            }
        }
    }

    private static IEnumerable<string[]> Rows(RunRecord run, Scene scene, string metric)
    {
        foreach (string strategy in run.StrategiesIn(scene))
        {
            if (run.Pool(strategy, scene, metric) is not { } pooled) continue;
            string name =
                run.IsBroken(strategy) ? $"{strategy} BROKEN" : run.IsBound(strategy) ? $"{strategy} (bound)" : strategy;
            yield return
            [
                name,
                pooled.Count.ToString("N0", CultureInfo.InvariantCulture),
                Quantity.Format(pooled.P50, pooled.Unit),
                Quantity.Format(pooled.Shown.P99, pooled.Unit),
                Quantity.Format(pooled.Shown.P999, pooled.Unit),
                Quantity.Format(pooled.Max, pooled.Unit),
            ];
        }
    }

    private static IEnumerable<string> VerdictLines(RunRecord run)
    {
        string[] common = CommonNotes(run);
        foreach (IGrouping<(string, Scene), Measurement> group in run.Manifest.Measurements.GroupBy(
            one => (one.Strategy, one.Scene)))
        {
            Measurement[] runs = [.. group];
            yield return $"{group.Key.Item1}{(runs[0].Broken ? " BROKEN" : "")} on {group.Key.Item2}: {VerdictOf(runs)}";
            Violation[] violations =
                [.. run.Violations.Where(one => one.Strategy == runs[0].Strategy && one.Scene == runs[0].Scene)];
            foreach (string line in violations.Take(1).SelectMany(ViolationLines)) yield return line;
            foreach (Violation later in violations.Skip(1).Take(LaterViolationsShown))
            {
                yield return $"  then {later.Invariant}: {later.What}";
            }
            if (violations.Length > 0) yield return "  all of them, with the events that led to each, are in the report.";
            foreach (string note in runs.SelectMany(one => one.Notes).Where(IsFinding).Distinct().Except(common).Take(6))
            {
                yield return $"  {note}";
            }
        }
        foreach (string note in common) yield return note;
        foreach (string line in DisturbanceLines.Of(run)) yield return line;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{run.Manifest.Measurements.Sum(one => one.GcInWindow)} garbage collections and "
                + $"{run.Manifest.Measurements.Sum(one => one.JitInWindow)} methods compiled inside "
                + $"{run.Manifest.Measurements.Sum(one => one.MeasuredS):0.0} s of measured windows.");
        foreach (string line in KernelLines.Of(run)) yield return line;
        foreach (string shape in Shapes.Lines(run)) yield return shape;
        double resident = PeakOf(run, "peak_resident"), tables = PeakOf(run, "peak_table_pages");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"peak: {tables:N0} "
                + $"{(run.Manifest.Measurements.All(one => one.Mmu == "radix") ? "page-table pages" : "mapped pieces and roots")}, "
                + $"{resident / (1 << 20):0} MiB resident for page tables, rig and runtime.");
        if (run.State == RunState.Partial) yield return $"PARTIAL ({run.WhyPartial}): what was measured until then is above.";
    }

    private static string VerdictOf(Measurement[] runs)
    {
        const string clean = "clean: no stale access, counts balanced, all tables freed";
        int Count(Verdict verdict) => runs.Count(one => one.Verdict == verdict);
        if (Count(Verdict.Hung) > 0) return "HUNG";
        if (Count(Verdict.Violated) > 0) return $"VIOLATED ({runs.Sum(one => one.Violations)})";
        if (Count(Verdict.Starved) is var starved and > 0)
        {
            return $"STARVED in {starved} of {Plural.Of(runs.Length, "run")}: others had the cores";
        }
        if (Count(Verdict.Interrupted) > 0) return "interrupted";
        if (Count(Verdict.Unmeasured) is not (var empty and > 0)) return clean;
        return empty == runs.Length ? "nothing was measured: no timed step in the window; use a longer --duration"
            : $"{clean}; nothing was measured in {empty} of {Plural.Of(runs.Length, "run")}";
    }

    /// <summary>What is true of every measurement is said once.</summary>
    private static string[] CommonNotes(RunRecord run)
    {
        IReadOnlyList<Measurement> all = run.Manifest.Measurements;
        if (all.Count < 2) return [];
        return [.. all[0].Notes.Where(IsFinding).Distinct().Where(note => all.All(one => one.Notes.Contains(note)))];
    }

    private static double PeakOf(RunRecord run, string counter) =>
        run.Counters.Where(row => row.Counter == counter).Select(row => row.Value).DefaultIfEmpty().Max();

    /// <summary>The hang's own lines were printed when it happened.</summary>
    private static bool IsFinding(string note) =>
        note.Length > 0 && note[0] != ' ' && !note.StartsWith("last events", StringComparison.Ordinal);

    /// <summary>The first violation and what led to it; later ones follow from it. Which tables came and went is left to the
    /// report.</summary>
    private static IEnumerable<string> ViolationLines(Violation violation)
    {
        yield return $"  {violation.Invariant}: {violation.What}";
        ViolationEvent[] events =
            [.. violation.Events.Where(one => one.Kind is not ("zap_page" or "get_page")).TakeLast(EventsShown)];
        foreach (ViolationEvent one in events)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"    {(one.TNs - events[0].TNs) / 1e3,10:0.0} us "
                + $"{one.Actor,-11} {one.Kind,-14} {one.Root} {one.Detail}").TrimEnd();
        }
    }
}
