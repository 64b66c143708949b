using Lab.Results;

namespace Lab.Report.Runs;

/// <summary>What <c>--format json</c> prints: the manifest, the summary, the violations and the summary without tagged samples of
/// a run, in the names of its files.</summary>
public sealed record RunJsonView(string Folder, string State, Manifest Manifest, IReadOnlyList<SummaryRow> Summary,
    IReadOnlyList<Violation> Violations, IReadOnlyList<UndisturbedRow> Undisturbed)
{
    public static RunJsonView Of(RunRecord run) =>
        new(run.Folder, run.State.ToString().ToLowerInvariant(), run.Manifest, run.Summary, run.Violations, run.Undisturbed);
}
