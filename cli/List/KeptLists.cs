using System.Globalization;
using Lab.Plots;
using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Cli.List;

/// <summary><c>lab list comparisons</c> and <c>lab list baselines</c>: what there is to resume, add to a history, or compare
/// with.</summary>
internal static class KeptLists
{
    /// <summary>Newest first; one that cannot be read is listed with its problem.</summary>
    public static void PrintComparisons(LabConsole console, string root)
    {
        string[] folders = Directory.Exists(root)
            ? [.. Directory.EnumerateDirectories(root).Where(folder =>
                File.Exists(Path.Combine(folder, ComparisonFolder.ManifestFile))).OrderDescending(StringComparer.Ordinal)]
            : [];
        if (folders.Length == 0) console.Out.WriteLine($"no comparisons in {root}");
        foreach (string folder in folders)
        {
            try
            {
                ComparisonManifest manifest = ComparisonFolder.Open(folder).Manifest;
                string blocks =
                    string.Create(
                    CultureInfo.InvariantCulture, $"{manifest.Blocks.Count} of {Plural.Of(manifest.BlocksAsked, "block")}");
                console.Out.WriteLine(
                    $"{Path.GetFileName(folder)}  {State(manifest)}  {blocks}  {string.Join(" | ", manifest.Arms.Select(arm => arm.Label))}");
            }
            catch (RunDamagedException error)
            {
                console.Out.WriteLine($"{Path.GetFileName(folder)}  unreadable: {error.Message.ReplaceLineEndings(" ")}");
            }
        }
    }

    /// <summary>By name: how many runs of what, where and at which commit.</summary>
    public static void PrintBaselines(LabConsole console, BaselineStore store)
    {
        IReadOnlyList<string> names = store.Names();
        if (names.Count == 0) console.Out.WriteLine($"no baselines in {store.Root}");
        foreach (string name in names)
        {
            List<string> problems = [];
            IReadOnlyList<RunRecord> runs = ArmReader.FromFolder(store.PathOf(name), problems);
            string what = runs.Count == 0 ? "no run that can be read" : string.Join("  ",
            [
                Plural.Of(runs.Count, "run"),
                Each(runs, run => string.Create(CultureInfo.InvariantCulture,
                    $"{run.Machine.Cpu}, {Plural.Of(run.Machine.Cores, "core")}, Linux {run.Machine.Kernel}")),
                Each(runs, run => run.GitCommit is { } commit
                    ? CommitNames.Short(commit) + (run.GitDirty == true ? "+changes" : "") : "commit unknown"),
                string.Join(",", ArmReader.StrategiesIn(runs)),
            ]);
            console.Out.WriteLine($"{name}  {what}");
            foreach (string problem in problems) console.Error.WriteLine($"note: {problem}.");
        }
    }

    private static string State(ComparisonManifest manifest) => manifest.State switch
    {
        RunState.Complete => "complete",
        RunState.Running when manifest.Process?.IsAlive() == true => "running",
        _ => "partial",
    };

    private static string Each(IReadOnlyList<RunRecord> runs, Func<Manifest, string> of) =>
        string.Join("; ", runs.Select(run => of(run.Manifest)).Distinct());
}
