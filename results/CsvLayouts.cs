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
        (key, from) => new SummaryRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Metric = from.Text(), Unit = from.Text(), Count = from.Whole(),
            Min = from.Number(), Mean = from.Number(), StdDev = from.Number(),
            P50 = from.Number(), P90 = from.Number(), P99 = from.Number(), P999 = from.Number(), P9999 = from.Number(),
            Max = from.Number(), RatePerS = from.Number(),
        });

    internal static CsvTable<HistogramRow> Histograms { get; } = new(
        "histograms.csv",
        ["metric", "unit", "low", "high", "count"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Whole(row.Low).Whole(row.High).Whole(row.Count),
        (key, from) => new HistogramRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Metric = from.Text(), Unit = from.Text(), Low = from.Whole(), High = from.Whole(), Count = from.Whole(),
        });

    internal static CsvTable<TimelineRow> Timeline { get; } = new(
        "timeline.csv",
        ["metric", "unit", "start_ms", "length_ms", "count", "p50", "p99", "max"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Number(row.StartMs).Number(row.LengthMs).Whole(row.Count)
            .Number(row.P50).Number(row.P99).Number(row.Max),
        (key, from) => new TimelineRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Metric = from.Text(), Unit = from.Text(), StartMs = from.Number(), LengthMs = from.Number(), Count = from.Whole(),
            P50 = from.Number(), P99 = from.Number(), Max = from.Number(),
        });

    internal static CsvTable<CounterRow> Counters { get; } = new(
        "counters.csv",
        ["actor", "counter", "unit", "value"],
        (to, row) => to.Text(row.Actor).Text(row.Counter).Text(row.Unit).Number(row.Value),
        (key, from) => new CounterRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Actor = from.Text(), Counter = from.Text(), Unit = from.Text(), Value = from.Number(),
        });

    internal static CsvTable<KernelEventRow> KernelEvents { get; } = new(
        "kernel_events.csv",
        ["event", "start_ms", "length_ms", "count"],
        (to, row) => to.Text(row.Event).Number(row.StartMs).Number(row.LengthMs).Whole(row.Count),
        (key, from) => new KernelEventRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Event = from.Text(), StartMs = from.Number(), LengthMs = from.Number(), Count = from.Whole(),
        });

    internal static CsvTable<DisturbanceRow> Disturbances { get; } = new(
        "disturbances.csv",
        ["kind", "start_ms", "length_ms", "actor", "located", "detail"],
        (to, row) => to.Text(row.Kind).Number(row.StartMs).Number(row.LengthMs).Text(row.Actor).Whole(row.Located ? 1 : 0)
            .Text(row.Detail),
        (key, from) => new DisturbanceRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Kind = from.Text(), StartMs = from.Number(), LengthMs = from.Number(), Actor = from.Text(),
            Located = from.Whole() != 0, Detail = from.Text(),
        });

    internal static CsvTable<UndisturbedRow> Undisturbed { get; } = new(
        "undisturbed.csv",
        ["metric", "unit", "count", "tagged", "p50", "p90", "p99", "p99_9", "p99_99", "max"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Whole(row.Count).Whole(row.Tagged)
            .Number(row.P50).Number(row.P90).Number(row.P99).Number(row.P999).Number(row.P9999).Number(row.Max),
        (key, from) => new UndisturbedRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Metric = from.Text(), Unit = from.Text(), Count = from.Whole(), Tagged = from.Whole(),
            P50 = from.Number(), P90 = from.Number(), P99 = from.Number(), P999 = from.Number(), P9999 = from.Number(),
            Max = from.Number(),
        });

    internal static CsvTable<TaggedSampleRow> Tagged { get; } = new(
        "tagged.csv",
        ["metric", "unit", "actor", "start_ms", "value", "kinds"],
        (to, row) => to.Text(row.Metric).Text(row.Unit).Text(row.Actor).Number(row.StartMs).Number(row.Value).Text(row.Kinds),
        (key, from) => new TaggedSampleRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Metric = from.Text(), Unit = from.Text(), Actor = from.Text(), StartMs = from.Number(), Value = from.Number(),
            Kinds = from.Text(),
        });
}
