using System.Text;

namespace Lab.Results;

/// <summary>A run as read from its folder. Rows are those of the measurements the manifest names, in the files' order.</summary>
public sealed class RunRecord
{
    private ILookup<(string Strategy, Scene Scene, string Metric), Bucket>? _buckets;

    public required string Folder { get; init; }
    public required Manifest Manifest { get; init; }

    /// <summary>As it is now: a run whose process is gone is partial, whatever its manifest says.</summary>
    public RunState State { get; init; }

    public string? PartialReason { get; init; }

    /// <summary>Why it is partial, for people.</summary>
    public string WhyPartial => PartialReason switch
    {
        null => "no reason given",
        RunStore.Killed => $"{RunStore.Killed}, or ended without saying why",
        { } reason => reason,
    };

    public IReadOnlyList<SummaryRow> Summary { get; init; } = [];

    /// <summary>The summaries as CSV, as they are in the folder; only the header where nothing was measured.</summary>
    public string SummaryCsv()
    {
        using MemoryStream text = new();
        CsvLayouts.Summary.Write(text, Summary);
        return Encoding.UTF8.GetString(text.ToArray());
    }

    public IReadOnlyList<HistogramRow> Histograms { get; init; } = [];
    public IReadOnlyList<TimelineRow> Timeline { get; init; } = [];
    public IReadOnlyList<CounterRow> Counters { get; init; } = [];

    /// <summary>Empty unless the kernel was traced.</summary>
    public IReadOnlyList<KernelEventRow> KernelEvents { get; init; } = [];

    /// <summary>What disturbed the run, by measurement; empty unless it was watched, see
    /// <see cref="Measurement.Watched"/>.</summary>
    public IReadOnlyList<DisturbanceRow> Disturbances { get; init; } = [];

    /// <summary>The metrics of watched measurements without the samples that were disturbed.</summary>
    public IReadOnlyList<UndisturbedRow> Undisturbed { get; init; } = [];

    /// <summary>The samples that were.</summary>
    public IReadOnlyList<TaggedSampleRow> Tagged { get; init; } = [];

    public IReadOnlyList<Violation> Violations { get; init; } = [];

    /// <summary>Strategies in the order they were first measured, which also settles their colours.</summary>
    public IReadOnlyList<string> Strategies => [.. Manifest.Measurements.Select(m => m.Strategy).Distinct()];

    /// <summary>Scenes in the order they were first measured.</summary>
    public IReadOnlyList<Scene> Scenes => [.. Manifest.Measurements.Select(m => m.Scene).Distinct()];

    /// <summary>Strategies measured in a scene, in the order of <see cref="Strategies"/>.</summary>
    public IReadOnlyList<string> StrategiesIn(Scene scene) =>
        [.. Strategies.Where(strategy => Manifest.Measurements.Any(m => m.Scene == scene && m.Strategy == strategy))];

    /// <summary>Metrics of a scene that have at least one sample, in the order they were first written.</summary>
    public IReadOnlyList<string> MetricsIn(Scene scene) =>
        [.. Summary.Where(row => row.Scene == scene && row.Count > 0).Select(row => row.Metric).Distinct()];

    public bool IsBroken(string strategy) => Manifest.Measurements.Any(m => m.Strategy == strategy && m.Broken);

    public bool IsBound(string strategy) => Manifest.Measurements.Any(m => m.Strategy == strategy && m.Bound);

    /// <summary>What each measurement left, under another number of its run: repetitions that were measured apart become those of
    /// one run.</summary>
    public IEnumerable<MeasurementRows> AsRun(int number)
    {
        foreach (Measurement one in Manifest.Measurements)
        {
            List<TRow> Own<TRow>(IReadOnlyList<TRow> rows)
                where TRow : MeasurementRow =>
                [.. rows.Where(row => row.Key == one.Key).Select(row => row with { Run = number })];
            yield return new MeasurementRows(one with { Run = number })
            {
                Summary = Own(Summary), Histograms = Own(Histograms), Timeline = Own(Timeline), Counters = Own(Counters),
                KernelEvents = Own(KernelEvents), Disturbances = Own(Disturbances), Undisturbed = Own(Undisturbed),
                Tagged = Own(Tagged), Violations = Own(Violations),
            };
        }
    }

    /// <summary>The histograms of a metric, all repetitions summed bucket by bucket.</summary>
    public IReadOnlyList<Bucket> MergedHistogram(string strategy, Scene scene, string metric)
    {
        _buckets ??= Histograms.ToLookup(row => (row.Strategy, row.Scene, row.Metric),
            row => new Bucket(row.Low, row.High, row.Count));
        return Buckets.Merge(_buckets[(strategy, scene, metric)]);
    }

    /// <summary>A metric over all repetitions; null when none of them has a sample of it.</summary>
    public PooledMetric? Pool(string strategy, Scene scene, string metric)
    {
        List<SummaryRow> rows =
            [.. Summary.Where(row => row.Metric == metric && row.Strategy == strategy && row.Scene == scene && row.Count > 0)];
        return rows.Count == 0 ? null : PooledMetric.Of(rows, MergedHistogram(strategy, scene, metric));
    }
}
