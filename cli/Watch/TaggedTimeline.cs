using Lab.Measure;
using Lab.Results;

namespace Lab.Cli;

/// <summary>An interval of a metric's timeline with the kinds of disturbance that overlap it (<see cref="DisturbanceOverlap.Bit"/>).</summary>
internal sealed record TaggedInterval(TimelineRow Row, uint Tag);

/// <summary>A metric over intervals: how many, their samples, the largest 99th percentile and the longest sample.</summary>
internal sealed record IntervalView(int Intervals, long Samples, double WorstP99, double Max)
{
    public static IntervalView Of(IReadOnlyCollection<TaggedInterval> intervals) => new(
        intervals.Count,
        intervals.Sum(one => one.Row.Count),
        intervals.Select(one => one.Row.P99).DefaultIfEmpty(0).Max(),
        intervals.Select(one => one.Row.Max).DefaultIfEmpty(0).Max());
}

/// <summary>The timeline of one measurement, tagged: every interval is kept, and the figures are given with all and with the undisturbed ones alone.</summary>
/// <param name="Intervals">In the order of the rows.</param>
/// <param name="Totals">What overlapped the whole window, by kind.</param>
internal sealed record TaggedTimeline(IReadOnlyList<TaggedInterval> Intervals, IReadOnlyList<DisturbanceTotal> Totals)
{
    public IntervalView All => IntervalView.Of([.. Intervals]);

    public IntervalView Undisturbed => IntervalView.Of([.. Intervals.Where(one => one.Tag == 0)]);

    /// <summary>Null for a run from before its windows were dated.</summary>
    /// <param name="measurement">Whose window it is.</param>
    /// <param name="rows">Its timeline, of one metric.</param>
    /// <param name="disturbances">On the CLOCK_MONOTONIC line of the same machine since the same boot.</param>
    public static TaggedTimeline? Of(Measurement measurement, IReadOnlyList<TimelineRow> rows, IReadOnlyList<Disturbance> disturbances)
    {
        if (measurement.WindowStartNs is not { } start) return null;
        Stretch[] stretches = [.. rows.Select(row => new Stretch(start + Nanoseconds(row.StartMs), start + Nanoseconds(row.StartMs + row.LengthMs) - 1))];
        uint[] tags = DisturbanceOverlap.Tag(stretches, disturbances);
        return new TaggedTimeline(
            [.. rows.Select((row, index) => new TaggedInterval(row, tags[index]))],
            DisturbanceTotal.Within(new Stretch(start, start + (long)(measurement.MeasuredS * 1e9)), disturbances));
    }

    private static long Nanoseconds(double milliseconds) => (long)(milliseconds * 1e6);
}
