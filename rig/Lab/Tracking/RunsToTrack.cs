using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Application.Tracking;

/// <summary>A run that may join the history, with the id by which that is to name it: its comparison's in front if it is part of
/// one.</summary>
public sealed record RunToTrack(string Id, RunRecord Record);

/// <summary>Finds what <c>lab track add</c> is given: a run by name or path, a folder of runs, a comparison. What is no result is
/// left out with a note.</summary>
public sealed class RunsToTrack(string runsFolder)
{
    private readonly List<string> _notes = [];

    /// <summary>A sentence for each run left out.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <exception cref="RunNotFoundException">Nothing answers to it.</exception>
    /// <exception cref="RunDamagedException">The one run or comparison it names cannot be read.</exception>
    public IReadOnlyList<RunToTrack> Find(string text)
    {
        if (Path.GetFileName(text) == ComparisonFolder.ManifestFile
            || File.Exists(Path.Combine(text, ComparisonFolder.ManifestFile)))
        {
            return OfComparison(ComparisonFolder.Open(text));
        }
        bool isFolderOfRuns = Directory.Exists(text) && !File.Exists(Path.Combine(text, "manifest.json")) && !IsName(text);
        IReadOnlyList<RunRecord> records;
        if (isFolderOfRuns)
        {
            List<string> problems = [];
            records = ArmReader.FromFolder(text, problems);
            _notes.AddRange(problems);
            if (records.Count == 0 && problems.Count == 0) _notes.Add($"'{text}' holds no run; left out");
        }
        else
        {
            records = [new RunStore(runsFolder).OpenSummary(text)];
        }
        return [.. records.Select(record => new RunToTrack(record.Manifest.Id, record)).Where(IsWhole)];
    }

    /// <summary>The store looks names up before paths.</summary>
    private bool IsName(string text) =>
        !text.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) && Directory.Exists(Path.Combine(runsFolder, text));

    private List<RunToTrack> OfComparison(ComparisonFolder folder)
    {
        ComparisonManifest manifest = folder.Manifest;
        if (manifest.State == RunState.Running && manifest.Process?.IsAlive() == true)
        {
            _notes.Add($"comparison {manifest.Id} is still being measured; left out");
            return [];
        }
        RunStore store = new(folder.Runs);
        List<RunToTrack> found = [];
        foreach (ComparisonBlock block in manifest.Blocks)
        {
            foreach (BlockRun run in block.Runs)
            {
                if (run.Problem is not null || run.Run is null)
                {
                    _notes.Add(
                        $"comparison {manifest.Id}, block {block.Number}: {run.Problem ?? "left no run folder"}; left out");
                    continue;
                }
                try
                {
                    RunToTrack one = new($"{manifest.Id}/{run.Run}", store.OpenSummary(Path.Combine(folder.Runs, run.Run)));
                    if (IsWhole(one)) found.Add(one);
                }
                catch (Exception e) when (e is RunDamagedException or RunNotFoundException)
                {
                    _notes.Add($"{e.Message.TrimEnd('.')}; left out");
                }
            }
        }
        return found;
    }

    private bool IsWhole(RunToTrack run)
    {
        if (run.Record.Manifest.Machine.Emulated == true)
        {
            _notes.Add($"run {run.Id} was measured on an emulated processor, whose times mean nothing; left out");
            return false;
        }
        if (run.Record.State == RunState.Complete) return true;
        string why = run.Record.State == RunState.Running ? "is still being measured"
            : $"is partial ({run.Record.WhyPartial})";
        _notes.Add($"run {run.Id} {why}; left out");
        return false;
    }
}
