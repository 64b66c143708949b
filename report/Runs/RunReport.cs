using System.Globalization;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Settings;

namespace Lab.Report.Runs;

/// <summary>A run: the answer, then tables and figures scene by scene, then verdicts and the evidence.</summary>
public static class RunReport
{
    private const int EventsShown = 20;
    private const int LaterViolationsShown = 2;
    private const int OpenedViolations = 3;
    private const int NotesShown = 6;
    private const string Trace = "trace.";
    private const string Clean = "clean: no stale access, counts balanced, all tables freed";

    private static readonly Column[] Columns =
    [
        "strategy", .. Column.Numbers("count", "p50"), new("p90", true, Reader.Page), .. Column.Numbers("p99", "p99.9", "max"),
        new("rate", true, Reader.Page), new("p99 of single runs", true, Reader.Page),
    ];

    /// <summary>Counters of KVM and of the process that a reader asks for first, in words; the others are in
    /// counters.csv.</summary>
    private static readonly (string Counter, string Words)[] Told =
    [
        ("kvm.mmio_exits", "exits for holes"),
        ("kvm.mmu_shadow_zapped", "shadow pages zapped"), ("kvm.remote_tlb_flush", "remote TLB flushes"),
        ("host.minor_faults", "page faults of the process"), ("userfault.resolved", "of them resolved by the rig"),
    ];

    public static Output Output(RunRecord run) =>
        new(() => Of(run), to => to.Write(run.SummaryCsv()), () => Records.Json(RunJsonView.Of(run)));

    public static Document Of(RunRecord run)
    {
        Manifest manifest = run.Manifest;
        Lazy<ILookup<Scene, Figure>> figures = new(() => Figures.Of(run).ToLookup(figure => figure.Scene));
        return new Document($"lab run {manifest.Id}")
        {
            Badge = run.State == RunState.Partial ? Badge.Partial : null,
            Place = $"{Documents.Told.Minute(manifest.StartedUtc)} · {RunFacts.Place(manifest)}",
            Mood = RunAnswer.Mood(run),
            Answer = RunAnswer.Sentences(run),
            Next = [.. RunAnswer.Next(run)],
            Parts =
            [
                .. run.Scenes.Index().Select(scene => Of(run, scene.Item, scene.Index, () => figures.Value[scene.Item])),
                .. Verdicts(run),
                new Section("Violations", run.Violations.Count == 0 ? [new Prose("None was recorded.")]
                    : [.. run.Violations.Index().Select(one => Events(run, one.Item, one.Index >= OpenedViolations))],
                        "violations")
                    { ShortName = "violations", For = Reader.Page },
                Disturbances.Of(run),
                .. KernelEvents(run),
                new Section("Environment and settings",
                [
                    new Commands(string.Create(CultureInfo.InvariantCulture, $"To repeat this run (seed {manifest.Seed})"),
                        ShellText.Of(manifest.CommandLine)),
                    RunFacts.Table(manifest),
                ], "environment") { ShortName = "environment", For = Reader.Page },
            ],
        };
    }

    internal static Cell Name(RunRecord run, string strategy) =>
        Cell.Strategy(strategy, run.IsBroken(strategy), run.IsBound(strategy));

    /// <summary>What is asked for first stands open, on a page the rest is folded away.</summary>
    private static Section Of(RunRecord run, Scene scene, int index, Func<IEnumerable<Figure>> figures)
    {
        IReadOnlyList<string> latencies = Figures.LatenciesIn(run, scene);
        string[] rest = [.. run.MetricsIn(scene).Except(latencies)];
        Drawings Drawn(Func<Figure, bool> which) => new(() => figures().Where(which)
            .Select(figure => (figure.Plot.Title, figure.Plot.GetSvg())));
        return new Section(scene.ToString(),
        [
            .. IsEmulated(run) ? [Counts(run, scene, latencies)] : latencies.Select((metric, place) => new Section(metric,
                [Metric(run, scene, metric), Drawn(figure => figure.What == metric)]) { IsFolded = place == 0 ? null : true }),
            .. IsEmulated(run) ? [] : Growth(run, scene),
            Drawn(figure => !latencies.Contains(figure.What)),
            .. IsEmulated(run) ? [] : Rest(run, scene, rest),
            .. Counters(run, scene),
            .. Disturbances.BothWays(run, scene),
        ], $"scene{index}");
    }

    private static bool IsEmulated(RunRecord run) => run.Manifest.Machine.Emulated == true;

    /// <summary>How often what was timed was done; how long it took means nothing.</summary>
    private static Section Counts(RunRecord run, Scene scene, IReadOnlyList<string> metrics) => new("done in the window",
    [
        new Table(["strategy", .. Column.Numbers(metrics)], [.. run.StrategiesIn(scene).Select(strategy =>
            (IReadOnlyList<Cell>)[Name(run, strategy), .. metrics.Select(metric =>
                run.Pool(strategy, scene, metric) is { } pooled ? Cell.Count(pooled.Count) : Cell.Of(double.NaN, ""))])]),
    ]);

    private static IEnumerable<Section> Rest(RunRecord run, Scene scene, string[] rest)
    {
        yield return new Section($"Phases and other metrics ({rest.Length})",
            [.. rest.Select(metric => new Section(metric, [Metric(run, scene, metric)]))]) { IsFolded = true,
                For = Reader.Page };
    }

    private static Table Metric(RunRecord run, Scene scene, string metric) => new(Columns,
    [
        .. run.StrategiesIn(scene).Select(strategy => (Strategy: strategy, Pooled: run.Pool(strategy, scene, metric)))
            .Where(one => one.Pooled is not null).Select(one => Row(run, one.Strategy, one.Pooled!)),
    ]);

    private static IReadOnlyList<Cell> Row(RunRecord run, string strategy, PooledMetric pooled)
    {
        (double low, double high) = pooled.P99OfRuns;
        Cell Of(double value) => Cell.Of(value, pooled.Unit);
        string p99s = pooled.Runs == 1 ? "1 run" : !double.IsFinite(low) ? Quantity.Format(low, pooled.Unit)
            : $"{Quantity.Format(low, pooled.Unit)} – {Quantity.Format(high, pooled.Unit)}";
        return [Name(run, strategy), Cell.Count(pooled.Count), Of(pooled.P50), Of(pooled.Shown.P90), Of(pooled.Shown.P99),
            Of(pooled.Shown.P999), Of(pooled.Max), Cell.Of(pooled.RatePerS, "1/s"), new(p99s, high - low)];
    }

    /// <summary>What was measured at several sizes of a slot, as one table instead of one per metric.</summary>
    private static IEnumerable<Section> Growth(RunRecord run, Scene scene)
    {
        IReadOnlyList<long> sizes = GrowthCurve.SizesIn(run, scene);
        if (sizes.Count == 0) yield break;
        yield return new("delete (p50, p99), create (p50), and the mean access to a page, by mapped pages",
            [new Table(["strategy", .. Column.Numbers("pages", "delete", "p99", "create", "refault", "warm")],
            [
                .. run.StrategiesIn(scene).SelectMany(_ => sizes, (strategy, pages) => (strategy, pages)).Select(one =>
                {
                    PooledMetric? At(string operation) => GrowthCurve.At(run, scene, one.strategy, operation, one.pages);
                    Cell Show(string operation, Func<PooledMetric, double> of) =>
                        At(operation) is { } pooled ? Cell.Of(of(pooled), pooled.Unit) : Cell.Of(double.NaN, "");
                    return (IReadOnlyList<Cell>)[Name(run, one.strategy), Cell.Count(one.pages), Show(GrowthCurve.Update, m =>
                        m.P50),
                        Show(GrowthCurve.Update, m => m.Shown.P99), Show(GrowthCurve.Create, m => m.P50),
                        Show(GrowthCurve.Refault, m => m.Mean), Show(GrowthCurve.Warm, m => m.Mean)];
                }),
            ])]);
    }

    /// <summary>Counters of the whole VM, one column each, mean over the repetitions.</summary>
    private static IEnumerable<Section> Counters(RunRecord run, Scene scene)
    {
        CounterRow[] rows = [.. run.Counters.Where(row => row.Scene == scene && row.Actor.Length == 0
            && !row.Counter.StartsWith(Trace, StringComparison.Ordinal))];
        (string Counter, string Unit)[] counters =
            [.. rows.Select(row => (row.Counter, row.Unit)).DistinctBy(counter => counter.Counter)];
        if (counters.Length == 0) yield break;
        yield return new("counters", [new Table(["strategy",
            .. Column.Numbers(counters.Select(counter => counter.Counter.Replace('_', ' ')))],
            [.. run.StrategiesIn(scene).Select(strategy => (IReadOnlyList<Cell>)[Name(run, strategy),
                .. counters.Select(one => Cell.Of(rows.Where(row => row.Strategy == strategy && row.Counter == one.Counter)
                    .Select(row => row.Value).DefaultIfEmpty(double.NaN).Average(), one.Unit))])])])
            { Note = "mean of runs", For = Reader.Page };
    }

    /// <summary>What the kernel's tracepoints counted, per run and per update; nothing for a run that was not traced.</summary>
    private static IEnumerable<Section> KernelEvents(RunRecord run)
    {
        if (run.KernelEvents.Count == 0) yield break;
        yield return new("Kernel events",
        [
            new Prose("Tracepoints in the measured windows, mean of the runs, and how many for each update.", Mood.Soft),
            .. run.Scenes.Select(scene => (Scene: scene, Events: KernelEventsFigure.EventsIn(run, scene)))
                .Where(one => one.Events.Count > 0).Select(one => new Section(one.Scene.ToString(),
                    [new Table(["strategy", .. Column.Numbers(["updates", .. one.Events, "lost"])],
                        [.. run.StrategiesIn(one.Scene).Select(strategy => EventCounts(run, one.Scene, strategy,
                            one.Events))])])),
        ], "kernel-events") { ShortName = "kernel events", For = Reader.Page };
    }

    private static IReadOnlyList<Cell> EventCounts(RunRecord run, Scene scene, string strategy, IReadOnlyList<string> events)
    {
        double runs = run.Manifest.Measurements.Count(m => m.Scene == scene && m.Strategy == strategy);
        double updates = run.Summary.Where(row => row.Scene == scene && row.Strategy == strategy && row.Metric == "update")
            .Sum(row => row.Count) / runs;
        return
        [
            Name(run, strategy), Cell.Of(updates, ""),
            .. events.Select(tracepoint => run.KernelEvents.Where(row => row.Scene == scene && row.Strategy == strategy
                && row.Event == tracepoint).Sum(row => row.Count) / runs).Select(total => new Cell(Quantity.Format(total, "")
                + (updates > 0 ? FormattableString.Invariant($" ({total / updates:0.##} per update)") : ""), total)),
            Cell.Of(run.Counters.Where(row => row.Scene == scene && row.Strategy == strategy && row.Counter == Trace + "lost")
                .Sum(row => row.Value) / runs, ""),
        ];
    }

    private static Section Events(RunRecord run, Violation violation, bool isFolded) => new(
        $"{violation.Invariant} {violation.Strategy} under {violation.Scene}, run {violation.Run}: {violation.What}",
        [
            new Prose($"Promised: {violation.Claim} Seen at {Quantity.Count(violation.AtNs)} "
                + $"ns{(violation.Root is { } root ? $", {root}" : "")}.", Mood.Soft),
            new Table([new("t (ns)"), "to the end", "actor", "event", "root", "refcount", "detail"],
                [.. violation.Events.Select(step => (IReadOnlyList<Cell>)[Quantity.Count(step.TNs),
                    Quantity.Format(step.TNs - violation.AtNs, "ns"), step.Actor, step.Kind, step.Root ?? "",
                    step.Refcount?.ToString(CultureInfo.InvariantCulture) ?? "", step.Detail ?? ""])]) { IsSortable = false },
        ]) { IsFolded = isFolded, Badge = run.IsBroken(violation.Strategy) ? Badge.Broken : null };

    /// <summary>A line per strategy that has something to say, and one for all others of its scene; then what else was
    /// seen.</summary>
    private static IEnumerable<Prose> Verdicts(RunRecord run)
    {
        IReadOnlyList<Measurement> all = run.Manifest.Measurements;
        string[] common = all.Count < 2 ? []
            : [.. all[0].Notes.Where(IsFinding).Distinct().Where(note => all.All(one => one.Notes.Contains(note)))];
        List<Prose> lines = [];
        foreach (IGrouping<Scene, Measurement> scene in all.GroupBy(one => one.Scene))
        {
            foreach (IGrouping<string, (string Name, string[] Notes)> same in scene.GroupBy(one => one.Strategy)
                .GroupBy(runs => VerdictOf([.. runs]), runs => (Name(run, runs.Key).Words,
                    (string[])[.. runs.SelectMany(one => one.Notes)
                        .Where(IsFinding).Distinct().Except(common).Take(NotesShown)])))
            {
                foreach (IGrouping<string, (string Name, string[] Notes)> told in same.GroupBy(
                    one => same.Key == Clean && one.Notes.Length == 0 ? "" : one.Name))
                {
                    lines.Add(new($"{string.Join(", ", told.Select(one => one.Name))} on {scene.Key}: {same.Key}",
                        same.Key == Clean ? Mood.Good : same.Key.StartsWith("VIOLATED", StringComparison.Ordinal) ? Mood.Bad
                            : Mood.Warn));
                    string strategy = told.First().Name.Split(' ')[0];
                    lines.AddRange(Violated([.. run.Violations.Where(one => one.Scene == scene.Key && told.Key.Length > 0
                        && Name(run, one.Strategy).Words == told.Key)]));
                    lines.AddRange(told.First().Notes.Select(note => new Prose($"  {note}")));
                }
            }
        }
        lines.AddRange([.. common.Select(note => new Prose(note)), .. Contaminated(run), .. Seen(run)]);
        if (run.State == RunState.Partial)
        {
            lines.Add(new($"PARTIAL ({run.WhyPartial}): what was measured until then is above.", Mood.Warn));
        }
        return lines.Select(line => line with { For = Reader.Text });
    }

    private static IEnumerable<Prose> Contaminated(RunRecord run)
    {
        IReadOnlyList<string> reasons = Contamination.Of(run);
        if (reasons.Count > 0) yield return new($"contaminated: {reasons[0]}"
            + (reasons.Count > 1 ? $"; and {Plural.Of(reasons.Count - 1, "more reason")}, in the report." : "."), Mood.Warn);
    }

    /// <summary>What the runtime, the kernel and the tables did, a check on what the lab says that it did.</summary>
    private static IEnumerable<Prose> Seen(RunRecord run)
    {
        IReadOnlyList<Measurement> all = run.Manifest.Measurements;
        CultureInfo invariant = CultureInfo.InvariantCulture;
        double PeakOf(string counter) =>
            run.Counters.Where(row => row.Counter == counter).Select(row => row.Value).DefaultIfEmpty().Max();
        yield return string.Create(invariant, $"{all.Sum(one => one.GcInWindow)} garbage collections and "
            + $"{all.Sum(one => one.JitInWindow)} methods compiled inside {all.Sum(one => one.MeasuredS):0.0} s of measured "
            + $"windows; peak: {PeakOf("peak_table_pages"):N0} "
            + $"{(all.All(one => one.Mmu == "radix") ? "page-table pages" : "mapped pieces and roots")}, "
            + $"{PeakOf("peak_resident") / (1 << 20):0} MiB resident for page tables, rig and runtime.");
        foreach ((Scene scene, string strategy) in run.Scenes.SelectMany(run.StrategiesIn, (scene, strategy) => (scene,
            strategy)))
        {
            string[] parts = [.. Told.Select(told => (told.Words, Sum: run.Counters.Where(row => row.Scene == scene
                && row.Strategy == strategy && row.Actor.Length == 0 && row.Counter == told.Counter).Sum(row => row.Value)))
                .Where(one => one.Sum != 0).Select(one => string.Create(invariant, $"{one.Sum:N0} {one.Words}"))];
            parts = [.. GuestFaults(run, scene, strategy), .. parts];
            if (parts.Length > 0) yield return $"kernel counted for {strategy} on {scene}: {string.Join(", ", parts)}";
        }
        foreach (string shape in IsEmulated(run) ? [] : Shapes.Lines(run)) yield return shape;
    }

    /// <summary>A fault that finds its slot invalid, its root obsolete or a notifier at work is taken again (RET_PF_RETRY): with
    /// a TDP MMU under updates most are.</summary>
    private static IEnumerable<string> GuestFaults(RunRecord run, Scene scene, string strategy)
    {
        double Sum(string counter) => run.Counters.Where(row => row.Scene == scene && row.Strategy == strategy
            && row.Actor.Length == 0 && row.Counter == counter).Sum(row => row.Value);
        double taken = Sum("kvm.pf_taken"), mended = Sum("kvm.pf_fixed");
        if (taken == 0) yield break;
        double retried = Math.Max(0, taken - mended - Sum("kvm.pf_emulate") - Sum("kvm.pf_spurious"));
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{taken:N0} guest page faults taken, {mended:N0} fixed, {retried:N0} retried");
    }

    private static string VerdictOf(Measurement[] runs)
    {
        int Count(Verdict verdict) => runs.Count(one => one.Verdict == verdict);
        if (Count(Verdict.Hung) > 0) return "HUNG";
        if (Count(Verdict.Violated) > 0) return $"VIOLATED ({runs.Sum(one => one.Violations)})";
        if (Count(Verdict.Starved) is var starved and > 0)
        {
            return $"STARVED in {starved} of {Plural.Of(runs.Length, "run")}: others had the cores";
        }
        if (Count(Verdict.Interrupted) > 0) return "interrupted";
        if (Count(Verdict.Unmeasured) is not (var empty and > 0)) return Clean;
        return empty == runs.Length ? "nothing was measured: no timed step in the window; use a longer --duration"
            : $"{Clean}; nothing was measured in {empty} of {Plural.Of(runs.Length, "run")}";
    }

    /// <summary>The hang's own lines were printed when it happened.</summary>
    private static bool IsFinding(string note) =>
        note.Length > 0 && note[0] != ' ' && !note.StartsWith("last events", StringComparison.Ordinal);

    /// <summary>The first violation and what led to it; later ones follow from it. Which tables came and went is left to the
    /// page.</summary>
    private static IEnumerable<Prose> Violated(Violation[] violations)
    {
        if (violations.Length == 0) yield break;
        yield return $"  {violations[0].Invariant}: {violations[0].What}";
        ViolationEvent[] events =
            [.. violations[0].Events.Where(one => one.Kind is not ("zap_page" or "get_page")).TakeLast(EventsShown)];
        foreach (ViolationEvent one in events)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"    {(one.TNs - events[0].TNs) / 1e3,10:0.0} us "
                + $"{one.Actor,-11} {one.Kind,-14} {one.Root} {one.Detail}").TrimEnd();
        }
        foreach (Violation later in violations.Skip(1).Take(LaterViolationsShown))
        {
            yield return $"  then {later.Invariant}: {later.What}";
        }
        yield return "  all of them, with the events that led to each, are in the report.";
    }
}
