using System.Diagnostics;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>Measures the blocks of a comparison that are still missing, and says where it stands.</summary>
/// <param name="folder">Of the comparison.</param>
/// <param name="place">Where its runs happen.</param>
/// <param name="progress">For people: a line per block, and what went wrong.</param>
public sealed class BlockMeasurement(ComparisonFolder folder, IRunPlace place, TextWriter progress)
{
    /// <summary>Failing so often at the beginning, an arm will not do better later.</summary>
    private const int FailuresTolerated = 2;

    private readonly OneBlock _block = new(folder.Manifest, place);

    /// <summary>Returns when all blocks are there, an arm failed too often, or it was interrupted, which is true; finished blocks
    /// are kept in any case.</summary>
    public bool Run(CancellationToken cancellation)
    {
        Stopwatch elapsed = Stopwatch.StartNew();
        int before = folder.Manifest.Blocks.Count;
        for (int number = before + 1; number <= folder.Manifest.BlocksAsked; number++)
        {
            ComparisonBlock? block = Measure(number,
                Left(elapsed.Elapsed, number - 1 - before, folder.Manifest.BlocksAsked - number + 1), cancellation);
            if (block is null)
            {
                folder.Finish();
                return true;
            }
            folder.Add(block);
            foreach (BlockRun failed in block.Runs.Where(run => run.Problem is not null))
            {
                progress.WriteLine($"block {number}: {failed.Problem}");
            }
            if (HopelessArm() is { } hopeless)
            {
                progress.WriteLine($"{hopeless} failed in each of the first {FailuresTolerated} blocks; no more are measured.");
                break;
            }
        }
        folder.Finish();
        return false;
    }

    /// <summary>Null if it was interrupted.</summary>
    private ComparisonBlock? Measure(int number, string left, CancellationToken cancellation)
    {
        progress.WriteLine($"[{number}/{folder.Manifest.BlocksAsked}] "
            + $"{string.Join(", ", _block.OrderOf(number).Select(arm => folder.Manifest.Arms[arm].Label))}{left}");
        return _block.Measure(number, cancellation);
    }

    private string? HopelessArm()
    {
        if (folder.Manifest.Blocks.Count != FailuresTolerated) return null;
        IGrouping<int, BlockRun>? arm = folder.Manifest.Blocks.SelectMany(block => block.Runs).GroupBy(run => run.Arm)
            .FirstOrDefault(runs => runs.All(run => run.Problem is not null));
        return arm is null ? null : folder.Manifest.Arms[arm.Key].Label;
    }

    private static string Left(TimeSpan elapsed, int done, int missing) =>
        done == 0 ? "" : $" ({Quantities.DescribeLeft(elapsed / done * missing)} left)";
}
