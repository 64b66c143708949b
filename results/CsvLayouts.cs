namespace Lab.Results;

/// <summary>The columns of the CSV files, in order. Every file starts with the measurement's key, and the cells of a row are
/// written and read in the order its header names them; a file whose header differs is refused rather than guessed at.</summary>
internal static class CsvLayouts
{
    internal static CsvTable<SummaryRow> Summary { get; } = new(
        "summary.csv",
        ["metric", "unit", "count", "min", "mean", "stddev", "p50", "p90", "p99", "p99_9", "p99_99", "max", "rate_per_s"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Whole(row.Count)
            .Number(row.Min).Number(row.Mean).Number(row.StdDev)
            .Number(row.P50).Number(row.P90).Number(row.P99).Number(row.P999).Number(row.P9999)
            .Number(row.Max).Number(row.RatePerS),
        (key, from) =>
        {
            (string metric, string unit, long count) = (from.Metric(), from.SampleUnit(), from.Count());
            double Any() => count == 0 ? from.NumberIfAny() : from.Number();
            (double min, double mean, double deviation) = (Any(), Any(), Any());
            double[] quantiles = from.Rising(count, 6);
            const int minColumn = 3, meanColumn = 4;
            if (count > 0 && min > quantiles[0]) throw from.RefuseColumn(minColumn, "at most 'p50'");
            // Written with three decimals, rounded.
            if (count > 0 && (mean < min - 0.001 || mean > quantiles[^1] + 0.001))
            {
                throw from.RefuseColumn(meanColumn, "between 'min' and 'max'");
            }
            return new SummaryRow
            {
                Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = unit,
                Count = count, Min = min, Mean = mean, StdDev = deviation, P50 = quantiles[0], P90 = quantiles[1],
                P99 = quantiles[2], P999 = quantiles[3], P9999 = quantiles[4], Max = quantiles[5], RatePerS = Any(),
            };
        },
        row => row.Metric);

    internal static CsvTable<HistogramRow> Histograms { get; } = new(
        "histograms.csv",
        ["metric", "unit", "low", "high", "count"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Whole(row.Low).Whole(row.High).Whole(row.Count),
        (key, from) =>
        {
            (string metric, string unit, long low) = (from.Metric(), from.SampleUnit(), from.Whole(0, (long)Domain.NumberMax));
            return new HistogramRow
            {
                Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = unit,
                Low = low, High = from.Whole(low + 1, long.MaxValue), Count = from.Count(),
            };
        });

    internal static CsvTable<TimelineRow> Timeline { get; } = new(
        "timeline.csv",
        ["metric", "unit", "start_ms", "length_ms", "count", "p50", "p99", "max"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Number(row.StartMs).Number(row.LengthMs).Whole(row.Count)
            .Number(row.P50).Number(row.P99).Number(row.Max),
        (key, from) =>
        {
            (string metric, string unit, double start) = (from.Metric(), from.SampleUnit(), from.LengthMs());
            (double length, long count) = (from.IntervalMs(), from.Count());
            double[] quantiles = from.Rising(count, 3);
            return new TimelineRow
            {
                Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = unit,
                StartMs = start, LengthMs = length, Count = count, P50 = quantiles[0], P99 = quantiles[1], Max = quantiles[2],
            };
        });

    internal static CsvTable<CounterRow> Counters { get; } = new(
        "counters.csv",
        ["actor", "counter", "unit", "value"],
        (to, row) => to.Text(row.Actor).Text(row.Counter).Text(row.Unit).Number(row.Value),
        (key, from) =>
        {
            (string actor, string counter, string unit) = (from.Text(), from.Metric(), from.Unit());
            return new CounterRow
            {
                Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Actor = actor, Counter = counter,
                // Some of the kernel's statistics are levels, which may fall: pages in use.
                Unit = unit,
                Value = counter.StartsWith("kvm.", StringComparison.Ordinal) ? from.ChangeIfAny() : from.NumberIfAny(),
            };
        });

    internal static CsvTable<KernelEventRow> KernelEvents { get; } = new(
        "kernel_events.csv",
        ["event", "start_ms", "length_ms", "count"],
        (to, row) => to.Text(row.Event).Number(row.StartMs).Number(row.LengthMs).Whole(row.Count),
        (key, from) => new KernelEventRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Event = from.Metric(), StartMs = from.LengthMs(), LengthMs = from.IntervalMs(), Count = from.Count(),
        });

    internal static CsvTable<DisturbanceRow> Disturbances { get; } = new(
        "disturbances.csv",
        ["kind", "start_ms", "length_ms", "actor", "located", "detail"],
        (to, row) => to.Text(row.Kind).Number(row.StartMs).Number(row.LengthMs).Text(row.Actor).Whole(row.Located ? 1 : 0)
            .Text(row.Detail),
        (key, from) => new DisturbanceRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Kind = from.Kind(), StartMs = from.Milliseconds(), LengthMs = from.LengthMs(), Actor = from.Text(),
            Located = from.Whole(0, 1) == 1, Detail = from.Text(),
        });

    internal static CsvTable<UndisturbedRow> Undisturbed { get; } = new(
        "undisturbed.csv",
        ["metric", "unit", "count", "tagged", "p50", "p90", "p99", "p99_9", "p99_99", "max"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Whole(row.Count).Whole(row.Tagged)
            .Number(row.P50).Number(row.P90).Number(row.P99).Number(row.P999).Number(row.P9999).Number(row.Max),
        (key, from) =>
        {
            (string metric, string unit) = (from.Metric(), from.SampleUnit());
            (long count, long tagged) = (from.Count(), from.Count());
            double[] quantiles = from.Rising(count, 6);
            return new UndisturbedRow
            {
                Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = unit,
                Count = count, Tagged = tagged, P50 = quantiles[0], P90 = quantiles[1], P99 = quantiles[2], P999 = quantiles[3],
                P9999 = quantiles[4], Max = quantiles[5],
            };
        },
        row => row.Metric);

    internal static CsvTable<TaggedSampleRow> Tagged { get; } = new(
        "tagged.csv",
        ["metric", "unit", "actor", "start_ms", "value", "kinds"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Text(row.Actor).Number(row.StartMs).Number(row.Value).Text(row.Kinds),
        (key, from) => new TaggedSampleRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Metric = from.Metric(), Unit = from.SampleUnit(), Actor = from.Name(), StartMs = from.Milliseconds(),
            Value = from.Number(), Kinds = from.Kinds(),
        });
}
