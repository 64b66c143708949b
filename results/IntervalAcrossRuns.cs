namespace Lab.Results;

/// <summary>One interval of the measured window over all repetitions.</summary>
/// <param name="MedianP50">Median of the repetitions' p50: one disturbed repetition does not bend the line.</param>
/// <param name="Max">The largest sample any repetition had in the interval.</param>
public readonly record struct IntervalAcrossRuns(double StartMs, double LengthMs, double MedianP50, double Max)
{
    /// <summary>The intervals of one metric of one strategy in one scene, in time order; those without samples are
    /// absent.</summary>
    public static IReadOnlyList<IntervalAcrossRuns> Of(IEnumerable<TimelineRow> rows) =>
    [
        .. rows.Where(row => row.Count > 0)
            .GroupBy(row => row.StartMs, (start, same) => Merge(start, [.. same]))
            .OrderBy(interval => interval.StartMs),
    ];

    private static IntervalAcrossRuns Merge(double startMs, List<TimelineRow> rows)
    {
        List<double> p50s = [.. rows.Select(row => row.P50).Order()];
        double median = (p50s[(p50s.Count - 1) / 2] + p50s[p50s.Count / 2]) / 2;
        return new IntervalAcrossRuns(startMs, rows.Max(row => row.LengthMs), median, rows.Max(row => row.Max));
    }
}
