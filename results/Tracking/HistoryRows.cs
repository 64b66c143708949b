using System.Text.RegularExpressions;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Results.Tracking;

/// <summary>What a history keeps of a run.</summary>
public static partial class HistoryRows
{
    /// <summary>In the names of an operation's parts, which happen as often as it does: its rate is theirs.</summary>
    private const string Phase = ".phase.";

    private static readonly (double P, Func<SummaryRow, double> Of)[] Quantiles =
        [(0.5, row => row.P50), (0.9, row => row.P90), (0.99, row => row.P99), (0.999, row => row.P999)];

    /// <summary>The kernel of a machine as a point's commit: the one that its release names behind <c>-g</c>, as a kernel built
    /// from a git tree does, else the release, which is the package's version.</summary>
    public static string KernelPoint(MachineFacts machine)
    {
        Match built = CommitInRelease().Match(machine.Kernel);
        return built.Success ? built.Groups[1].Value + built.Groups[2].Value : machine.Kernel;
    }

    [GeneratedRegex("-g([0-9a-f]{7,40})(-dirty)?")]
    private static partial Regex CommitInRelease();

    /// <summary>A row per clean measurement, metric and quantile that has enough samples, and its rate. Measurements of broken
    /// strategies and such as were violated, hung or interrupted have no numbers to remember. The largest sample is left out: it
    /// grows with their number.</summary>
    /// <param name="settingsExcept">Settings that do not change what is measured: <c>runs</c>, <c>seed</c>.</param>
    /// <param name="subject">What varies from point to point. Where it is the kernel, the lab's own commit is a setting.</param>
    public static IReadOnlyList<HistoryRow> Of(RunRecord run, string commit, IReadOnlyCollection<string> settingsExcept,
        ComparedSubject subject = ComparedSubject.Strategy)
    {
        string machine = Fingerprint.Of(run.Manifest.Machine, subject);
        Dictionary<string, string> all = new(run.Manifest.Settings);
        string lab = run.Manifest.GitCommit + (run.Manifest.GitDirty == true ? "+" : "");
        if (subject == ComparedSubject.Kernel) all["lab"] = lab;
        string settings = Fingerprint.Of(all, settingsExcept);
        HashSet<MeasurementKey> clean = run.Manifest.Measurements.Where(one => one is { Verdict: Verdict.Clean, Broken: false })
            .Select(one => one.Key).ToHashSet();
        return [.. run.Summary.Where(row => row.Count > 0 && clean.Contains(row.Key)).SelectMany(Rows)];

        IEnumerable<HistoryRow> Rows(SummaryRow row)
        {
            foreach ((double p, Func<SummaryRow, double> valueOf) in Quantiles)
            {
                if (SampleSizes.Supports(row.Count, p) && double.IsFinite(valueOf(row)))
                {
                    yield return Row(row, p, row.Unit, valueOf(row));
                }
            }
            if (row.RatePerS > 0 && !row.Metric.Contains(Phase, StringComparison.Ordinal))
            {
                yield return Row(row, null, "1/s", row.RatePerS);
            }
        }

        HistoryRow Row(SummaryRow row, double? quantile, string unit, double value) => new()
        {
            Commit = commit, Machine = machine, Settings = settings, Strategy = row.Strategy, Workload = row.Workload,
            Mmu = row.Mmu,
            Metric = row.Metric, Quantile = quantile, Unit = unit, Value = value, TimeUtc = run.Manifest.StartedUtc,
            RunId = run.Manifest.Id,
        };
    }
}
