using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Cli.Run;

/// <summary>Keeping runs under a name, for <c>--save-baseline</c> and <c>--baseline</c>.</summary>
internal static class SavedBaseline
{
    /// <summary>Beside the run folders or comparisons: <c>results/baselines</c> for <c>results/runs</c>.</summary>
    public static BaselineStore Beside(string outFolder) =>
        new(Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(outFolder)) ?? "", "baselines"));

    public static void Save(string name, RunFolder folder, string outFolder, LabConsole console)
    {
        if (folder.Manifest.State != RunState.Complete)
        {
            console.Error.WriteLine($"note: the run is not complete, so it is not kept as baseline '{name}'.");
            return;
        }
        Save(name, [folder.Path], Beside(outFolder), console);
    }

    public static void Save(string name, IReadOnlyList<string> folders, BaselineStore store, LabConsole console)
    {
        store.Save(name, folders);
        console.Error.WriteLine(
            $"baseline:   {store.PathOf(name)} ({Plural.Of(folders.Count, "run folder")})");
    }
}
