using System.Runtime.InteropServices;
using Lab.Results;
using Lab.Results.Comparisons;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Comparisons that end early, and how they go on.</summary>
public sealed class CompareResumedTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string[] Tiny(params string[] arguments) => _runs.Tiny(arguments);

    private ComparisonFolder Only() => _runs.Only();

    /// <summary>A run that waits for its turn is stopped, and would wait forever for a parent that is gone.</summary>
    [Fact]
    public void A_killed_comparison_leaves_no_stopped_process_behind()
    {
        using LabProcess lab = LabProcess.Start([.. Tiny("mainline", "workqueue", "--blocks", "20")]);
        lab.AwaitError("[2/20]");
        Assert.True(SpinWait.SpinUntil(() => Children().Any(one => one.State == 'T'), TimeSpan.FromSeconds(60)),
            "no run was ever seen waiting for its turn");
        lab.KillNow();
        lab.End();
        Assert.True(SpinWait.SpinUntil(() => !Children().Any(), TimeSpan.FromSeconds(60)), string.Join(", ", Children()));
    }

    /// <summary>Processes that measure into this test's folder, and the first thread's state; one that is dead and not reaped is
    /// none.</summary>
    private IEnumerable<(string Process, char State)> Children()
    {
        foreach (string process in Directory.EnumerateDirectories("/proc")
            .Where(one => char.IsAsciiDigit(Path.GetFileName(one)[0])))
        {
            (string command, string stat) = ("", "");
            try
            {
                (command, stat) =
                    (File.ReadAllText(Path.Combine(process, "cmdline")), File.ReadAllText(Path.Combine(process, "stat")));
            }
            catch (IOException)
            {
                continue; // gone meanwhile
            }
            if (command.Contains("\0run\0", StringComparison.Ordinal) && command.Contains(_runs.Out, StringComparison.Ordinal))
            {
                yield return (process, stat[stat.LastIndexOf(')') + 2]);
            }
        }
    }

    [Fact]
    public void A_killed_comparison_keeps_its_finished_blocks_and_resumes()
    {
        using (LabProcess lab = LabProcess.Start(Tiny("mainline", "workqueue", "--blocks", "3")))
        {
            lab.AwaitError("[2/3]");
            lab.KillNow();
            lab.End();
        }
        ComparisonFolder killed = Only();
        ComparisonBlock first = Assert.Single(killed.Manifest.Blocks);
        Assert.Equal(RunState.Running, killed.Manifest.State);

        LabExit resumed = LabProcess.Run("compare", "--resume", killed.Path, "--format", "csv");

        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.DoesNotContain("[1/3]", resumed.Error);
        ComparisonManifest whole = Only().Manifest;
        Assert.Equal((RunState.Complete, 3), (whole.State, whole.Blocks.Count));
        Assert.Equal(first.Runs, whole.Blocks[0].Runs);
        Assert.Contains("update,p50,ns,mainline,workqueue,", resumed.Out);
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGTERM)]
    public void An_interrupted_comparison_says_what_is_kept_and_how_to_go_on(PosixSignal signal)
    {
        using LabProcess lab = LabProcess.Start(Tiny("mainline", "workqueue", "--blocks", "20"));
        lab.AwaitError("[2/20]");
        lab.Signal(signal);
        LabExit exit = lab.End();

        Assert.True(exit.Code == 130, exit.Error);
        ComparisonFolder folder = Only();
        Assert.Equal(RunState.Partial, folder.Manifest.State);
        Assert.InRange(folder.Manifest.Blocks.Count, 1, 19);
        Assert.Contains($"{folder.Manifest.Blocks.Count} of 20 blocks are kept; 'dotnet {LabProcess.Program} compare "
            + $"--resume {folder.Path}' measures the rest", exit.Error);
        Assert.Contains("update (decides)", exit.Out);
    }

    [Theory]
    [InlineData("\"schema_version\": 1", "\"schema_version\": 7",
        "schema version 7 is not supported (this program reads up to 1)")]
    [InlineData("\"number\": 1", "\"number\": 3", "block 3 is out of order")]
    [InlineData("\"arm\": 1", "\"arm\": 5", "a block names arm 5, but there are 2")]
    [InlineData("\"blocks\": [", "\"blocks\": oops", "is not JSON from here on")]
    public void A_damaged_comparison_is_refused_with_file_and_reason(string was, string becomes, string complaint)
    {
        ComparisonFolder folder = _runs.Blocks([1e6, 1e6], [1.1e6, 1.1e6]);
        string file = Path.Combine(folder.Path, ComparisonFolder.ManifestFile);
        string text = File.ReadAllText(file);
        int at = text.IndexOf(was, StringComparison.Ordinal);
        File.WriteAllText(file, text[..at] + becomes + text[(at + was.Length)..]);

        BadInputTests.AssertRefusal(LabHere.Run("compare", "--resume", folder.Path), "comparison.json", complaint);
    }

    [Fact]
    public void More_blocks_are_added_to_a_finished_comparison_and_fewer_refused()
    {
        ComparisonFolder two = _runs.Blocks([1e6, 1e6], [1.1e6, 1.1e6]);

        BadInputTests.AssertRefusal(LabHere.Run("compare", "--resume", two.Path, "--blocks", "1"),
            "--blocks 1 is fewer than the 2", "ask for more");
        LabExit lab = LabProcess.Run("compare", "--resume", two.Path, "--blocks", "3");
        Assert.True(lab.Code == 0, lab.Error);
        Assert.Equal(3, Only().Manifest.Blocks.Count);
        Assert.Contains("[3/3]", lab.Error);
    }
}
