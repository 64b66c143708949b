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

    private readonly int[] _measured =
        [.. folder.Manifest.Arms.Index().Where(arm => arm.Item.Source == ArmSource.Strategy).Select(arm => arm.Index)];

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
        ulong seed = folder.Manifest.Seed + (ulong)(number - 1);
        int[] order = [.. BlockOrder.Of(number, _measured.Length, folder.Manifest.Seed).Select(place => _measured[place])];
        progress.WriteLine($"[{number}/{folder.Manifest.BlocksAsked}] "
            + $"{string.Join(", ", order.Select(arm => folder.Manifest.Arms[arm].Label))}{left}");
        IReadOnlyList<BlockRun>? runs = place.HasTurns && folder.Manifest.Turns is { } turn && order.Length > 1
            ? InTurns(order, seed, turn, cancellation) : OneAfterAnother(order, seed, cancellation);
        return runs is null ? null : new ComparisonBlock { Number = number, Seed = seed, Runs = runs };
    }

    private List<BlockRun>? OneAfterAnother(int[] order, ulong seed, CancellationToken cancellation)
    {
        List<BlockRun> runs = [];
        foreach (int arm in order)
        {
            if (cancellation.IsCancellationRequested) return null;
            using ChildRun child = new(folder.Manifest.Arms[arm], seed);
            child.Start(place, abreast: 1, cancellation);
            if (child.End(arm, cancellation) is not { } run) return null;
            runs.Add(run);
        }
        return runs;
    }

    /// <summary>Each warms up alone and stops; then one at a time goes on for a turn, in the block's order and backwards by
    /// turns, until all have ended. One that does not stop, because its load cannot, has measured in one piece before the next
    /// one starts.</summary>
    private List<BlockRun>? InTurns(int[] order, ulong seed, string turn, CancellationToken cancellation)
    {
        ChildRun[] children = [.. order.Select(arm => new ChildRun(folder.Manifest.Arms[arm], seed, turn))];
        try
        {
            List<ChildRun> waiting = [];
            foreach (ChildRun child in children)
            {
                if (cancellation.IsCancellationRequested) return null;
                child.Start(place, children.Length, cancellation);
                if (child.AwaitStop()) waiting.Add(child);
            }
            while (waiting.Count > 0)
            {
                waiting.RemoveAll(child => !child.TakeTurn());
                waiting.Reverse();
            }
            BlockRun?[] runs = [.. children.Zip(order, (child, arm) => child.End(arm, cancellation))];
            return runs.Contains(null) ? null : [.. runs.OfType<BlockRun>()];
        }
        finally
        {
            foreach (ChildRun child in children) child.Dispose();
        }
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
