using System.Text.Json.Serialization;

namespace Lab.Results;

/// <summary>What every row of a run folder starts with: the measurement it belongs to.</summary>
public abstract record MeasurementRow
{
    [Name]
    public required string Strategy { get; init; }

    [Name]
    public required string Workload { get; init; }

    [Name]
    public required string Mmu { get; init; }

    [Between(1)]
    public required int Run { get; init; }

    [JsonIgnore]
    public MeasurementKey Key => new(Strategy, Workload, Mmu, Run);

    [JsonIgnore]
    public Scene Scene => new(Workload, Mmu);
}

/// <summary>One metric of one measurement in a line: <c>summary.csv</c>. Metrics have dotted names
/// (<c>update.phase.lock_wait</c>); values are in <see cref="Unit"/>; what could not be measured is not a number, written as an
/// empty field.</summary>
public sealed record SummaryRow : MeasurementRow
{
    public required string Metric { get; init; }
    public required string Unit { get; init; }
    public long Count { get; init; }
    public double Min { get; init; }
    public double Mean { get; init; }
    public double StdDev { get; init; }
    public double P50 { get; init; }
    public double P90 { get; init; }
    public double P99 { get; init; }
    public double P999 { get; init; }
    public double P9999 { get; init; }
    public double Max { get; init; }
    public double RatePerS { get; init; }
}

/// <summary>One non-empty bucket [<see cref="Low"/>, <see cref="High"/>) of a metric's histogram:
/// <c>histograms.csv</c>.</summary>
public sealed record HistogramRow : MeasurementRow
{
    public required string Metric { get; init; }
    public required string Unit { get; init; }
    public long Low { get; init; }
    public long High { get; init; }
    public long Count { get; init; }
}

/// <summary>One metric over one interval of the measured window: <c>timeline.csv</c>.</summary>
public sealed record TimelineRow : MeasurementRow
{
    public required string Metric { get; init; }
    public required string Unit { get; init; }

    /// <summary>Milliseconds since the measured window opened.</summary>
    public double StartMs { get; init; }

    public double LengthMs { get; init; }
    public long Count { get; init; }
    public double P50 { get; init; }
    public double P99 { get; init; }
    public double Max { get; init; }
}

/// <summary>How often a kernel tracepoint fired in one interval of the measured window: <c>kernel_events.csv</c>, which is there
/// only when the kernel was traced. Intervals without events have no row.</summary>
public sealed record KernelEventRow : MeasurementRow
{
    /// <summary>Of the tracepoint, without its system: <c>kvm_mmu_zap_all_fast</c>.</summary>
    public required string Event { get; init; }

    /// <summary>Milliseconds since the measured window opened.</summary>
    public double StartMs { get; init; }

    public double LengthMs { get; init; }
    public long Count { get; init; }
}

/// <summary>Something that came between the measurement and its subject: <c>disturbances.csv</c>, which is there only when the
/// run was watched. Those that overlap the measured window; one may begin before it and end after it.</summary>
public sealed record DisturbanceRow : MeasurementRow
{
    /// <summary><c>gc-pause</c>, <c>jit</c>, <c>tier-up</c>, <c>lock-contention</c>, <c>thread-pool</c>, <c>steal</c>,
    /// <c>run-queue-delay</c>, <c>involuntary-switch</c>, <c>migration</c>, <c>major-fault</c> or
    /// <c>frequency-change</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Milliseconds since the measured window opened; below 0 if it began before.</summary>
    public double StartMs { get; init; }

    public double LengthMs { get; init; }

    /// <summary>Whose samples alone it can have touched; empty if anybody's.</summary>
    public string Actor { get; init; } = "";

    /// <summary>Whether start and length are the disturbance's own. Else they are those of two looks at a counter between which
    /// it happened; such a one tags no single sample.</summary>
    public bool Located { get; init; }

    /// <summary>Which method, how much, in a few words.</summary>
    public string Detail { get; init; } = "";
}

/// <summary>A metric without the samples that a located disturbance overlapped: <c>undisturbed.csv</c>, beside which
/// <c>summary.csv</c> has all of them. One row for each metric of a watched measurement, also where nothing was tagged.</summary>
public sealed record UndisturbedRow : MeasurementRow
{
    public required string Metric { get; init; }
    public required string Unit { get; init; }

    /// <summary>Samples that are left.</summary>
    public long Count { get; init; }

    /// <summary>Samples that are not.</summary>
    public long Tagged { get; init; }

    public double P50 { get; init; }
    public double P90 { get; init; }
    public double P99 { get; init; }
    public double P999 { get; init; }
    public double P9999 { get; init; }
    public double Max { get; init; }
}

/// <summary>A sample that a located disturbance overlapped: <c>tagged.csv</c>, the longest of each metric first.</summary>
public sealed record TaggedSampleRow : MeasurementRow
{
    public required string Metric { get; init; }
    public required string Unit { get; init; }
    public required string Actor { get; init; }

    /// <summary>When it began, in milliseconds since the measured window opened.</summary>
    public double StartMs { get; init; }

    public double Value { get; init; }

    /// <summary>As <see cref="DisturbanceRow.Kind"/>; several are joined by <c>+</c>.</summary>
    public required string Kinds { get; init; }
}

/// <summary>One counted value: <c>counters.csv</c>.</summary>
public sealed record CounterRow : MeasurementRow
{
    /// <summary>Whose it is (<c>vcpu0</c>, <c>worker</c>); empty for the whole VM.</summary>
    public string Actor { get; init; } = "";

    public required string Counter { get; init; }
    public string Unit { get; init; } = "";
    public double Value { get; init; }
}

/// <summary>One broken invariant and what led to it: an element of <c>violations.json</c>.</summary>
public sealed record Violation : MeasurementRow
{
    [Name]
    public required string Invariant { get; init; }

    /// <summary>What the invariant promises.</summary>
    public required string Claim { get; init; }

    /// <summary>What was seen instead.</summary>
    public required string What { get; init; }

    public string? Root { get; init; }

    [Between(-Domain.NumberMax), JsonRequired]
    public long AtNs { get; init; }

    [JsonRequired]
    public IReadOnlyList<ViolationEvent> Events { get; init; } = [];
}

/// <summary>One step on the way to a violation.</summary>
public sealed record ViolationEvent
{
    [Between(-Domain.NumberMax), JsonRequired]
    public long TNs { get; init; }

    [Name]
    public required string Actor { get; init; }

    [Name]
    public required string Kind { get; init; }

    public string? Root { get; init; }

    [Between(-Domain.NumberMax)]
    public long? Refcount { get; init; }

    public string? Detail { get; init; }
}

/// <summary>Everything one finished measurement leaves; each row must carry the measurement's own key.</summary>
public sealed record MeasurementRows(Measurement Measurement)
{
    public IReadOnlyList<SummaryRow> Summary { get; init; } = [];
    public IReadOnlyList<HistogramRow> Histograms { get; init; } = [];
    public IReadOnlyList<TimelineRow> Timeline { get; init; } = [];
    public IReadOnlyList<CounterRow> Counters { get; init; } = [];
    public IReadOnlyList<KernelEventRow> KernelEvents { get; init; } = [];
    public IReadOnlyList<DisturbanceRow> Disturbances { get; init; } = [];
    public IReadOnlyList<UndisturbedRow> Undisturbed { get; init; } = [];
    public IReadOnlyList<TaggedSampleRow> Tagged { get; init; } = [];
    public IReadOnlyList<Violation> Violations { get; init; } = [];

    internal void RefuseForeignRows()
    {
        MeasurementKey key = Measurement.Key;
        IEnumerable<MeasurementRow> rows = Summary.Concat<MeasurementRow>(Histograms).Concat(Timeline).Concat(Counters)
            .Concat(KernelEvents).Concat(Disturbances).Concat(Undisturbed).Concat(Tagged).Concat(Violations);
        if (rows.FirstOrDefault(row => row.Key != key) is { } foreign) throw new ArgumentException(
            $"A row of {foreign.Key} was passed as part of {key}.");
    }
}
