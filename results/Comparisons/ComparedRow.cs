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
}
