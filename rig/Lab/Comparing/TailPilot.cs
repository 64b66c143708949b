using System.Globalization;
using Lab.Measure;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>Finds out how long a run must be for a quantile of the tail: measures a block that does not count, and reads off how
/// many samples a second brings.</summary>
/// <param name="request">What is compared, and the quantile.</param>
/// <param name="placeOf">Where runs happen whose folders go below a path.</param>
/// <param name="progress">For people.</param>
public sealed class TailPilot(CompareRequest request, Func<string, IRunPlace> placeOf, TextWriter progress)
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    /// <summary>The arms with runs as long as it takes; null if it was interrupted.</summary>
    /// <exception cref="UsageException">An arm cannot be measured, or it takes longer than a run may.</exception>
    public IReadOnlyList<ComparisonArm>? Lengthen(IReadOnlyList<ComparisonArm> arms, double p, CancellationToken cancellation)
    {
        ComparisonArm[] measured = [.. arms.Where(arm => arm.Source == ArmSource.Strategy)];
        if (measured.Length == 0) throw new UsageException(
            $"{CompareSettings.Tail.Option} decides how long runs are measured; name a strategy among the arms.");
        string root = Directory.CreateTempSubdirectory("lab-tail-").FullName;
        try
        {
            progress.WriteLine("a first block, to see how many samples there are:");
            ComparisonFolder folder = ComparisonFolder.Create(root, new ComparisonManifest
            {
                BlocksAsked = 1, Threshold = request.Threshold!.Value, Seed = request.Seed, Turns = request.Turns,
                Arms = measured,
            });
            if (new BlockMeasurement(folder, placeOf(folder.Runs), progress).Run(cancellation)) return null;
            ArmRuns[] runs = [.. measured.Select((_, index) => ArmReader.FromBlocks(folder, index))];
            if (runs.FirstOrDefault(arm => arm.Runs.Count == 0) is { } none) throw new UsageException(
                $"{none.Label} has no run to judge {Name(p)} by: {(none.Problems is [var first, ..] ? first : "it left none")}.");
            string duration = Duration(runs, p);
            return [.. arms.Select(arm => arm.Source == ArmSource.Strategy ? WithDuration(arm, duration) : arm)];
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private string Duration(ArmRuns[] runs, double p)
    {
        ComparedRow[] asked = [.. ArmComparison.Of([runs[0], .. runs], request.Threshold!.Value, request.Gated).Rows
            .Where(row => row.Gated && row.P == p)];
        (ComparedRow Row, double PerSecond) slowest = asked.Select(row => (Row: row, PerSecond: runs
                .SelectMany(arm => arm.Of(row.Scene, row.Metric).Values).Select(one => one.RatePerS).DefaultIfEmpty().Min()))
            .MinBy(one => one.PerSecond);
        if (slowest.Row is null) throw new UsageException($"No metric that decides has a {Name(p)}; name one with --metric.");
        string need = string.Create(CultureInfo.InvariantCulture, $"{slowest.Row.Metric} {Name(p)} needs "
            + $"{SampleSizes.ForQuantile(p):N0} samples per run, and there are {slowest.PerSecond:0.##} a second");
        string duration = SampleSizes.Duration(SampleSizes.ForQuantile(p) / slowest.PerSecond) ?? throw new UsageException(
            $"{need}: a run would take longer than the hour that it may; ask for a lower {CompareSettings.Tail.Option}, or for a "
                + "load that updates more often, such as --memory 1MiB --refill none.");
        progress.WriteLine($"note: {need}: each is measured for --duration {duration}{InAll(duration, runs.Length)}.");
        return duration;
    }

    /// <summary>How long that takes, and from an hour on what takes less.</summary>
    private string InAll(string duration, int arms)
    {
        TimeSpan each = WindowSettings.Declared.Duration.Parse(duration), all = request.Blocks!.Value * arms * each;
        string less = all < Long ? "" : $"; fewer {CompareSettings.Blocks.Option}, a lower {CompareSettings.Tail.Option} or a "
            + "load that updates more often takes less";
        return $", {request.Blocks} blocks of {arms} for {Quantities.DescribeLeft(all)} in all{less}";
    }

    private static ComparisonArm WithDuration(ComparisonArm arm, string duration) => arm with
    {
        Arguments = [.. arm.Arguments.Chunk(2).Where(pair => pair[0] != "--duration").SelectMany(pair => pair),
            "--duration", duration],
    };

    private static string Name(double p) => CompareSettings.Tail.Print(p);
}
