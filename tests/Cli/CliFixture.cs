using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A folder for run folders, empty at first, and what is in it.</summary>
internal sealed class RunsFolder : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public string Path => System.IO.Path.Combine(_temporary.Path, "runs");

    /// <summary>A place beside the run folders for a test's own files.</summary>
    public string Beside(string name) => System.IO.Path.Combine(_temporary.Path, name);

    public IReadOnlyList<RunListing> List() => new RunStore(Path).List();

    public RunRecord OpenOnly() => new RunStore(Path).Open(Assert.Single(List()).Id);

    /// <summary>The smallest run that still measures, with these arguments instead of or on top of its own.</summary>
    public string[] Tiny(params string[] arguments)
    {
        (string Option, string Value)[] own =
        [
            ("--out", Path), ("--memory", "4MiB"), ("--vcpus", "1"), ("--warmup", "20ms"), ("--grace", "0ms"),
            ("--duration", "500ms"), ("--runs", "1"),
            ("--watch", "off"), ("--steady-limit", "0s"),
        ];
        return [.. own.Where(one => !arguments.Contains(one.Option)).SelectMany(one => new[] { one.Option, one.Value }),
            .. arguments];
    }

    /// <summary>A boot after whose first call nothing happens for longer than any test lasts: once warm, there is nothing to
    /// time.</summary>
    public static string TraceOfNothing(string trace)
    {
        File.WriteAllText(trace, "1 100.0 Slot#0 flags=0x0 gpa=0x0 size=0x4000 ret=0\n"
            + "1 9100.0 Slot#0 flags=0x0 gpa=0x0 size=0x0 ret=0\n");
        return trace;
    }

    public void Dispose() => _temporary.Dispose();
}
