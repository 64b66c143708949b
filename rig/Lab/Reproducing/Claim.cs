using Lab.Results;

namespace Lab.Application.Reproducing;

/// <summary>What somebody said about the strategies, with the figures by which a machine can tell.</summary>
/// <param name="Id">As the reference has it: H6.</param>
/// <param name="Title">In a few words.</param>
/// <param name="Said">What was claimed, with its numbers.</param>
/// <param name="Source">Where.</param>
/// <param name="Workload">That all arms are measured on.</param>
/// <param name="Arms">What is measured beside each other.</param>
/// <param name="Figures">Read off each run.</param>
/// <param name="Expectations">What must hold of them for the claim to hold.</param>
public sealed record Claim(
    string Id, string Title, string Said, string Source, string Workload, IReadOnlyList<ClaimArm> Arms,
    IReadOnlyList<ClaimFigure> Figures, IReadOnlyList<Expectation> Expectations)
{
    /// <summary>What this lab or this machine cannot have of the claim, as a sentence; null if it has all.</summary>
    public string? Limits { get; init; }

    /// <summary>An arm may break invariants: that is what is asked.</summary>
    public bool MayBreak { get; init; }
}

/// <summary>One of the things that a claim compares.</summary>
/// <param name="Label">Unique within the claim.</param>
/// <param name="Subject">Strategy, notifier and ageing scheme, as <c>--strategy</c> takes them.</param>
/// <param name="Options">Of <c>lab run</c> beside those of the claim, each with its value.</param>
public sealed record ClaimArm(string Label, string Subject, params IReadOnlyList<string> Options);

/// <summary>A number that a run gives.</summary>
/// <param name="Name">With its quantile: "update p50".</param>
/// <param name="Unit">ns, 1/s, or nothing for a plain number.</param>
/// <param name="Of">From the run of an arm; null if the run has none.</param>
public sealed record ClaimFigure(string Name, string Unit, Func<RunRecord, ClaimArm, double?> Of);

/// <summary>A bound on a figure of one arm, or on its ratio to that of another.</summary>
/// <param name="Figure">Its name.</param>
/// <param name="Arm">Label of the arm.</param>
/// <param name="Against">Label of the other, or null.</param>
/// <param name="AtLeast">Lowest value with which the claim holds, or null.</param>
/// <param name="AtMost">Highest, or null.</param>
public sealed record Expectation(string Figure, string Arm, string? Against, double? AtLeast = null, double? AtMost = null)
{
    public bool IsMetBy(double value) => !(value < AtLeast) && !(value > AtMost);
}
