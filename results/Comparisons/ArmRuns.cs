using System.Globalization;

namespace Lab.Results.Comparisons;

/// <summary>One repetition of an arm: where its numbers stand, and the block it belongs to (0 outside of blocks).</summary>
public sealed record ArmRun(RunRecord Record, int Repetition, int Block);

/// <summary>The runs of an arm that can be read.</summary>
/// <param name="Problems">Why others were left out, a sentence each: nothing is dropped silently.</param>
public sealed record ArmRuns(string Label, string Strategy, IReadOnlyList<ArmRun> Runs, IReadOnlyList<string> Problems)
{
    private Dictionary<(Scene, string), Dictionary<ArmRun, SummaryRow>>? _rows;

    /// <summary>Its strategy is kept to be caught: its numbers are no result. Runs that were left out say so too.</summary>
    public bool IsBroken { get; private init; }

    /// <summary>It is a floor that no strategy can beat.</summary>
    public bool IsBound { get; private init; }

    /// <summary>Scenes in the order they were first measured.</summary>
    public IReadOnlyList<Scene> Scenes =>
        [.. Runs.SelectMany(run => run.Record.Manifest.Measurements).Where(one => one.Strategy == Strategy)
            .Select(one => one.Scene).Distinct()];

    /// <summary>Latency metrics of a scene, in the order they were first written.</summary>
    public IReadOnlyList<string> MetricsIn(Scene scene) =>
        [.. Rows.Keys.Where(key => key.Item1 == scene).Select(key => key.Item2)];

    /// <summary>The metric in each run that has it.</summary>
    public IReadOnlyDictionary<ArmRun, SummaryRow> Of(Scene scene, string metric) =>
        Rows.TryGetValue((scene, metric), out Dictionary<ArmRun, SummaryRow>? rows) ? rows : [];

    /// <summary>The metric without the samples that were disturbed, in each run that was watched.</summary>
    public IEnumerable<(ArmRun Run, UndisturbedRow Row)> UndisturbedOf(Scene scene, string metric) =>
        Runs.SelectMany(run => run.Record.Undisturbed
            .Where(row => row.Strategy == Strategy && row.Run == run.Repetition && row.Scene == scene && row.Metric == metric)
                .Select(row => (run, row)));

    /// <summary>What contaminates the runs, a sentence each.</summary>
    public IReadOnlyList<string> Contaminations =>
    [
        .. Runs.SelectMany(
            run => run.Record.Manifest.Measurements.Where(one => one.Strategy == Strategy && one.Run == run.Repetition)
            .SelectMany(one => Contamination.Of(run.Record, one).Take(1)).Take(1)
            .Select(why => $"{Path.GetFileName(run.Record.Folder)}: {why}")),
    ];

    private Dictionary<(Scene, string), Dictionary<ArmRun, SummaryRow>> Rows
    {
        get
        {
            if (_rows is not null) return _rows;
            _rows = [];
            foreach (ArmRun run in Runs)
            {
                foreach (SummaryRow row in run.Record.Summary)
                {
                    if (row.Strategy != Strategy || row.Run != run.Repetition || row.Unit != "ns" || row.Count <= 0) continue;
                    if (!_rows.TryGetValue((row.Scene, row.Metric), out Dictionary<ArmRun, SummaryRow>? rows))
                    {
                        _rows.Add((row.Scene, row.Metric), rows = []);
                    }
                    rows[run] = row;
                }
            }

            return _rows;
        }
    }

    /// <summary>Takes the runs of a strategy from run folders.</summary>
    /// <param name="records">Each with the block that it is part of.</param>
    /// <param name="leftOut">Runs that do not count, for what they say of the strategy.</param>
    public static ArmRuns Of(
        string label, string strategy, IEnumerable<(RunRecord Record, int Block)> records, IReadOnlyList<string> problems,
        IReadOnlyList<RunRecord>? leftOut = null)
    {
        List<RunRecord> all = [.. leftOut ?? []];
        List<ArmRun> runs = [];
        List<string> left = [.. problems];
        foreach ((RunRecord record, int block) in records)
        {
            all.Add(record);
            foreach (IGrouping<int, Measurement> repetition in record.Manifest.Measurements.Where(one => one.Strategy == strategy)
                .GroupBy(one => one.Run))
            {
                if (repetition.FirstOrDefault(one => one.Verdict != Verdict.Clean) is { } bad)
                {
                    left.Add(string.Create(CultureInfo.InvariantCulture,
                        $"{record.Folder}: run {bad.Run} of {strategy} is {bad.Verdict.Word()}, not clean; left out"));
                }
                else if (DamagedRow.Find(record, strategy, repetition.Key) is { } damage) left.Add(damage + "; left out");
                else runs.Add(new ArmRun(record, repetition.Key, block));
            }
        }

        return new ArmRuns(label, strategy, runs, left)
        {
            IsBroken = all.Any(record => record.IsBroken(strategy)), IsBound = all.Any(record => record.IsBound(strategy)),
        };
    }
}
