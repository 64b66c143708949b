using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Tests.Results;

namespace Lab.Tests.Plots;

/// <summary>A made-up run that was watched and one comparison, read back as a report reads them.</summary>
public sealed class ReportedSamples : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public ReportedSamples()
    {
        var run = RunFolder.Create(Path.Combine(_temporary.Path, "runs"), SampleRun.Manifest);
        foreach (var rows in new SampleRun().Measurements(runs: 2))
            run.Write(WatchedSample.Of(rows));
        run.Complete();
        Run = new RunStore(_temporary.Path).Open(run.Path);
        Folder = SampleComparison.WriteTo(Path.Combine(_temporary.Path, "comparisons"), blocks: 10);
        Comparison = SampleComparison.Read(Folder);
    }

    internal RunRecord Run { get; }

    internal ComparisonFolder Folder { get; }

    internal ArmComparison Comparison { get; }

    public void Dispose() => _temporary.Dispose();
}
