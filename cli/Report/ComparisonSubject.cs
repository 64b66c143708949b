using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Plots;
using Lab.Report.Comparisons;
using Lab.Results.Comparisons;
using Lab.Results.HdrLog;
using Lab.Settings;

namespace Lab.Cli.Report;

/// <summary>A comparison that was measured in blocks, to be reported again with the threshold and the metrics that it was made
/// with.</summary>
internal sealed class ComparisonSubject : IReportSubject
{
    private readonly ComparisonFolder _folder;
    private readonly ArmComparison _comparison;

    /// <exception cref="UsageException">It has one arm, or an arm that was measured before is gone.</exception>
    public ComparisonSubject(ComparisonFolder folder, LabConsole console)
    {
        IReadOnlyList<ComparisonArm> arms = folder.Manifest.Arms;
        if (arms.Count < 2) throw new UsageException(
            $"'{folder.Path}' has one arm, so there is nothing to compare; report its runs.");
        FixedArms given = new(arms, console.Error);
        _folder = folder;
        _comparison = ArmComparison.Of(
            [.. arms.Select(
                (arm, index) => arm.Source == ArmSource.Strategy ? ArmReader.FromBlocks(folder, index) : given.Of(index))],
            folder.Manifest.Threshold, folder.Manifest.Gated) with { Subject = folder.Manifest.Subject };
    }

    public string WriteReport() => ComparisonReport.Write(_comparison, _folder);

    public void Print(OutputFormat format, LabConsole console) =>
        CompareOutput.Print(_comparison, _folder, Of(format), console.Out, console.Error);

    public HdrLogFile? Log() => null;

    public IEnumerable<(string Name, Plot Plot)> Figures() =>
        ComparisonFigures.Of(_comparison, ComparedDistributions.Read(_comparison.Arms))
            .Select(figure => (figure.Name, figure.Plot));

    public string Page() => ComparisonReport.Render(_comparison, _folder.Manifest, _folder.Path);

    private static CompareFormat Of(OutputFormat format) => format switch
    {
        OutputFormat.Csv => CompareFormat.Csv,
        OutputFormat.Json => CompareFormat.Json,
        OutputFormat.Markdown => CompareFormat.Markdown,
        _ => CompareFormat.Table,
    };
}
