using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Tests.Plots;
using Lab.Tests.Results;
using Xunit;

[assembly: AssemblyFixture(typeof(ReportedSamples))]

namespace Lab.Tests.Plots;

/// <summary>A made-up run that was watched and one comparison, read back as a report reads them. They are written when the first
/// test asks for them, and once: nobody changes them.</summary>
public sealed class ReportedSamples : IDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly Lazy<RunRecord> _run;
    private readonly Lazy<ComparisonFolder> _folder;
    private readonly Lazy<ArmComparison> _comparison;

    public ReportedSamples()
    {
        _run = new(WriteRun);
        _folder = new(() => SampleComparison.WriteTo(Path.Combine(_temporary.Path, "comparisons"), blocks: 10));
        _comparison = new(() => SampleComparison.Read(Folder));
    }

    internal RunRecord Run => _run.Value;

    internal ComparisonFolder Folder => _folder.Value;

    internal ArmComparison Comparison => _comparison.Value;

    public void Dispose() => _temporary.Dispose();

    private RunRecord WriteRun()
    {
        RunFolder run = RunFolder.Create(Path.Combine(_temporary.Path, "runs"), SampleRun.Manifest);
        foreach (MeasurementRows rows in new SampleRun().Measurements(runs: 2)) run.Write(WatchedSample.Of(rows));
        run.Complete();
        return new RunStore(_temporary.Path).Open(run.Path);
    }
}
