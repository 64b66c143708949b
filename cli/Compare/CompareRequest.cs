using Lab.Results.Comparisons;

namespace Lab.Cli.Compare;

/// <summary>How a comparison goes to standard output.</summary>
internal enum CompareFormat
{
    Table,
    Mmtests,
    Markdown,
    Json,
    Csv,
}

/// <summary>One invocation of <c>lab compare</c>, checked as far as that is possible before anything is measured.</summary>
internal sealed record CompareRequest
{
    /// <summary>Empty if <see cref="Resume"/> names a comparison, which has its own.</summary>
    public IReadOnlyList<ComparisonArm> Arms { get; init; } = [];

    /// <summary>The comparison folder to go on with.</summary>
    public string? Resume { get; init; }

    /// <summary>Null where it was not given: a resumed comparison has its own.</summary>
    public int? Blocks { get; init; }

    public ulong Seed { get; init; } = 1;

    public double? Threshold { get; init; }

    /// <summary>Length of the turns in which the arms of a block measure, as typed; null for one after another.</summary>
    public string? Turns { get; init; }

    /// <summary>Metrics that decide; empty for the default.</summary>
    public IReadOnlyList<string> Gated { get; init; } = [];

    /// <summary>Whether an answer is demanded: what stays open is a failure of its own kind.</summary>
    public bool MustDecide { get; init; }

    /// <summary>Whether a contaminated run is a failure.</summary>
    public bool IsStrict { get; init; }

    /// <summary>Whether baselines of other machines are taken.</summary>
    public bool Anyway { get; init; }

    public string? SaveBaseline { get; init; }

    public string Out { get; init; } = Path.Combine("results", "comparisons");

    public CompareFormat Format { get; init; }

    /// <summary>What people should know before it begins, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
