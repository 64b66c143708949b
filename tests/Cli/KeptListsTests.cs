using Lab.Results.Comparisons;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab list comparisons</c> and <c>lab list baselines</c>.</summary>
public sealed class KeptListsTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private static LabExit List(string kind, string folder) => LabHere.Run("list", kind, "--out", folder);

    [Fact]
    public void Comparisons_are_listed_with_state_blocks_and_arms_and_damaged_ones_with_why()
    {
        Assert.Equal((0, $"no comparisons in {_runs.Out}\n"),
            (List("comparisons", _runs.Out).Code, List("comparisons", _runs.Out).Out));
        ComparisonFolder whole = _runs.Blocks([1e6, 1e6], [1e6, 1e6]);
        ComparisonFolder killed = ComparisonFolder.Create(_runs.Out, whole.Manifest with { BlocksAsked = 9, Blocks = [] });
        killed.Finish();
        Directory.CreateDirectory(Path.Combine(_runs.Out, "odd"));
        File.WriteAllText(Path.Combine(_runs.Out, "odd", ComparisonFolder.ManifestFile), "{");

        string[] lines = List("comparisons", _runs.Out).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.StartsWith("odd  unreadable: ", lines[0]);
        Assert.Contains($"{whole.Manifest.Id}  complete  2 of 2 blocks  mainline | workqueue", lines);
        Assert.Contains($"{killed.Manifest.Id}  partial  0 of 9 blocks  mainline | workqueue", lines);
    }

    [Fact]
    public void Baselines_are_listed_with_runs_machine_commit_and_strategies()
    {
        string runs = _runs.Beside("runs");
        Assert.StartsWith("no baselines in ", List("baselines", runs).Out);
        _runs.Folders("baselines/good", [1e6, 1e6]);
        Directory.CreateDirectory(_runs.Beside("baselines/hollow"));

        LabExit lab = List("baselines", runs);

        Assert.Equal(0, lab.Code);
        Assert.Equal(
            "good  2 runs  Example CPU @ 2.80GHz, 2 cores, Linux 6.18.5  8c71edc0+changes  workqueue\nhollow  no run that "
                + "can be read\n", lab.Out);
    }
}
