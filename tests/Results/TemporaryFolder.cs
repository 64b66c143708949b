namespace Lab.Tests.Results;

/// <summary>An empty folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("lab-results-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
