using Lab.Results;

namespace Lab.Tests.Results;

/// <summary>An empty folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("lab-results-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A sample run of two repetitions, written and read back once for all tests of a class.</summary>
public sealed class WrittenSample : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public WrittenSample() => Run = new RunStore(_temporary.Path).Open(SampleRun.WriteTo(_temporary.Path, runs: 2).Path);

    public RunRecord Run { get; }

    public void Dispose() => _temporary.Dispose();
}
