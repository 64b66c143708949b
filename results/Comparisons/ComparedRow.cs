using Lab.Results.Statistics;

namespace Lab.Results.Comparisons;

/// <summary>One line of a comparison: a quantile or rate of a metric, of one arm against the first.</summary>
public sealed record ComparedRow
{
    public required Scene Scene { get; init; }
    public required string Metric { get; init; }

    /// <summary><c>p50</c> … <c>p99.9</c>, <c>max</c> or <c>rate</c>.</summary>
    public required string Quantile { get; init; }

    public required string Unit { get; init; }
    public required string ArmA { get; init; }
    public required string ArmB { get; init; }

    /// <summary>0.5 … 0.999; null for <c>max</c> and <c>rate</c>.</summary>
    public double? P { get; init; }

    /// <summary>Of the run that has the fewest.</summary>
    public long Samples { get; init; }

    /// <summary>Likewise of those that no located disturbance overlapped; 0 where no run was watched.</summary>
    public long UndisturbedSamples { get; init; }

    /// <summary>Medians over runs of one value per run; not a number without runs.</summary>
    public double ValueA { get; init; }

    public double ValueB { get; init; }

    /// <summary>The two levels that an arm's runs fall into, where one centre does not describe them.</summary>
    public Modes? ModesA { get; init; }

    public Modes? ModesB { get; init; }

    /// <summary>The same of the samples that no located disturbance overlapped; not a number where no run was watched, and for
    /// rates.</summary>
    public double UndisturbedA { get; init; } = double.NaN;

    public double UndisturbedB { get; init; } = double.NaN;

    /// <summary>Whether it decides the exit code.</summary>
    public bool Gated { get; init; }

    /// <summary>Blocks if paired, else runs of the smaller arm.</summary>
    public int Runs { get; init; }

    public bool IsPaired { get; init; }

    /// <summary>Null where the question was not asked.</summary>
    public Comparison? Answer { get; init; }

    /// <summary>Why it was not asked.</summary>
    public string? NotAsked { get; init; }

    /// <summary>The values as people see them: not a number where a run has too few samples, see
    /// <see cref="Quantiles.IsShown"/>.</summary>
    public (double A, double B) Shown => Seen(Samples, ValueA, ValueB);

    /// <summary>Likewise without the disturbed samples.</summary>
    public (double A, double B) UndisturbedShown => Seen(UndisturbedSamples, UndisturbedA, UndisturbedB);

    /// <summary>Of the two values that stand beside it.</summary>
    public double RatioOfValues => Shown.B / Shown.A;

    /// <summary>Of the values without the disturbed samples.</summary>
    public double UndisturbedRatio => UndisturbedShown.B / UndisturbedShown.A;

    private (double, double) Seen(long samples, double a, double b) =>
        P is { } p && !Quantiles.IsShown(samples, p) ? (double.NaN, double.NaN) : (a, b);
}
