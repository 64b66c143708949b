namespace Lab.Results.Comparisons;

/// <summary>What the figures of a comparison need beyond its summaries: the histograms of every run, and what disturbed it. Read
/// when a report is asked for, since a comparison of hundreds of runs can do without.</summary>
public sealed class ComparedDistributions
{
    private readonly Dictionary<string, RunRecord> _records = [];
    private readonly Dictionary<string, ILookup<(MeasurementKey Key, string Metric), Bucket>> _buckets = [];

    private ComparedDistributions(IReadOnlyList<string> problems) => Problems = problems;

    /// <summary>A sentence for each run that cannot be read; the figures are drawn without it.</summary>
    public IReadOnlyList<string> Problems { get; }

    public static ComparedDistributions Read(IReadOnlyList<ArmRuns> arms)
    {
        List<string> problems = [];
        ComparedDistributions read = new(problems);
        foreach (string folder in arms.SelectMany(arm => arm.Runs).Select(run => run.Record.Folder).Distinct())
        {
            try
            {
                RunRecord record = new RunStore(Path.GetDirectoryName(folder) ?? "").OpenDistributions(folder);
                read._records.Add(folder, record);
                read._buckets.Add(folder,
                    record.Histograms.ToLookup(row => (row.Key, row.Metric), row => new Bucket(row.Low, row.High, row.Count)));
            }
            catch (Exception e) when (e is RunDamagedException or RunNotFoundException)
            {
                problems.Add(e.Message.ReplaceLineEndings(" ").TrimEnd('.') + "; the figures are without it");
            }
        }

        return read;
    }

    /// <summary>The samples of a metric in one run; empty where there is no histogram of it.</summary>
    public IReadOnlyList<Bucket> HistogramOf(ArmRuns arm, ArmRun run, Scene scene, string metric) =>
        _buckets.TryGetValue(run.Record.Folder, out ILookup<(MeasurementKey Key, string Metric), Bucket>? buckets)
        ? Buckets.Merge(buckets[(KeyOf(arm, run, scene), metric)]) : [];

    /// <summary>What disturbed a run, in all scenes.</summary>
    public IEnumerable<DisturbanceRow> DisturbancesOf(ArmRuns arm, ArmRun run) =>
        _records.TryGetValue(run.Record.Folder, out RunRecord? record)
            ? record.Disturbances.Where(row => row.Strategy == arm.Strategy && row.Run == run.Repetition)
            : [];

    private static MeasurementKey KeyOf(ArmRuns arm, ArmRun run, Scene scene) =>
        new(arm.Strategy, scene.Workload, scene.Mmu, run.Repetition);
}
