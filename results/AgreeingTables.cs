using One = (Lab.Results.MeasurementKey Key, string Metric);

namespace Lab.Results;

/// <summary>A run's tables tell of the same samples: of each metric of a measurement, buckets and intervals hold as many as its
/// summary counts, and so do those that were disturbed with those that were not. Numbers are compared of clean measurements only:
/// of one that was given up a thread may have recorded while its samples were summed.</summary>
internal sealed class AgreeingTables(string folder, NamedMeasurements named, IReadOnlyList<SummaryRow> summary)
{
    private const int MetricColumn = 0, LowColumn = 2, SummaryCount = 2, SummaryMin = 3, SummaryMean = 4, SummaryP50 = 6,
        SummaryMax = 11, SummaryRate = 12, HistogramCount = 4, TimelineCount = 4, UndisturbedCount = 2, UndisturbedTagged = 3;

    /// <summary>Numbers are written with three decimals.</summary>
    private const double Rounding = 0.001, RelativeRounding = 1e-6;

    private static readonly double[] Quantiles = [0.5, 0.9, 0.99, 0.999, 0.9999];

    /// <summary>Samples above it, an hour, are in the last bucket all the same.</summary>
    private const long BucketsEnd = 3_600_000_000_000;

    private readonly HashSet<MeasurementKey> _clean = [.. named.Clean.Select(one => one.Key)];

    private readonly Dictionary<MeasurementKey, double> _seconds = named.Clean.ToDictionary(one => one.Key, one => one.MeasuredS);

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
        foreach ((One one, long count) in _counted.Where(one => one.Value > 0 && _clean.Contains(one.Key.Key)))
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

    /// <summary>Buckets rise, none twice; the smallest sample is not below the first, the largest in the last.</summary>
    /// <exception cref="RunDamagedException">As above.</exception>
    internal void CheckRanges(IReadOnlyList<HistogramRow> histograms)
    {
        Dictionary<One, (long Low, HistogramRow Last)> ranges = [];
        foreach (HistogramRow row in histograms)
        {
            if (!ranges.TryGetValue(Of(row), out (long Low, HistogramRow Last) before)) ranges[Of(row)] = (row.Low, row);
            else if (row.Low >= before.Last.High) ranges[Of(row)] = (before.Low, row);
            else throw CsvLayouts.Histograms.Refuse(folder, named, one => one == row, LowColumn,
                $"at least {before.Last.High}, the 'high' of the bucket before");
        }
        foreach (SummaryRow row in summary.Where(row => row.Count > 0 && _clean.Contains(row.Key)))
        {
            (long low, HistogramRow last) = ranges[Of(row)];
            if (row.Min < low) throw Odd(row, SummaryMin, $"at least {low}, where its buckets begin");
            if (row.Max < last.Low || (row.Max >= last.High && last.High < BucketsEnd)) throw Odd(
                row, SummaryMax, $"in its last bucket, from {last.Low} to {last.High}");
        }
        ILookup<One, HistogramRow> buckets = histograms.ToLookup(Of);
        foreach (SummaryRow row in summary.Where(row => row.Count > 0 && _clean.Contains(row.Key)))
        {
            CheckNumbers(row, [.. buckets[Of(row)]], _seconds[row.Key]);
        }
    }

    /// <summary>Mean and quantiles follow from the buckets, the rate from the count and the measurement's length.</summary>
    private void CheckNumbers(SummaryRow row, HistogramRow[] buckets, double seconds)
    {
        double least = buckets.Sum(one => (double)one.Low * one.Count) / row.Count;
        double most = buckets[^1].High >= BucketsEnd ? double.MaxValue
            : buckets.Sum(one => (double)(one.High - 1) * one.Count) / row.Count;
        if (row.Mean < least - Slack(least) || row.Mean > most + Slack(most)) throw Odd(row, SummaryMean,
            FormattableString.Invariant($"between {least:0.###} and {most:0.###}, as its buckets say"));
        double[] found = [row.P50, row.P90, row.P99, row.P999, row.P9999];
        for (int at = 0; at < found.Length; at++)
        {
            long rank = Math.Clamp((long)Math.Ceiling(Quantiles[at] * row.Count), 1, row.Count), below = 0;
            HistogramRow bucket = buckets.First(one => (below += one.Count) >= rank);
            if (rank == row.Count ? found[at] == row.Max : found[at] >= bucket.Low && found[at] < bucket.High) continue;
            throw Odd(row, SummaryP50 + at, rank == row.Count ? "the maximum, which so few samples leave it"
                : $"in the bucket of its rank, from {bucket.Low} to {bucket.High}");
        }
        double rate = seconds > 0 ? row.Count / seconds : 0;
        if (Math.Abs(row.RatePerS - rate) > Slack(rate)) throw Odd(row, SummaryRate,
            FormattableString.Invariant($"{rate:0.###}, its count over the {seconds} s of the manifest's 'measured_s'"));
    }

    private static double Slack(double value) => Rounding + RelativeRounding * value;

    private RunDamagedException Odd(SummaryRow row, int column, string expected) =>
        CsvLayouts.Summary.Refuse(folder, named, one => Of(one) == Of(row), column, expected);

    /// <exception cref="RunDamagedException">As above.</exception>
    internal void Check(IReadOnlyList<UndisturbedRow> undisturbed, IReadOnlyList<TaggedSampleRow> tagged)
    {
        CheckKnown(CsvLayouts.Undisturbed, undisturbed, Of);
        CheckKnown(CsvLayouts.Tagged, tagged, Of);
        foreach (UndisturbedRow odd in undisturbed.Where(
            row => _clean.Contains(row.Key) && row.Count + row.Tagged != _counted[Of(row)]))
        {
            throw CsvLayouts.Undisturbed.Refuse(folder, named, row => Of(row) == Of(odd), UndisturbedCount,
                $"with its 'tagged' the {_counted[Of(odd)]} samples of '{CsvLayouts.Summary.Name}'");
        }
    }

    /// <summary>Of the samples that were disturbed the longest are listed.</summary>
    /// <exception cref="RunDamagedException">As above.</exception>
    internal void CheckTagged(IReadOnlyList<UndisturbedRow> undisturbed, IReadOnlyList<TaggedSampleRow> tagged)
    {
        Dictionary<One, long> listed = Sums(tagged, Of, _ => 1);
        foreach (UndisturbedRow row in undisturbed)
        {
            long there = listed.GetValueOrDefault(Of(row));
            if (there > row.Tagged) throw CsvLayouts.Undisturbed.Refuse(folder, named, one => Of(one) == Of(row),
                UndisturbedTagged, $"at least the {there} that '{CsvLayouts.Tagged.Name}' lists");
        }
        HashSet<One> known = [.. undisturbed.Select(Of)];
        if (tagged.FirstOrDefault(row => !known.Contains(Of(row))) is { } lone) throw CsvLayouts.Tagged.Refuse(folder, named,
            row => Of(row) == Of(lone), MetricColumn, $"a metric with a row of this run in '{CsvLayouts.Undisturbed.Name}'");
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
