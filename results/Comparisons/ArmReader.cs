namespace Lab.Results.Comparisons;

/// <summary>Finds the runs of an arm: in a comparison's blocks, in a run folder, in a folder of run folders.</summary>
public static class ArmReader
{
    /// <summary>The runs of a measured arm, from the finished blocks.</summary>
    public static ArmRuns FromBlocks(ComparisonFolder folder, int arm)
    {
        ComparisonArm asked = folder.Manifest.Arms[arm];
        List<(RunRecord, int)> records = [];
        List<RunRecord> leftOut = [];
        List<string> problems = [];
        RunStore store = new(folder.Runs);
        foreach (ComparisonBlock block in folder.Manifest.Blocks)
        {
            foreach (BlockRun run in block.Runs.Where(run => run.Arm == arm))
            {
                if (run.Problem is { } problem)
                {
                    problems.Add(FormattableString.Invariant($"block {block.Number}: {problem}; left out"));
                    // What it measured is no result; what was measured still says whether the strategy is a broken one.
                    if (run.Run is { } bad && Read(store, System.IO.Path.Combine(folder.Runs, bad), []) is { } one)
                    {
                        leftOut.Add(one);
                    }
                }
                else if (run.Run is { } id && Read(store, System.IO.Path.Combine(folder.Runs, id), problems) is { } record)
                {
                    records.Add((record, block.Number));
                }
            }
        }

        return ArmRuns.Of(asked.Label, asked.Strategy!, records, problems, leftOut);
    }

    /// <summary>Every run below a folder, which may itself be one.</summary>
    /// <param name="problems">Gets a sentence for each that cannot be read; the others load all the same.</param>
    public static IReadOnlyList<RunRecord> FromFolder(string path, List<string> problems)
    {
        RunStore store = new(path);
        if (File.Exists(System.IO.Path.Combine(path, RunJson.ManifestFile)))
        {
            return Read(store, path, problems) is { } one ? [one] : [];
        }
        List<RunRecord> records = [];
        // A folder whose name begins with a dot is one still being copied.
        foreach (string folder in Directory.EnumerateDirectories(path)
            .Where(folder => System.IO.Path.GetFileName(folder)[0] != '.').Order(StringComparer.Ordinal))
        {
            if (Read(store, folder, problems) is { } record) records.Add(record);
        }
        return records;
    }

    /// <summary>Strategies measured in them, in the order they were first measured.</summary>
    public static IReadOnlyList<string> StrategiesIn(IEnumerable<RunRecord> records) =>
        [.. records.SelectMany(record => record.Strategies).Distinct()];

    private static RunRecord? Read(RunStore store, string folder, List<string> problems)
    {
        try
        {
            RunRecord record = store.OpenSummary(folder);
            if (record.Manifest.Measurements.Count > 0) return record;
            problems.Add($"'{folder}': holds no finished measurement; left out");
        }
        catch (Exception e) when (e is RunDamagedException or RunNotFoundException)
        {
            problems.Add($"{e.Message.ReplaceLineEndings(" ").TrimEnd('.')}; left out");
        }

        return null;
    }
}
