using One = (Lab.Results.MeasurementKey Key, string Metric);

namespace Lab.Results;

/// <summary>A run's tables tell of the same samples: of each metric of a measurement, buckets and intervals hold as many as its
/// summary counts, and so do those that were disturbed with those that were not.</summary>
internal sealed class AgreeingTables(string folder, NamedMeasurements named, IReadOnlyList<SummaryRow> summary)
{
    private const int MetricColumn = 0, SummaryCount = 2, HistogramCount = 4, TimelineCount = 4, UndisturbedCount = 2;

    private readonly Dictionary<One, long> _counted = summary.ToDictionary(Of, row => row.Count);

    /// <summary>Where two of three tables agree, the third is wrong.</summary>
    /// <exception cref="RunDamagedException">They do not; it names a row of the one that is wrong.</exception>
    internal void Check(IReadOnlyList<HistogramRow> histograms, IReadOnlyList<TimelineRow> timeline)
    {
        Dictionary<One, long> buckets = Sums(histograms, Of, row => row.Count), intervals = Sums(timeline, Of, row => row.Count);
        CheckSummary(one => buckets.ContainsKey(one) || intervals.ContainsKey(one), CsvLayouts.Histograms.Name);
        CheckKnown(CsvLayouts.Histograms, histograms, Of);
        CheckKnown(CsvLayouts.Timeline, timeline, Of);
        CheckSummary(buckets.ContainsKey, CsvLayouts.Histograms.Name);
        CheckSummary(intervals.ContainsKey, CsvLayouts.Timeline.Name);
        foreach ((One one, long count) in _counted.Where(one => one.Value > 0))
        {
            (long inBuckets, long inIntervals) = (buckets[one], intervals[one]);
            if (inBuckets == count && inIntervals == count) continue;
            if (inBuckets == inIntervals) throw CsvLayouts.Summary.Refuse(folder, named, row => Of(row) == one, SummaryCount,
                $"the {inBuckets} samples of '{CsvLayouts.Histograms.Name}'");
            throw inBuckets != count
                ? CsvLayouts.Histograms.Refuse(folder, named, row => Of(row) == one, HistogramCount, Rest(inBuckets, count))
                : CsvLayouts.Timeline.Refuse(folder, named, row => Of(row) == one, TimelineCount, Rest(inIntervals, count));
        }
    }

    /// <exception cref="RunDamagedException">As above.</exception>
    internal void Check(IReadOnlyList<UndisturbedRow> undisturbed, IReadOnlyList<TaggedSampleRow> tagged)
    {
        CheckKnown(CsvLayouts.Undisturbed, undisturbed, Of);
        CheckKnown(CsvLayouts.Tagged, tagged, Of);
        foreach (UndisturbedRow odd in undisturbed.Where(row => row.Count + row.Tagged != _counted[Of(row)]))
        {
            throw CsvLayouts.Undisturbed.Refuse(folder, named, row => Of(row) == Of(odd), UndisturbedCount,
                $"with its 'tagged' the {_counted[Of(odd)]} samples of '{CsvLayouts.Summary.Name}'");
        }
    }

    private void CheckSummary(Func<One, bool> isThere, string where)
    {
        if (summary.FirstOrDefault(row => row.Count > 0 && !isThere(Of(row))) is { } lone) throw CsvLayouts.Summary.Refuse(
            folder, named, row => Of(row) == Of(lone), MetricColumn, $"a metric with a row of this run in '{where}'");
    }

    private void CheckKnown<TRow>(CsvTable<TRow> table, IReadOnlyList<TRow> rows, Func<TRow, One> of) where TRow : MeasurementRow
    {
        if (rows.FirstOrDefault(row => _counted.GetValueOrDefault(of(row)) == 0) is { } lone) throw table.Refuse(folder, named,
            row => of(row) == of(lone), MetricColumn, $"a metric with samples of this run in '{CsvLayouts.Summary.Name}'");
    }

    private static string Rest(long found, long expected) =>
        $"with the others of its metric, which are {found}, the {expected} samples of '{CsvLayouts.Summary.Name}'";

    private static Dictionary<One, long> Sums<TRow>(IEnumerable<TRow> rows, Func<TRow, One> of, Func<TRow, long> count) =>
        rows.GroupBy(of, count).ToDictionary(same => same.Key, same => same.Sum());

    private static One Of(SummaryRow row) => (row.Key, row.Metric);

    private static One Of(HistogramRow row) => (row.Key, row.Metric);

    private static One Of(TimelineRow row) => (row.Key, row.Metric);

    private static One Of(UndisturbedRow row) => (row.Key, row.Metric);

    private static One Of(TaggedSampleRow row) => (row.Key, row.Metric);
}
